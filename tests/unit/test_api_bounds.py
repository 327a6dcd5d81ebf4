"""Before any route: what comes too often or packed is refused; every answer is dressed for where it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.fakes.doors import FakeDoors
from troth.edges.api.app import create_app
from troth.edges.api.bounds import ONE_ADDRESS, ONE_CALLER, Bounds
from troth.edges.api.headers import Headers
from troth.edges.web.app import create_pages


class Counted:
    """An application that answers everybody, behind the bounds, at a moment that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 4, tzinfo=UTC)
        self.app = Headers(Bounds(self._answer, lambda: self.now))

    @staticmethod
    async def _answer(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def ask(
        self, path: str = "/v1/me", address: str = "198.51.100.7", **headers: str
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://troth.test") as http:
            return await http.get(path, headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.fixture
def counted() -> Counted:
    return Counted()


async def test_one_address_is_held_and_no_other(counted: Counted):
    for _ in range(ONE_ADDRESS.tries):
        assert (await counted.ask()).status_code == 204
    held = await counted.ask()
    assert held.status_code == 429
    assert held.json()["reason"] == "too_many_requests"
    assert 0 < int(held.headers["retry-after"]) <= 60
    assert (await counted.ask(address="198.51.100.8")).status_code == 204
    assert (await counted.ask("/v1/service/collect")).status_code == 204  # a program of the maker's
    counted.now += timedelta(seconds=61)
    assert (await counted.ask()).status_code == 204


async def test_one_token_is_held_wherever_it_comes_from(counted: Counted, monkeypatch):
    monkeypatch.setattr("troth.edges.api.bounds.ONE_CALLER", ONE_CALLER.__class__(3, ONE_CALLER.window))
    for at in range(3):
        assert (await counted.ask(address=f"198.51.100.{at}", authorization="Bearer a")).status_code == 204
    assert (await counted.ask(address="127.0.0.1", authorization="Bearer a")).status_code == 429
    assert (await counted.ask("/v1/service/use", authorization="Bearer a")).status_code == 429
    assert (await counted.ask(authorization="Bearer b")).status_code == 204
    assert "198.51" not in repr(vars(counted.app._app))
    assert "Bearer" not in repr(vars(counted.app._app))


@pytest.mark.parametrize("packed", ["gzip", "deflate", "br", "identity, gzip", "zstd"])
async def test_nothing_is_unpacked(counted: Counted, packed: str):
    assert (await counted.ask(content_encoding=packed)).status_code == 415
    assert (await counted.ask(content_encoding="identity")).status_code == 204


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_answers_are_dressed_for_data_and_for_pages_and_over_tls_told_to_stay(scheme: str):
    app = create_app(FakeDoors())
    app.mount("/", create_pages(FakeDoors()))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"{scheme}://troth.test"
    ) as http:
        data, page = (await http.get("/v1/me")).headers, (await http.get("/")).headers
        local = (await http.get("/", headers={"host": "localhost:8000"})).headers
        secure = "secure" in (await http.get("/?lang=zh")).headers["set-cookie"].lower()
    for headers in (data, page):
        for name in ("permissions-policy", "cross-origin-opener-policy", "referrer-policy"):
            assert headers[name]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert ("strict-transport-security" in headers) == (scheme == "https")
    assert "sandbox" in data["content-security-policy"]
    assert "form-action 'self'" in page["content-security-policy"]
    assert "strict-transport-security" not in local  # it would hold for every program on that machine
    assert secure == (scheme == "https")
