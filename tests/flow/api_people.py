"""People and letters for the flow tests of the API: a running facade, a client, someone registered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import Dsns
from tests.fakes.letters import KeptInMemory
from troth.app.settings import Settings
from troth.app.wiring import Troth
from troth.edges.api.app import create_app
from troth.edges.web.app import create_pages
from troth.subjects.roles import Role

POLICY = "sunmi-camera"
PHONE = "+8613800138000"
PASSWORD = "a long enough password 77"
SHOP = {
    "store_name": "Lantern Teahouse",
    "store_address": "1 Example Road, Shanghai",
    "business_hours": {"opens": "09:00", "closes": "21:00"},
}
CAMERA = {
    "serial": "SS-0001",
    "code": "7741-2280",
    "model": "SUNMI SS-10",
    "mac": "02:00:5e:00:53:01",
    "ip": "192.0.2.7",
}


@dataclass
class MovingClock:
    """A clock that a test moves."""

    at: datetime = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class House:
    """A system, its API, its letters and its clock."""

    troth: Troth
    http: httpx.AsyncClient
    clock: MovingClock
    letters: KeptInMemory = field(default_factory=KeptInMemory)

    async def code(self) -> str:
        """Have the letters carried and return the last code."""
        await self.troth.deliver(self.letters)
        found = [re.search(r"\b(\d{6})\b", letter.text) for letter in self.letters.carried]
        return [code[1] for code in found if code][-1]

    async def form(self, **changed: object) -> dict[str, Any]:
        policy = changed.get("policy", POLICY)
        shown = (await self.http.get(f"/v1/policies/{policy}?language=en")).json()
        form = {
            "phone": PHONE,
            "password": PASSWORD,
            "policy": POLICY,
            "version": shown["version"],
            "language": "en",
            "text_hash": shown["text_hash"],
            "agreed": True,
            "declares_adult": True,
        }
        return {key: value for key, value in (form | changed).items() if value is not None}

    async def owner(self, **changed: object) -> Person:
        """Register and verify someone."""
        made = await self.http.post("/v1/accounts", json=await self.form(**changed))
        assert made.status_code == 202, made.text
        account = made.json()["account"]
        verified = await self.http.post(f"/v1/accounts/{account}/verify", json={"code": await self.code()})
        assert verified.status_code == 200, verified.text
        return Person(self, account, verified.json()["token"], verified.json()["receipt"])

    async def staff(self, role: Role) -> Person:
        hired = await self.troth.hire(role)
        return Person(self, str(hired.staff.id), hired.token, "")


@dataclass
class Person:
    """Someone with a token."""

    house: House
    account: str
    token: str
    receipt: str

    async def ask(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.house.http.request(method, path, json=body, headers=headers)

    async def done(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@asynccontextmanager
async def open_house(database: Dsns, folder: Path, **more: str) -> AsyncIterator[House]:
    """Open a system on ``database`` with its keyring in ``folder``; ``more`` are further settings."""
    settings = Settings.from_environ({"TROTH_DATA": str(folder), **database.environ, **more})
    clock = MovingClock()
    async with Troth.open(settings, clock) as troth:
        app = create_app(troth)
        app.mount("/", create_pages(troth))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://troth.test") as http:
            yield House(troth, http, clock)
