"""Every door is listed here as personal or not; a new one fails until it is.

Each personal door is tried under a policy that forbids everything: it must refuse, and the refusal must be on
record or counted. Doors of one's own will (withdraw, sign out) must work under any policy; they are tried
without a session instead.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
import typer

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, PASSWORD, PHONE, POLICY, SHOP, House, Person, open_house
from troth.app.wiring import Troth
from troth.devices.batch import Batch
from troth.edges.api.app import create_app
from troth.edges.devices import topics
from troth.edges.web.app import create_pages
from troth.edges.web.visit import SESSION
from troth.main import commands as program
from troth.policy.clauses import NeverAboutClause
from troth.subjects.roles import Role
from troth.terms import ClauseId, FunctionName, ItemName, PolicyName, Reading, SubjectId
from troth.terms import Role as SubjectRole

EMAIL = "owner@example.org"
OF_ACCOUNT = re.compile(r"/items|/details/")
TILL = re.compile(r"/(till|flags|shop)\b")


class Kind(Enum):
    PERSONAL = "handles data of a person: refused under a policy that forbids everything"
    WILL = "a person's own will, or their proof of being one: refused without a session, code or line"
    PUBLIC = "about no person"
    MAKER = "about the maker's own things: refused to anyone else"


P, W, U, M = Kind.PERSONAL, Kind.WILL, Kind.PUBLIC, Kind.MAKER

ROUTES = {
    "GET /openapi.json": U,
    "GET /healthz": U,
    "GET /v1/policies": U,
    "GET /v1/policies/{name}": U,
    "GET /v1/ledger/head": U,
    "GET /v1/ledger/key": U,
    "GET /v1/keys": U,
    "POST /v1/accounts": P,
    "POST /v1/accounts/{account}/verify": W,
    "POST /v1/sessions": P,
    "POST /v1/sessions/code": W,
    "POST /v1/sessions/by-code": W,
    "POST /v1/sessions/new-password": W,
    "GET /v1/me/sessions": W,
    "DELETE /v1/me/sessions/{session}": W,
    "PUT /v1/me/password": W,
    "DELETE /v1/sessions/current": W,
    "DELETE /v1/sessions": W,
    "POST /v1/farewell": W,
    "GET /v1/me": P,
    "POST /v1/me/functions/{function}/choose": W,
    "POST /v1/me/functions/{function}/withdraw": W,
    "PUT /v1/me/switches/{switch}": W,
    "POST /v1/me/devices": P,
    "PUT /v1/me/devices/{device}": P,
    "DELETE /v1/me/devices/{device}": P,
    "PUT /v1/me/store": P,
    "GET /v1/me/records": W,
    "PUT /v1/me/functions/{function}/items": P,
    "GET /v1/me/media": P,
    "POST /v1/me/functions/{function}/media/{item}": P,
    "GET /v1/me/media/{media}": P,
    "DELETE /v1/me/media/{media}": P,
    "POST /v1/device/functions/{function}/media/{item}": P,
    "POST /v1/service/media": P,
    "POST /v1/service/media/{media}": P,
    "GET /v1/me/functions/{function}/items/{item}": P,
    "DELETE /v1/me/functions/{function}/items/{item}": P,
    "GET /v1/me/functions/{function}/readings": P,
    "PUT /v1/me/functions/{function}/readings/{reading}": P,
    "DELETE /v1/me/functions/{function}/readings/{reading}": P,
    "PUT /v1/me/functions/{function}/needs/{need}": W,
    "POST /v1/service/collect": P,
    "POST /v1/service/happened": P,
    "POST /v1/service/use": P,
    "POST /v1/service/share": P,
    "POST /v1/service/disclose": P,
    "GET /v1/me/footfall": P,
    "GET /v1/me/alerts": P,
    "GET /v1/me/visits": P,
    "GET /v1/me/functions/{function}/till": P,
    "GET /v1/me/functions/{function}/flags": P,
    "PUT /v1/me/functions/{function}/flags/{flag}": P,
    "GET /v1/me/openings": P,
    "GET /v1/me/copy": P,
    "GET /v1/me/receipts": P,
    "POST /v1/me/cancel": P,
    "POST /v1/me/cancel/confirm": P,
    "GET /v1/me/requests": P,
    "POST /v1/me/requests": P,
    "POST /v1/me/requests/{request}/more": P,
    "POST /v1/me/requests/{request}/agree": W,
    "POST /v1/me/requests/{request}/withdraw": W,
    "POST /v1/staff/look": P,
    "GET /v1/staff/requests": M,
    "POST /v1/staff/requests": P,
    "GET /v1/staff/requests/{request}": P,
    "POST /v1/staff/requests/{request}/proof": M,
    "POST /v1/staff/requests/{request}/ask": P,
    "POST /v1/staff/requests/{request}/checked": M,
    "POST /v1/staff/requests/{request}/quote": M,
    "POST /v1/staff/requests/{request}/meet": P,
    "POST /v1/staff/requests/{request}/refuse": P,
    "POST /v1/staff/erasures/{erasure}/acknowledged": M,
    "GET /v1/notices": U,
    "GET /v1/me/notices": P,
    "PUT /v1/me/notices/{matter}/seen": W,
    "POST /v1/staff/endings": M,
    "GET /v1/staff/breaches": M,
    "POST /v1/staff/breaches": M,
    "GET /v1/staff/breaches/{matter}": M,
    "PUT /v1/staff/breaches/{matter}/notice": M,
    "POST /v1/staff/breaches/{matter}/contained": M,
    "POST /v1/staff/breaches/{matter}/tell": M,
    "GET /v1/staff/breaches/{matter}/report": M,
    "POST /v1/staff/breaches/{matter}/reported": M,
    "POST /v1/staff/breaches/{matter}/close": M,
    "POST /v1/staff/minors": P,
    "POST /v1/staff/guardians": M,
    "POST /v1/staff/guardians/no-longer": M,
    "POST /v1/staff/share": P,
    "POST /v1/staff/disclose": P,
    "GET /v1/me/given": P,
    "GET /v1/me/receivers": P,
    "POST /v1/me/functions/{function}/delete": P,
    "PUT /v1/me/receivers/{receiver}": W,
    "PUT /v1/me/permissions/{permission}": W,
    "GET /v1/me/kept": P,
    "GET /v1/me/outdated": P,
    "GET /v1/staff/orders": M,
    "POST /v1/staff/orders": M,
    "POST /v1/staff/orders/{document}/prolong": M,
    "POST /v1/staff/orders/{document}/end": M,
    "GET /v1/staff/receivers": M,
    "PUT /v1/staff/receivers/{policy}/{receiver}": M,
    "DELETE /v1/staff/receivers/{policy}/{receiver}": M,
    "PUT /v1/staff/receivers/{policy}/{receiver}/papers/{fact}": M,
    "DELETE /v1/staff/receivers/{policy}/{receiver}/papers/{fact}": M,
    "POST /v1/me/policies/{name}/accept": W,
    "POST /v1/me/policies/{name}/continue": W,
    "POST /v1/maker/devices": M,
    "GET /": P,
    "POST /sign-in": P,
    "GET /sign-in/code": U,
    "POST /sign-in/code": W,
    "POST /sign-in/by-code": W,
    "GET /reset": U,
    "POST /reset/code": W,
    "POST /reset": W,
    "GET /privacy/password": P,
    "POST /privacy/password": P,
    "POST /sign-out": W,
    "GET /policy": U,
    "GET /farewell": U,
    "POST /farewell": W,
    "GET /notices": U,
    "POST /privacy/notices/{matter}": W,
    "GET /policy/{name}/versions": U,
    "GET /policy/{name}/changes/{version}": U,
    "GET /privacy": P,
    "POST /privacy/accept": P,
    "POST /privacy/sign-out-everywhere": W,
    "GET /privacy/sessions": W,
    "POST /privacy/sessions/{session}/end": W,
    "POST /privacy/receivers/{receiver}": W,
    "GET /privacy/uses": P,
    "GET /privacy/shop": P,
    "GET /privacy/shop/{function}": P,
    "POST /privacy/shop/{function}/flags/{flag}": P,
    "POST /privacy/devices/{device}/give-up": P,
    "POST /privacy/delete/{function}": P,
    "GET /privacy/collected": P,
    "GET /privacy/collected/{policy}/{function}/{day}": P,
    "GET /privacy/collected/{policy}/{function}/{day}/{reading}": P,
    "POST /privacy/collected/{policy}/{function}/{day}/{reading}": P,
    "POST /privacy/collected/{policy}/{function}/{day}/{reading}/delete": P,
    "POST /privacy/needs/{function}/{need}": W,
    "GET /privacy/store": P,
    "POST /privacy/store": P,
    "GET /privacy/devices/add": P,
    "POST /privacy/devices/add": P,
    "GET /privacy/devices/{device}": P,
    "POST /privacy/devices/{device}": P,
    "GET /privacy/films": P,
    "GET /privacy/films/{media}": P,
    "GET /privacy/films/{media}/bytes": P,
    "POST /privacy/films/{media}/delete": P,
    "GET /privacy/given": P,
    "GET /privacy/details": P,
    "GET /privacy/details/{function}/{item}": P,
    "POST /privacy/details/{function}/{item}": P,
    "POST /privacy/details/{function}/{item}/delete": P,
    "GET /privacy/copy": P,
    "GET /privacy/requests": P,
    "POST /privacy/requests": P,
    "POST /privacy/requests/{number}/{step}": P,
    "GET /privacy/receipts/{entry}": P,
    "POST /privacy/functions/{function}": W,
    "POST /privacy/switches/{switch}": W,
    "POST /privacy/copy": P,
    "GET /privacy/receipts": P,
    "GET /privacy/cancel": P,
    "POST /privacy/cancel": P,
    "POST /privacy/cancel/take-back": W,
    "GET /static/{name}": U,
    "GET /desk": U,
    "POST /desk": W,
    "GET /desk/join": U,
    "POST /desk/join": W,
    "POST /desk/leave": M,
    "GET /desk/requests": M,
    "GET /desk/requests/new": M,
    "POST /desk/requests/new": M,
    "GET /desk/requests/{number}": M,
    "POST /desk/requests/{number}/{step}": M,
    "GET /desk/look": M,
    "POST /desk/look": M,
    "GET /desk/system": M,
    "GET /desk/incidents": M,
    "GET /desk/incidents/new": M,
    "POST /desk/incidents": M,
    "GET /desk/incidents/{matter}": M,
    "GET /desk/incidents/{matter}/report": M,
    "POST /desk/incidents/{matter}/{step}": M,
    "GET /desk/receivers": M,
    "GET /desk/receivers/new": M,
    "POST /desk/receivers": M,
    "POST /desk/receivers/{policy}/{receiver}/paper": M,
    "POST /desk/receivers/acknowledged": M,
    "POST /desk/receivers/{policy}/{receiver}/end": M,
    "GET /desk/orders": M,
    "POST /desk/orders": M,
    "POST /desk/orders/{document}/{step}": M,
    "GET /desk/films": M,
    "POST /desk/films": M,
    "GET /desk/staff": M,
    "POST /desk/staff/invite": M,
    "POST /desk/staff/{colleague}/dismiss": M,
}
COMMANDS = {
    "serve": U,
    "demo": U,
    "prove": U,
    "backup": M,
    "restore": M,
    "check": U,
    "promises": U,
    "explain": U,
    "diff": U,
    "render": U,
    "ropa": U,
    "import": P,
    "policy show": U,
    "policy list": U,
    "ledger verify": U,
    "ledger key": U,
    "ledger export": U,
    "ledger rotate": M,
    "receipt verify": U,
    "staff add": M,
    "staff invite": M,
    "breach declare": M,
    "breach list": M,
    "breach write": M,
    "breach contain": M,
    "breach tell": M,
    "breach report": M,
    "breach reported": M,
    "breach close": M,
    "keys rotate": M,
    "secrets list": U,
    "secrets rotate": M,
    "doctor": M,
    "request inbox": M,
    "request enter": P,
    "request read": P,
    "request prove": M,
    "request ask": P,
    "request meet": P,
    "request refuse": P,
    "request minor": P,
}
TOPICS = {
    "up.{token}.{function}": P,
    "down.{token}.ack": U,
    "down.{token}.cmd": U,
    "troth.changed.{subject}": U,
}
METHODS = {
    **dict.fromkeys(("passkey_to_make", "passkey_to_show"), U),
    **dict.fromkeys(("join_staff", "enter_desk", "leave_desk"), W),
    **dict.fromkeys(
        ("first_invitation", "invite_staff", "invite_colleague", "at_desk", "colleagues", "demand_invited"), M
    ),
    **dict.fromkeys(("dismiss", "overview", "staff_purposes", "at_hand"), M),
    **dict.fromkeys(("handed_on", "told_to_delete", "closed_items", "register_form"), M),
    **dict.fromkeys(("orders", "kept_on_order", "place_order", "prolong_order", "end_order"), M),
    **dict.fromkeys(("kept_by_law", "outdated"), P),
    **dict.fromkeys(("look_up", "look_for_request", "closed_ask"), P),
    **dict.fromkeys(
        ("health", "policies", "notice", "ledger_head", "ledger_key", "open", "settings"),
        U,
    ),
    **dict.fromkeys(("export_ledger", "ledger_keys", "today", "titles"), U),
    **dict.fromkeys(("register", "sign_in", "me", "bind", "unbind", "link_store", "footfall", "alerts"), P),
    **dict.fromkeys(("copy", "receipts", "cancel", "confirm_cancel", "look", "deliver"), P),
    **dict.fromkeys(
        (
            "verify",
            "sign_in_by_code",
            "ask_code",
            "set_password",
            "reset_password",
            "sign_out",
            "sign_out_everywhere",
            "signed_in",
            "sign_out_there",
            "choose",
            "withdraw",
            "switch",
        ),
        W,
    ),
    **dict.fromkeys(("farewell", "held", "state_need", "accept", "go_on"), W),
    "found_minor": P,
    "vouch": M,
    "guardian_withdraws": M,
    "alarm": P,
    **dict.fromkeys(
        ("upload_media", "upload_from_device", "held_media", "read_media", "forget_media", "films"), P
    ),
    **dict.fromkeys(("media_of", "hand_out_media"), P),
    **dict.fromkeys(("give", "show", "take_back", "take_in", "happened", "hand_out"), P),
    **dict.fromkeys(("hand_out_by_staff", "given", "receivers_of_mine", "openings", "link_device"), P),
    **dict.fromkeys(("visits", "till", "flags", "review"), P),
    **dict.fromkeys(
        ("details", "collected", "readings", "may_receive", "rights", "delete_part", "leaving"), P
    ),
    **dict.fromkeys(("correct_reading", "delete_reading"), P),
    **dict.fromkeys(("versions", "what_changed"), U),
    "allow_receiver": W,
    "permit": W,
    **dict.fromkeys(("receivers", "register_receiver", "end_receiver", "file_paper", "end_paper"), M),
    **dict.fromkeys(("requests", "request", "tell_more", "enter_request", "read_request", "ask_more"), P),
    **dict.fromkeys(("meet_request", "refuse_request", "take_effect"), P),
    **dict.fromkeys(("revoke_request", "agree_to_fee"), W),
    **dict.fromkeys(("inbox", "prove_request", "check_request", "quote_request", "acknowledge", "late"), M),
    **dict.fromkeys(("stock", "sequence", "tell", "erase", "turn_epoch", "purge", "tidy"), M),
    **dict.fromkeys(("declare_breach", "breaches", "breach", "write_breach", "contain_breach"), M),
    **dict.fromkeys(("tell_breach", "report_breach", "file_breach", "close_breach", "end_function"), M),
    **dict.fromkeys(("announcements", "version"), U),
    **dict.fromkeys(("notices", "notify"), P),
    **dict.fromkeys(("see_notice",), W),
    **dict.fromkeys(("retain", "rekey", "sweep_media"), M),
    **dict.fromkeys(
        ("verify_ledger", "rotate_keys", "rotate_ledger_key", "hire", "end_sessions", "renew_staff"), M
    ),
    "import_people": P,
    "import_lines": M,
}


def _routes(app: Any) -> Iterator[str]:
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner)
        elif getattr(route, "methods", None):
            yield from (f"{method} {route.path}" for method in route.methods - {"HEAD"})


def _commands(app: typer.Typer) -> Iterator[str]:
    def walk(command: Any, names: tuple[str, ...]) -> Iterator[str]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield " ".join(names)
            return
        for name, one in inner.items():
            yield from walk(one, (*names, name))

    return walk(typer.main.get_command(app), ())


def test_every_door_is_listed():
    assert {*_routes(create_app(None)), *_routes(create_pages(None))} == set(ROUTES)
    assert set(_commands(program.app)) == set(COMMANDS)
    named = [*topics.may_publish("{token}", ["{function}"]), *topics.may_hear("{token}")]
    assert {*named, topics.changed("{subject}")} == set(TOPICS)
    assert {name for name in dir(Troth) if not name.startswith("_")} == set(METHODS)


@dataclass
class Closed:
    """A house whose policy has come to forbid everything, with someone in it from before."""

    house: House
    owner: Person
    staff: Person
    device: dict[str, str]
    database: Dsns
    service: Person | None = None
    request: str = str(uuid4())

    def camera(self) -> Person:
        """Return the owner's device, as it proves itself over HTTP."""
        return Person(self.house, "", f"{self.device['token']}.{self.device['secret']}", "")

    def refusals(self) -> int:
        with psycopg.connect(self.database.owner) as conn:
            written = conn.execute("SELECT count(*) FROM ledger_entry WHERE kind = 'denied'").fetchone()
            counted = conn.execute("SELECT sum(n) FROM decision_count WHERE outcome = 'deny'").fetchone()
        return written[0] + (counted[0] or 0)


