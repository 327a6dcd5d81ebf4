"""Media through HTTP: in by the person and their device, out whole or by range, never around the gate."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, PASSWORD, PHONE, House, Person, open_house
from troth.subjects.roles import Role
from troth.vault import stream

MIB = 1 << 20
FILM = "/v1/me/functions/cloud/media/cloud_video"
FROM_CAMERA = "/v1/device/functions/cloud/media/cloud_video"
MP4 = {"content-type": "video/mp4"}
DOCUMENT = str(uuid4())


@pytest.fixture
async def house(database: Dsns, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(database, tmp_path) as opened:
        yield opened


@pytest.fixture
async def owner(house: House) -> Person:
    """Someone with a camera and cloud video."""
    return (await filmed(house))[0]


async def filmed(house: House, phone: str = PHONE, camera: dict[str, str] = CAMERA) -> tuple[Person, str]:
    """Return an owner with cloud video, and what their camera proves itself with."""
    owner, maker = await house.owner(phone=phone), await house.staff(Role.MAKER)
    await maker.done("POST", "/v1/maker/devices", {key: camera[key] for key in ("serial", "model", "code")})
    device = await owner.done("POST", "/v1/me/devices", camera)
    await owner.done("POST", "/v1/me/functions/cloud/choose", {"language": "en"})
    serial = {"values": {"device_serial": {"value": camera["serial"]}}}
    await owner.done("PUT", "/v1/me/functions/cloud/items", serial)
    return owner, f"{device['token']}.{device['secret']}"


async def send(house: House, token: str, content: Any, path: str = FILM, /, **headers: str) -> httpx.Response:
    said = MP4 | {"authorization": f"Bearer {token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return await house.http.post(path, content=content, headers=said)


async def stored(house: House, token: str, content: Any, path: str = FILM, /, **headers: str) -> str:
    answer = await send(house, token, content, path, **headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["media"]


async def get(owner: Person, media: str, **headers: str) -> httpx.Response:
    said = {"authorization": f"Bearer {owner.token}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return await owner.house.http.get(f"/v1/me/media/{media}", headers=said)


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def on_disk(folder: Path) -> list[Path]:
    return [file for file in (folder / "media").rglob("*") if file.is_file()]


async def test_a_person_gives_a_film_sees_it_and_deletes_it(house: House, owner: Person, tmp_path: Path):
    film = os.urandom(9 * MIB + 7)
    media = await stored(house, owner.token, pieces(film[:MIB], film[MIB:]))
    seen = await get(owner, media)
    assert (seen.status_code, seen.content) == (200, film)
    assert seen.headers["content-type"] == "video/mp4"
    assert seen.headers["content-length"] == str(len(film))
    assert seen.headers["accept-ranges"] == "bytes"
    assert seen.headers["cache-control"] == "no-store"
    assert seen.headers["x-content-type-options"] == "nosniff"
    listed = (await owner.done("GET", "/v1/me/media"))["media"]
    assert listed == [
        {"media": media, "function": "cloud", "item": "cloud_video", "day": "2026-03-02", "bytes": len(film)}
    ]
    assert all(film[:64] not in file.read_bytes() for file in on_disk(tmp_path))
    await owner.done("DELETE", f"/v1/me/media/{media}")
    assert (await get(owner, media)).status_code == 404
    assert (await owner.done("GET", "/v1/me/media"))["media"] == []
    assert await house.troth.sweep_media() == 1
    assert on_disk(tmp_path) == []


async def test_a_camera_sends_and_its_owner_sees(house: House):
    owner, camera = await filmed(house)
    house.clock.advance(minutes=10)
    media = await stored(house, camera, b"a film", FROM_CAMERA, troth_measured="2026-03-02T04:09:00+00:00")
    assert (await get(owner, media)).content == b"a film"
    other = camera[:-1] + ("1" if camera.endswith("0") else "0")
    for wrong in ("", owner.token, other, camera.partition(".")[0] + ".", "x.y"):
        answer = await send(house, wrong, b"a film", FROM_CAMERA)
        assert (answer.status_code, answer.json()["reason"]) == (401, "not_this_device"), wrong
    (device,) = (await owner.done("GET", "/v1/me"))["devices"]
    await owner.done("DELETE", f"/v1/me/devices/{device['device']}")
    assert (await send(house, camera, b"a film", FROM_CAMERA)).status_code == 401
    assert (await get(owner, media)).content == b"a film"


SIZE = stream.SEGMENT + stream.CHUNK + 5
C, S = stream.CHUNK, stream.SEGMENT


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        (f"bytes={C - 1}-{C}", C - 1, C + 1),
        (f"bytes={C}-{C}", C, C + 1),
        (f"bytes={C - 1}-{C - 1}", C - 1, C),
        (f"bytes={S - 1}-{S}", S - 1, S + 1),
        (f"bytes={S}-{SIZE * 2}", S, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        (f"bytes=-{SIZE * 3}", 0, SIZE),
    ],
)
async def test_a_range_is_exactly_what_was_asked_for(
    house: House, owner: Person, asked: str, first: int, end: int
):
    film = os.urandom(SIZE)
    seen = await get(owner, await stored(house, owner.token, film), range=asked)
    assert (seen.status_code, seen.content) == (206, film[first:end])
    assert seen.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert seen.headers["content-length"] == str(end - first)


async def test_what_is_no_range_is_ignored_and_what_is_outside_is_said(house: House, owner: Person):
    media = await stored(house, owner.token, b"0123456789")
    whole = await get(owner, media)
    for asked in (
        "bytes=5-2",
        "bytes=0-1,4-5",
        "items=0-1",
        "bytes=a-b",
        "bytes=-",
        "",
        "bytes=" + "9" * 400,
    ):
        answer = await get(owner, media, range=asked)
        assert (answer.status_code, answer.content) == (200, b"0123456789"), asked
    for asked in ("bytes=10-", "bytes=99-100", "bytes=-0"):
        answer = await get(owner, media, range=asked)
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10"), asked
    same = await get(owner, media, range="bytes=2-3", if_range=whole.headers["etag"])
    assert (same.status_code, same.content) == (206, b"23")
    for other in ('"another"', "Mon, 02 Mar 2026 04:00:00 GMT", f"W/{whole.headers['etag']}"):
        assert (await get(owner, media, range="bytes=2-3", if_range=other)).status_code == 200
    empty = await stored(house, owner.token, b"")
    assert ((await get(owner, empty)).status_code, (await get(owner, empty)).content) == (200, b"")
    assert (await get(owner, empty, range="bytes=0-")).status_code == 416


async def test_anothers_object_answers_as_one_that_does_not_exist(house: House, owner: Person):
    media = await stored(house, owner.token, b"mine")
    other = await house.owner(phone="+8613800138001")
    answers = [(await get(other, one)) for one in (media, str(uuid4()))]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    gone = [await other.ask("DELETE", f"/v1/me/media/{one}") for one in (media, str(uuid4()))]
    assert [one.status_code for one in gone] == [404, 404]
    assert gone[0].content == gone[1].content
    assert (await get(owner, media)).content == b"mine"
    assert (await owner.done("GET", "/v1/me/media"))["media"] != []
    assert (await other.done("GET", "/v1/me/media"))["media"] == []


async def test_nobody_signed_in_sees_nothing(house: House, owner: Person):
    media = await stored(house, owner.token, b"mine")
    nobody = Person(house, "", "nobody", "")
    assert (await get(nobody, media)).status_code == 401
    assert (await send(house, "nobody", b"x")).status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/v1/me/media/..%2F..%2Fkeyring%2Fkek%2F1.key",
        "/v1/me/media/../../keyring/kek/1.key",
        "/v1/me/media/00000000-0000-0000-0000-000000000000%00",
        "/v1/me/media/{}/00000000",
    ],
)
async def test_an_id_is_an_id_and_no_path(house: House, owner: Person, path: str):
    media = await stored(house, owner.token, b"mine")
    answer = await owner.ask("GET", path.format(media))
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "case",
    [
        ("/v1/me/functions/cloud/media/line_crossing", "video/mp4", "item_undeclared"),
        ("/v1/me/functions/cloud/media/device_serial", "video/mp4", "item_malformed"),  # not of media
        (FILM, "text/html", "item_malformed"),
        (FILM, "", "item_malformed"),
        ("/v1/me/functions/no_such/media/cloud_video", "video/mp4", "unknown_function"),
    ],
)
async def test_what_no_clause_takes_is_refused_before_a_byte_is_stored(
    house: House, owner: Person, tmp_path: Path, case: tuple[str, str, str]
):
    (path, kind, reason), read = case, 0

    async def content() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(30):
            read += 1
            yield b"x" * MIB

    answer = await send(house, owner.token, content(), path, content_type=kind)
    assert answer.status_code == 403, answer.text
    assert answer.json()["reason"] == reason
    assert (on_disk(tmp_path), read) == ([], 0)


async def test_who_did_not_choose_the_function_is_refused(house: House):
    stranger = await house.owner()
    answer = await send(house, stranger.token, b"x")
    assert (answer.status_code, answer.json()["reason"]) == (403, "not_chosen")


async def test_what_was_made_before_it_was_allowed_is_refused(house: House, owner: Person):
    answer = await send(house, owner.token, b"x", troth_measured="2025-12-31T23:59:00+08:00")
    assert answer.status_code == 403
    ahead = await send(house, owner.token, b"x", troth_measured="2026-03-02T05:00:00+00:00")
    assert ahead.json()["reason"] == "measured_in_future"
    wrong = await send(house, owner.token, b"x", troth_measured="yesterday")
    assert wrong.status_code == 422
    assert "yesterday" not in wrong.text


async def test_too_much_is_refused_when_it_is_announced_and_when_it_comes(
    house: House, owner: Person, tmp_path: Path
):
    house.troth._system.media.largest = 9 * MIB
    answer = await send(house, owner.token, bytes(9 * MIB + 1))
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    assert on_disk(tmp_path) == []

    async def endless() -> AsyncIterator[bytes]:  # without a length: chunked
        while True:
            yield bytes(MIB)

    answer = await send(house, owner.token, endless())
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_large")
    assert await house.troth.sweep_media() == 1
    assert on_disk(tmp_path) == []
    assert (await owner.done("GET", "/v1/me/media"))["media"] == []


async def test_what_one_person_has_together_is_limited(house: House, owner: Person, tmp_path: Path):
    house.troth._system.media.quota = 5 * MIB
    first = await stored(house, owner.token, bytes(3 * MIB))
    announced = await send(house, owner.token, bytes(3 * MIB))
    assert (announced.status_code, announced.json()["reason"]) == (413, "no_room")
    assert "delete some of it" in announced.json()["detail"]

    chunked = await send(house, owner.token, pieces(*[bytes(MIB)] * 3))
    assert (chunked.status_code, chunked.json()["reason"]) == (413, "no_room")
    while await house.troth.sweep_media():
        pass
    assert len(on_disk(tmp_path)) == 1
    other, _ = await filmed(house, "+8613800138001", CAMERA | {"serial": "SS-0002"})
    await stored(house, other.token, bytes(5 * MIB))  # somebody else's room is theirs
    assert (await send(house, other.token, b"")).json()["reason"] == "no_room"
    await owner.done("DELETE", f"/v1/me/media/{first}")
    await stored(house, owner.token, bytes(5 * MIB))


async def test_media_is_on_file_from_the_first_object_to_the_last(
    house: House, owner: Person, database: Dsns
):
    async def on_file() -> bool:
        return "cloud_video" in (await owner.done("GET", "/v1/me/records"))["functions"]["cloud"]

    def evidence(kind: str) -> int:
        query = "SELECT count(*) FROM ledger_entry WHERE kind = %s AND convert_from(body, 'UTF8') LIKE %s"
        with psycopg.connect(database.owner) as conn:
            return conn.execute(query, (kind, "%cloud_video%")).fetchall()[0][0]

    assert not await on_file()
    first, second = [await stored(house, owner.token, b"film") for _ in range(2)]
    assert await on_file()
    assert (
        await owner.ask("GET", "/v1/me/functions/cloud/items/cloud_video")
    ).status_code == 404  # no document
    await owner.done("DELETE", f"/v1/me/media/{first}")
    assert await on_file()
    await owner.done("DELETE", f"/v1/me/media/{second}")
    assert not await on_file()
    assert (evidence("supplied"), evidence("removed")) == (1, 1)
    third = await stored(house, owner.token, b"film")
    await owner.done("DELETE", "/v1/me/functions/cloud/items/cloud_video")  # all of it
    assert (await get(owner, third)).status_code == 404
    assert not await on_file()
    assert (evidence("supplied"), evidence("removed")) == (2, 2)


async def test_an_upload_that_breaks_off_leaves_nothing(house: House, owner: Person, tmp_path: Path):
    sent = iter(
        [{"type": "http.request", "body": bytes(33 * MIB), "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(sent)

    async def ignore(_message: Any) -> None:
        pass

    headers = [(b"authorization", f"Bearer {owner.token}".encode()), (b"content-type", b"video/mp4")]
    scope = {
        "type": "http", "method": "POST", "path": FILM, "raw_path": FILM.encode(), "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("troth.test", 80),
        "client": ("192.0.2.1", 1), "root_path": "",
    }  # fmt: skip
    await house.http._transport.app(scope, receive, ignore)
    assert on_disk(tmp_path) != []  # what had come was on its way
    assert (await owner.done("GET", "/v1/me/media"))["media"] == []
    assert await house.troth.sweep_media() == 1
    assert on_disk(tmp_path) == []


async def test_what_is_taken_back_during_the_upload_is_not_stored(
    house: House, owner: Person, tmp_path: Path
):
    async def content() -> AsyncIterator[bytes]:
        yield bytes(9 * MIB)
        await owner.done("POST", "/v1/me/functions/cloud/withdraw", {})
        yield b"the rest"

    answer = await send(house, owner.token, content())
    assert (answer.status_code, answer.json()["reason"]) == (403, "withdrawn")
    await house.troth.sweep_media()
    assert on_disk(tmp_path) == []


async def test_so_many_at_once_and_no_more(house: House, owner: Person):
    async def content(left: int) -> AsyncIterator[bytes]:
        yield b"x"
        answers.append(await send(house, owner.token, content(left - 1) if left else b"x"))
        yield b"y"

    answers: list[httpx.Response] = []
    answers.append(await send(house, owner.token, content(8)))
    assert sorted(one.status_code for one in answers) == [201] * 8 + [429]


async def test_a_thumbnail_goes_with_what_it_shows(house: House, owner: Person):
    film = await stored(house, owner.token, b"film")
    still = await stored(house, owner.token, b"still", f"{FILM}?of={film}", content_type="image/jpeg")
    assert (await get(owner, still)).headers["content-type"] == "image/jpeg"
    other = await send(house, owner.token, b"still", f"{FILM}?of={uuid4()}", content_type="image/jpeg")
    assert (other.status_code, other.json()["reason"]) == (404, "nothing_on_file")
    await owner.done("DELETE", f"/v1/me/media/{film}")
    assert (await get(owner, still)).status_code == 404


def _asked(owner: Person, **more: object) -> dict[str, Any]:
    asked = {"subject": owner.account, "function": "cloud", "purpose": "serve_agreed_video"}
    return asked | {"items": ["cloud_video"], "verb": "use"} | more


def _entries(database: Dsns, kind: str) -> list[dict[str, Any]]:
    with psycopg.connect(database.owner) as conn:
        rows = conn.execute("SELECT body FROM ledger_entry WHERE kind = %s", (kind,)).fetchall()
    return [json.loads(bytes(row[0])) for row in rows]


async def test_the_maker_sees_no_film_without_a_ground_and_each_opening_is_on_record(
    house: House, owner: Person, database: Dsns
):
    media = await stored(house, owner.token, b"a film")
    ground = {"reference": {"ground": "legal_order", "document": DOCUMENT}}
    for role in (Role.SUPPORT, Role.SERVICE):
        someone = await house.staff(role)
        path = f"/v1/service/media/{media}"
        refused = await someone.ask("POST", path, _asked(owner))
        assert (refused.status_code, refused.json()["reason"]) == (403, "closed_to_controller")
        listing = {key: value for key, value in _asked(owner).items() if key != "verb"}
        assert (await someone.ask("POST", "/v1/service/media", listing)).status_code == 403
        before = len(_entries(database, "decision"))
        listed = await someone.done("POST", "/v1/service/media", listing | ground)
        assert [one["media"] for one in listed["media"]] == [media]
        opened = await someone.ask("POST", path, _asked(owner, **ground))
        assert (opened.status_code, opened.content) == (200, b"a film")
        for wrong in (_asked(owner, **ground, purpose="access_video"), _asked(owner, **ground, items=["x"])):
            assert (await someone.ask("POST", path, wrong)).status_code == 403
        assert (
            await someone.ask("POST", f"/v1/service/media/{uuid4()}", _asked(owner, **ground))
        ).status_code == 404
        assert len(_entries(database, "decision")) == before + 2
    assert len(_entries(database, "staff_read")) == 1
    assert len(_entries(database, "denied")) >= 4
    maker = await house.staff(Role.MAKER)
    assert (await maker.ask("POST", f"/v1/service/media/{media}", _asked(owner, **ground))).status_code == 403


async def test_a_withdrawn_functions_media_go_when_its_time_is_over(
    house: House, owner: Person, tmp_path: Path
):
    media = await stored(house, owner.token, b"a film")
    await owner.done("POST", "/v1/me/functions/cloud/withdraw", {})
    assert (await send(house, owner.token, b"x")).status_code == 403
    assert (await get(owner, media)).content == b"a film"  # still theirs to see, until it goes
    house.clock.advance(days=400)
    await house.troth.retain()
    assert (await owner_again(house, owner, media)).status_code == 404
    await house.troth.sweep_media()
    assert on_disk(tmp_path) == []


async def owner_again(house: House, owner: Person, media: str) -> httpx.Response:
    """Sign in again, since a session does not last for ever, and look."""

    made = await house.http.post("/v1/sessions", json={"login": PHONE, "password": PASSWORD})
    return await get(Person(house, owner.account, made.json()["token"], ""), media)


async def test_the_copy_brings_every_object_byte_by_byte(house: House, owner: Person):
    film, still = os.urandom(9 * MIB + 11), b"still"
    media = await stored(house, owner.token, film)
    other = await stored(house, owner.token, still, content_type="image/jpeg")
    lines = [json.loads(line) for line in (await owner.ask("GET", "/v1/me/copy")).text.splitlines()]
    told = {line["id"]: line for line in lines if line["kind"] == "media"}
    assert {one: (line["bytes"], line["value"]["type"]) for one, line in told.items()} == {
        media: (len(film), "video/mp4"),
        other: (len(still), "image/jpeg"),
    }
    for one, content in ((media, film), (other, still)):
        parts = [line for line in lines if line["kind"] == "bytes" and line["of"] == one]
        assert b"".join(base64.b64decode(part["base64"]) for part in parts) == content
        assert max(len(part["base64"]) for part in parts) <= MIB
    assert lines[-1]["of_each"]["media"] == 2


async def test_who_is_erased_has_no_media_left(house: House, owner: Person, tmp_path: Path):
    media = await stored(house, owner.token, b"a film")
    offer = await owner.done("POST", "/v1/me/cancel", {})
    await owner.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
    assert (await get(owner, media)).status_code == 401
    assert await house.troth.sweep_media() == 1
    assert on_disk(tmp_path) == []
