"""The API as a wire format: strict bodies, problems without values, doors called with terms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from tests.fakes.doors import ACCOUNT, CAMERA, REFUSED, TOKEN, FakeDoors
from troth.edges.api.app import create_app

SIGNED_IN = {"authorization": f"Bearer {TOKEN}"}
FORM = {
    "phone": "+8613800138000",
    "password": "correct horse",
    "policy": "sunmi-camera",
    "version": 1,
    "language": "en",
    "text_hash": "a" * 64,
    "agreed": True,
    "birth_date": "1990-01-31",
}


@pytest.fixture
def doors() -> FakeDoors:
    return FakeDoors()


@pytest.fixture
async def http(doors: FakeDoors) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(doors)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://troth.test") as client:
        yield client


async def test_registration_reaches_the_door_as_terms(http: httpx.AsyncClient, doors: FakeDoors) -> None:
    answer = await http.post("/v1/accounts", json=FORM)
    assert answer.status_code == 202
    assert answer.json() == {"account": str(ACCOUNT)}
    (name, arrival) = doors.asked[0]
    assert name == "register"
    assert (arrival.policy, arrival.birth_date.year, arrival.declares_adult) == ("sunmi-camera", 1990, False)
    assert "13800138000" not in repr(arrival)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": "1"},
        {"agreed": 1},
        {"agreed": "true"},
        {"birth_date": 0},
        {"birth_date": "1990-02-30"},
        {"birth_date": "19900130"},
        {"text_hash": "secret-value"},
        {"language": "secret-value"},
        {"phone": 13800138000},
        {"phone": "secret-value\u0000"},
        {"password": ""},
        {"password": "x" * 300},
        {"secret-value": "secret-value"},
    ],
)
async def test_what_is_not_understood_is_refused_without_an_echo(
    http: httpx.AsyncClient, doors: FakeDoors, changed: dict[str, object]
) -> None:
    answer = await http.post("/v1/accounts", json=FORM | changed)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert not doors.asked
    for value in ("secret-value", "13800138000", "correct horse"):
        assert value not in answer.text
    assert all(error["wrong"] for error in answer.json()["errors"])


@pytest.mark.parametrize(
    "body", [b"{", b'{"phone": "\xff"}', b"[]", b'"x"', b"[" * 60_000, b'{"password": "\\ud800"}', b""]
)
async def test_a_body_that_is_not_one_is_a_problem(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post("/v1/accounts", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_over_64_kib_is_too_large(http: httpx.AsyncClient, doors: FakeDoors) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    for content in (b" " * 70_000, chunks()):
        answer = await http.post(
            "/v1/accounts", content=content, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 413
    assert not doors.asked


async def test_a_denial_names_reason_clauses_effect_and_entry(
    http: httpx.AsyncClient, doors: FakeDoors
) -> None:
    doors.denied = REFUSED
    answer = await http.get("/v1/me/footfall?day=2026-03-02", headers=SIGNED_IN)
    assert answer.status_code == 403
    body = answer.json()
    assert body["reason"] == "not_accepted"
    assert body["clauses"] == sorted(REFUSED.because)
    assert body["effect"] == "service_unavailable"
    assert body["entry"] == str(UUID(int=9))


async def test_without_a_token_nobody_is_anyone(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"authorization": "Basic x"}, {"authorization": "Bearer wrong"}):
        answer = await http.get("/v1/me", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_me_and_what_functions_give(http: httpx.AsyncClient) -> None:
    me = (await http.get("/v1/me", headers=SIGNED_IN)).json()
    assert me["functions"]["customer_flow"]["on"] is True
    assert me["functions"]["personalised"]["why"] == "not_chosen"
    assert me["switches"] == {"counting": {str(CAMERA): True}}
    flow = (await http.get("/v1/me/footfall?day=2026-03-02", headers=SIGNED_IN)).json()
    assert flow["hours"] == [{"hour": 9, "in": 4, "out": 1}]
    alerts = (await http.get("/v1/me/alerts?day=2026-03-02", headers=SIGNED_IN)).json()
    assert alerts["alerts"][0]["device"] == str(CAMERA)


@pytest.mark.parametrize("day", ["", "today", "2026-02-30", "20260302"])
async def test_a_day_that_is_none(http: httpx.AsyncClient, day: str) -> None:
    answer = await http.get("/v1/me/footfall", params={"day": day}, headers=SIGNED_IN)
    assert answer.status_code == 422
    assert day == "" or day not in answer.text


async def test_the_copy_is_streamed_line_by_line(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/me/copy", headers=SIGNED_IN)
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert answer.text.splitlines()[-1] == '{"kind":"end","lines":1}'


async def test_health_says_what_is_missing(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "database": True, "broker": False}


async def test_an_unforeseen_error_says_nothing_of_itself(
    http: httpx.AsyncClient, doors: FakeDoors, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_told: object) -> None:
        raise RuntimeError("secret-value")

    doors.me = broken
    answer = await http.get("/v1/me", headers=SIGNED_IN)
    assert answer.status_code == 500
    assert "secret-value" not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


async def test_every_answer_stays_out_of_caches_and_frames(http: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/v1/me", "/nowhere", "/openapi.json"):
        headers = (await http.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (await http.get("/nowhere")).headers["content-type"] == "application/problem+json"