@pytest.fixture
async def closed(database: Dsns, tmp_path: Path) -> AsyncIterator[Closed]:
    async with open_house(database, tmp_path) as house:
        owner = await house.owner(email=EMAIL)
        service = await house.staff(Role.SERVICE)
        maker, staff = await house.staff(Role.MAKER), await house.staff(Role.SUPPORT)
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
        await maker.done("POST", "/v1/maker/devices", shelf | {"serial": "SS-0002"})
        device = await owner.done("POST", "/v1/me/devices", CAMERA)
        await owner.done("POST", "/v1/me/functions/customer_flow/choose", {"language": "en"})
        asked = {"right": "access", "text": "what do you hold?"}
        request = (await owner.done("POST", "/v1/me/requests", asked))["request"]
        _forbid_everything(house)
        yield Closed(house, owner, staff, device, database, service, request)


def _forbid_everything(house: House) -> None:
    versions = house.troth._system.policies[PolicyName(POLICY)]
    compiled = versions[1]
    some = next(iter(compiled.clauses.values()))
    tables = {
        name: replace(
            table,
            never_about={
                SubjectRole.HOLDER: NeverAboutClause(
                    id=ClauseId(f"{POLICY}/functions/{name}/never_about/holder"),
                    at=some.at,
                    function=name,
                    role=SubjectRole.HOLDER,
                )
            },
        )
        for name, table in compiled.functions.items()
    }
    versions[1] = replace(compiled, functions=tables)


def _fill(path: str, closed: Closed, function: str = "customer_flow") -> str:
    daily = ("footfall", "alerts", "visits", "/till", "/flags", "/readings")
    day = "?day=2026-03-02" if path.endswith(daily) else ""
    usual = "cashier_audit" if TILL.search(path) else function
    filled = path.format(
        name=POLICY,
        account=closed.owner.account,
        function="register" if OF_ACCOUNT.search(path) else usual,
        flag=str(uuid4()),
        reading=str(uuid4()),
        session=str(uuid4()),
        item="email_address",
        need="camera",
        switch="customer_flow",
        device=closed.device["device"],
        request=closed.request,
        erasure=str(uuid4()),
        matter=str(uuid4()),
        media=str(uuid4()),
        policy=POLICY,
        receiver="nobody",
        permission="camera",
        fact="agreement",
        document=uuid4(),
        number=closed.request,
        step="more",
        entry=uuid4(),
        day="2026-03-02",
    )
    return filled + day


async def _body(door: str, closed: Closed) -> object:
    asked = {"subject": closed.owner.account, "function": "register", "purpose": "sign_in"}
    email = {"values": {"email_address": {"value": EMAIL}}}
    bodies: dict[str, object] = {
        "PUT /v1/me/functions/{function}/items": email,
        "PUT /v1/me/functions/{function}/readings/{reading}": {"value": {"zone": "door"}},
        "PUT /v1/me/functions/{function}/needs/{need}": {"met": True},
        "POST /v1/service/collect": asked | {"values": {"email_address": {"value": EMAIL}}},
        "POST /v1/service/happened": asked
        | {"item": "email_address", "record": str(uuid4()), "event": "order_completed"},
        "POST /v1/service/use": asked | {"items": ["email_address"]},
        "POST /v1/service/media": asked | {"items": ["cloud_video"]},
        "POST /v1/service/media/{media}": asked | {"items": ["cloud_video"], "verb": "share"},
        "POST /v1/service/share": asked | {"items": ["email_address"], "recipient": "competent_authority"},
        "POST /v1/service/disclose": asked | {"items": ["email_address"]},
        "POST /v1/accounts": await closed.house.form(phone="+8613800138001"),
        "POST /v1/accounts/{account}/verify": {"code": "000000"},
        "POST /v1/sessions": {"login": PHONE, "password": PASSWORD},
        "POST /v1/sessions/code": {"login": PHONE},
        "POST /v1/sessions/by-code": {"login": PHONE, "code": "000000"},
        "POST /v1/sessions/new-password": {"login": PHONE, "code": "000000", "password": PASSWORD},
        "PUT /v1/me/password": {"password": PASSWORD},
        "POST /v1/farewell": {"farewell": "nobody"},
        "POST /v1/me/functions/{function}/choose": {"language": "en"},
        "PUT /v1/me/switches/{switch}": {"on": False},
        "POST /v1/me/devices": CAMERA | {"serial": "SS-0002"},
        "PUT /v1/me/devices/{device}": {key: value for key, value in CAMERA.items() if key != "code"},
        "PUT /v1/me/functions/{function}/flags/{flag}": {"day": "2026-03-02", "verdict": "cleared"},
        "PUT /v1/me/store": SHOP,
        "POST /v1/me/cancel/confirm": {"confirm": "nobody"},
        "POST /v1/maker/devices": {"serial": "SS-0003", "model": "SS-10", "code": "1234-5678"},
        "POST /v1/me/requests": {"right": "access", "text": "what do you hold?"},
        "POST /v1/me/requests/{request}/more": {"text": "more"},
        "POST /v1/staff/requests": {"contact": PHONE, "right": "access", "channel": "phone"},
        "POST /v1/staff/requests/{request}/proof": {"proofs": ["identity"]},
        "POST /v1/staff/requests/{request}/ask": {"text": "which of your shops?"},
        "POST /v1/staff/requests/{request}/quote": {"fee": 100},
        "POST /v1/staff/requests/{request}/refuse": {"ground": "malice", "facts": "none"},
        "POST /v1/staff/erasures/{erasure}/acknowledged": {"recipient": "agent"},
        "POST /v1/staff/endings": {"policy": POLICY, "at": "2099-01-01T00:00:00Z"},
        "POST /v1/staff/breaches": {"policy": POLICY},
        "PUT /v1/staff/breaches/{matter}/notice": {"part": "measures", "language": "en", "text": "none"},
        "POST /v1/staff/breaches/{matter}/contained": {"document": str(uuid4())},
        "POST /v1/staff/breaches/{matter}/reported": {"document": str(uuid4())},
        "POST /v1/staff/minors": {"contact": PHONE, "warned": True},
        "POST /v1/staff/guardians": {
            "contact": PHONE,
            "policy": POLICY,
            "version": 1,
            "language": "en",
            "text_hash": "a" * 64,
            "born": "2020-03-03",
        },
        "POST /v1/staff/guardians/no-longer": {"contact": PHONE},
        "POST /v1/me/policies/{name}/accept": {"version": 1, "language": "en", "text_hash": "a" * 64},
        "POST /v1/me/policies/{name}/continue": {"version": 1, "language": "en", "text_hash": "a" * 64},
        "POST /v1/staff/share": asked | {"items": ["email_address"], "recipient": "competent_authority"},
        "POST /v1/staff/disclose": asked | {"items": ["email_address"]},
        "PUT /v1/me/permissions/{permission}": {"met": True},
        "PUT /v1/me/receivers/{receiver}": {"purpose": "service", "allowed": True},
        "POST /v1/staff/orders": {
            "contact": PHONE,
            "function": "register",
            "document": str(uuid4()),
            "until": "2027-01-01T00:00:00Z",
        },
        "POST /v1/staff/orders/{document}/prolong": {
            "subject": str(uuid4()),
            "until": "2027-01-01T00:00:00Z",
        },
        "POST /v1/staff/orders/{document}/end": {"subject": str(uuid4())},
        "PUT /v1/staff/receivers/{policy}/{receiver}": {
            "kind": "partner",
            "purpose": "service",
            "items": ["email_address"],
        },
        "PUT /v1/staff/receivers/{policy}/{receiver}/papers/{fact}": {"document": str(uuid4())},
        "POST /v1/staff/look": asked | {"items": ["phone_number"]},
    }
    return bodies.get(door, {} if door.startswith("POST") else None)


_PERSONAL = [door for door, kind in ROUTES.items() if kind is P and "/v1/" in door]
_WILL = [door for door, kind in ROUTES.items() if kind in (W, M) and "/v1/" in door]


@pytest.mark.parametrize("door", _PERSONAL)
async def test_a_personal_route_refuses_and_that_is_on_record(closed: Closed, door: str) -> None:
    method, path = door.split(" ")
    before = closed.refusals()
    who = closed.staff if "/staff/" in path else closed.service if "/service/" in path else closed.owner
    who = closed.camera() if "/device/" in path else who
    answer = await who.ask(method, _fill(path, closed), await _body(door, closed))
    assert answer.status_code in (401, 403), f"{door}: {answer.status_code} {answer.text}"
    assert closed.refusals() > before
    for value in (PHONE, EMAIL, CAMERA["serial"], CAMERA["mac"], SHOP["store_name"]):
        assert value not in answer.text


@pytest.mark.parametrize("door", _WILL)
async def test_without_proof_of_who_one_is_a_route_refuses_and_that_is_counted(
    closed: Closed, door: str
) -> None:
    method, path = door.split(" ")
    before = closed.refusals()
    nobody = Person(closed.house, "", "nobody", "")
    answer = await nobody.ask(method, _fill(path, closed), await _body(door, closed))
    if door == "DELETE /v1/sessions/current":  # to sign out twice is harmless
        assert answer.status_code == 204
        return
    if door == "POST /v1/sessions/code":  # everyone hears the same; test_import sees that nothing is sent
        assert answer.status_code == 202
        return
    assert answer.status_code in (401, 403, 404), f"{door}: {answer.status_code} {answer.text}"
    assert closed.refusals() > before


async def test_what_a_person_takes_back_works_under_any_policy(closed: Closed) -> None:
    await closed.owner.done("POST", "/v1/me/functions/customer_flow/withdraw", {})
    await closed.owner.done("PUT", "/v1/me/switches/customer_flow", {"on": False})
    await closed.owner.done("DELETE", "/v1/sessions")


_PAGES = [door for door, kind in ROUTES.items() if kind in (P, W) and "/v1/" not in door]


async def test_a_page_refuses_as_the_door_behind_it_does(closed: Closed) -> None:
    for door in _PAGES:
        await _refuses(closed, door)


async def _refuses(closed: Closed, door: str) -> None:
    method, path = door.split(" ")
    async with httpx.AsyncClient(
        transport=closed.house.http._transport, base_url="http://troth.test"
    ) as browser:
        csrf = re.search(r'name="csrf" value="(\w+)"', (await browser.get("/")).text)
        assert csrf
        if ROUTES[door] is P and door != "POST /sign-in":
            browser.cookies.set(SESSION, closed.owner.token)
            page = (await browser.get("/policy")).text
            csrf = re.search(r'name="csrf" value="(\w+)"', page)
            assert csrf
        else:
            browser.cookies.set(SESSION, "")
        form = {"csrf": csrf[1], "login": PHONE, "password": PASSWORD, "farewell": "x", "understood": "yes"}
        form |= {"code": "000000", "new": "another long password 78"}
        form |= {
            "request": closed.request,
            "text": "more",
            "right": "access",
            "agreed": "yes",
            "version": "1",
            "verdict": "cleared",
            "day": "2026-03-02",
        }
        form |= {"store_name": "a", "store_address": "b", "opens": "09:00", "closes": "21:00"}
        if path.endswith("/add"):
            form = (
                {"csrf": csrf[1]}
                | CAMERA
                | {"kind": "camera", "serial": "SS-0002", "mac": "02:00:5e:00:53:02"}
            )
        if path.endswith(("code", "reset")):  # what was typed in is shown again, to whoever typed it
            form["login"] = "nobody@example.org"
        before = closed.refusals()
        if method == "GET":
            answer = await browser.get(_fill(path, closed))
        else:
            answer = await browser.post(_fill(path, closed), data=form)
    if door == "POST /sign-out":
        assert answer.headers["location"] == "/"
        return
    if door in ("POST /sign-in/code", "POST /reset/code"):  # everyone hears the same
        assert answer.status_code == 200
        return
    signed_out = answer.status_code == 303 and answer.headers["location"] == "/"
    assert signed_out or answer.status_code in (401, 403, 404), f"{door}: {answer.status_code}"
    assert closed.refusals() > before, door
    for value in (PHONE, CAMERA["serial"], CAMERA["mac"]):
        assert value not in answer.text, door


async def test_a_reading_is_refused_and_counted(closed: Closed) -> None:
    at = closed.house.clock.now() - timedelta(seconds=1)
    reading = Reading(uuid4(), ItemName("line_crossing"), at, {"direction": "in"})
    before = closed.refusals()
    ack = await closed.house.troth.door.ingest(
        closed.device["token"], FunctionName("customer_flow"), Batch(uuid4(), (reading,))
    )
    assert (ack.stored, ack.denied) == (0, 1)
    assert closed.refusals() > before


async def test_a_letter_is_not_carried_and_that_is_on_record(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        await house.http.post("/v1/accounts", json=await house.form())
        _forbid_everything(house)
        closed = Closed(house, None, None, {}, database)
        before = closed.refusals()
        assert await house.troth.deliver(house.letters) == 0
        assert not house.letters.carried
        assert closed.refusals() > before


_CALLS: dict[str, Callable[[Troth], Awaitable[object]]] = {
    "verify": lambda troth: troth.verify(SubjectId(uuid4()), "000000"),
    "sign_in": lambda troth: troth.sign_in("nobody", "nothing"),
}


@pytest.mark.parametrize("call", _CALLS)
async def test_strangers_are_counted_only(database: Dsns, tmp_path: Path, call: str) -> None:
    async with open_house(database, tmp_path) as house:
        closed = Closed(house, None, None, {}, database)
        entries = _entries(database)
        before = closed.refusals()
        with pytest.raises(Exception, match=r"."):
            await _CALLS[call](house.troth)
        assert closed.refusals() > before
        assert _entries(database) == entries


def _entries(database: Dsns) -> int:
    with psycopg.connect(database.owner) as conn:
        return conn.execute("SELECT count(*) FROM ledger_entry").fetchone()[0]
