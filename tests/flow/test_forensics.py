"""What a thief of a running system's disk finds: nothing that came in through any door, well or badly formed.

Each door gets a value of its own, which no file may hold in any form: not the database, its log, the stream,
the objects of media, the keyring, the tail, any log, any temporary file, or a backup. With sealing put out of
action the same scan finds all that is kept, in the tables, in the write-ahead log and in the backup, and film
in the folder of media: the control. The vault's own doors are tried in `test_vault_forensics.py`.
"""

import asyncio
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from uuid import uuid4

import aiomqtt
import httpx
import pytest

from troth.app.backup.take import take
from troth.main.demo import Wishes, staged
from troth.prove.scan import scan
from troth.prove.story import opening
from troth.prove.story.business import CUSTOMER_FLOW, STORE_GUARD
from troth.prove.story.day import LINE_CROSSING, MOTION
from troth.prove.story.person import Person
from troth.terms import ItemName, Reading

PATIENCE_S = 60
MARKS = ("phone", "email", "store_name", "store_address", "serial", "mac", "ip")
"""What the owner of every stage gives."""
REFUSED = range(400, 500)
SYSTEM, BACKUP, KEYS, TEMPORARY = "system", "backup", "keys", "temporary"
"""The folders that are looked through."""
STEM = "mk" + uuid4().hex[:16].translate(str.maketrans("0123456789", "ghijklmnop")) + "q"
"""How every value begins that a test of this run plants, but for those that must look like a number."""
REPLACED = frozenset({"store_name", "store_address", "wrong"})
"""What another value takes the place of."""
_numbers = count(1)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """What steers a test run is no setting of the system; what is temporary is looked through too."""
    for name in [name for name in os.environ if name.startswith("TROTH_")]:
        monkeypatch.delenv(name)
    (tmp_path / TEMPORARY).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / TEMPORARY))


def marker():
    """Return a text that is nowhere else, short and plain enough for every field."""
    return f"{STEM}{next(_numbers):04d}"


@asynccontextmanager
async def system(folder, *without):
    async def none():
        return frozenset()

    wishes = Wishes(data=folder)
    async with staged(wishes, "system", without=without, workers=1, say=lambda _what: None, control=none) as (
        stage,
        _running,
    ):
        await opening.settle(stage)
        yield stage


async def kept(stage):
    """Plant through every door that keeps what it is given; return what was planted, by door."""
    planted = {name: getattr(stage.marks, name) for name in MARKS}
    told = {
        name: marker() for name in ("reading", "request", "more", "entered", "answer", "refusal", "service")
    }
    async with stage.camera() as camera:
        await camera.let_in()
        one = Reading(uuid4(), MOTION, stage.levers.now(), {"zone": told["reading"]})
        (heard,) = await camera.acked([await camera.send(STORE_GUARD, [one])], within_s=PATIENCE_S)
        assert heard.figures["stored"] == 1, heard
    desk = Person(stage.base_url)
    status, said = await stage.levers.command("staff", "add", "--role", "privacy")
    assert status == 0, said
    desk.token = said.split()[-1]
    made = (
        await stage.owner.ask("POST", "/v1/me/requests", {"right": "access", "text": told["request"]})
    ).require()
    path = f"/v1/staff/requests/{made['request']}"
    (await desk.ask("POST", f"{path}/ask", {"text": "which camera?"})).require()
    (
        await stage.owner.ask("POST", f"/v1/me/requests/{made['request']}/more", {"text": told["more"]})
    ).require()
    (await desk.ask("POST", f"{path}/meet", {"text": told["answer"]})).require()
    entering = {"contact": stage.marks.phone, "right": "access", "channel": "phone", "text": told["entered"]}
    entered = (await desk.ask("POST", "/v1/staff/requests", entering)).require()
    refusing = {"ground": "security", "facts": told["refusal"]}
    (await desk.ask("POST", f"/v1/staff/requests/{entered['request']}/refuse", refusing)).require()
    service = Person(stage.base_url)
    status, said = await stage.levers.command("staff", "add", "--role", "service")
    service.token = said.split()[-1]
    handed = {
        "subject": stage.account,
        "function": "customer_flow",
        "purpose": "associate_cameras_with_store",
        "values": {"store_name": {"text": told["service"]}},
    }
    shown = (await stage.owner.ask("GET", "/v1/me/functions/customer_flow/items/store_name")).require()
    field = next(iter(shown["value"]))
    handed["values"] = {"store_name": {field: told["service"]}}
    (await service.ask("POST", "/v1/service/collect", handed)).require()
    await corrected(stage, told)
    await filmed(stage, told)
    return planted | told


async def corrected(stage, told):
    """Have a value on file, and then another in its place."""
    path = "/v1/me/functions/customer_flow/items"
    (field,) = (await stage.owner.ask("GET", f"{path}/store_address")).require()["value"]
    for name in ("wrong", "right"):
        told[name] = marker()
        values = {"values": {"store_address": {field: told[name]}}}
        (await stage.owner.ask("PUT", path, values)).require()


async def filmed(stage, told):
    """Have film come in: whole from the person, and broken off."""
    ask = stage.owner.ask
    (await ask("POST", "/v1/me/functions/cloud/choose", {"language": "en"})).require()
    values = {"values": {"device_serial": {"value": stage.marks.serial}}}
    (await ask("PUT", "/v1/me/functions/cloud/items", values)).require()
    told["film"] = marker()
    said = {"authorization": f"Bearer {stage.owner.token}", "content-type": "video/mp4"}
    path = "/v1/me/functions/cloud/media/cloud_video"
    async with httpx.AsyncClient(base_url=stage.base_url, trust_env=False, timeout=30) as http:
        answer = await http.post(path, content=told["film"].encode() * 5000, headers=said)
        assert answer.status_code == httpx.codes.CREATED, answer.text
        copy = await http.get("/v1/me/copy", headers=said)  # what goes out leaves nothing behind
        assert told["right"] in copy.text


async def backed_up(stage, folder):
    settings = replace(stage.levers.system.settings, owner_dsn=stage.evidence.dsn)
    await take(settings, folder / BACKUP, folder / KEYS, stage.levers.now(), lambda *_what: None)


async def refused(stage):
    """Plant through every door, badly formed or where nothing belongs; return what was planted."""
    planted = {}

    def plant(name):
        return planted.setdefault(name, marker())

    async with httpx.AsyncClient(base_url=stage.base_url, trust_env=False, timeout=30) as http:
        routes = (await http.get("/openapi.json")).json()["paths"]
        for path, methods in routes.items():
            for method in methods:
                await _badly(http, stage, method.upper(), path, plant)
        for path in ("/", "/sign-in", "/farewell", "/privacy/copy", "/privacy/cancel"):
            form = {"login": plant(f"form {path}"), "password": plant(f"form password {path}")}
            await http.post(path, data=form, headers={"origin": stage.base_url})
            await http.post(
                path, files={"file": (plant(f"file name {path}"), plant(f"file {path}").encode() * 9000)}
            )
        await http.get(f"/{plant('no such path')}", params={plant("query name"): plant("query")})
        for name in ("user-agent", "x-forwarded-for", "referer", "cookie", "x-request-id", "authorization"):
            await http.get("/v1/me", headers={name: f"Bearer {plant(name)}"})
    sign_in = {"login": plant("unknown login"), "password": plant("wrong password")}
    assert (await Person(stage.base_url).ask("POST", "/v1/sessions", sign_in)).status in REFUSED
    look = {
        "subject": stage.account,
        "function": plant("function"),
        "items": [plant("item")],
        "purpose": plant("purpose"),
        "reference": {"ground": plant("ground"), "document": plant("document")},
    }
    assert (await stage.staff.ask("POST", "/v1/staff/look", look)).status in REFUSED
    look |= {"reference": {"ground": planted["ground"], "document": str(uuid4())}}
    assert (await stage.staff.ask("POST", "/v1/staff/look", look)).status in REFUSED
    await _badly_over_mqtt(stage, plant)
    return planted


async def _badly(http, stage, method, path, plant):
    """Ask one route with a value in its path, its query, a broken body and one with strange fields."""
    name = f"{method} {path}"
    bearer = {"authorization": f"Bearer {stage.owner.token}"}
    if method == "DELETE" and path.startswith("/v1/sessions"):
        bearer = {}  # the owner stays signed in
    with_value = path
    while "{" in with_value:
        start, end = with_value.index("{"), with_value.index("}")
        with_value = with_value[:start] + plant(f"path {name}") + with_value[end + 1 :]
    query = {"day": plant(f"query {name}"), "language": plant(f"language {name}")}
    broken = f'{{"text": "{plant(f"broken {name}")}'.encode()
    await http.request(method, with_value, params=query, content=broken, headers=bearer)
    strange = {"text": {plant(f"name {name}"): plant(f"value {name}")}, "phone": plant(f"phone {name}")}
    await http.request(method, with_value, json=strange, headers=bearer)


async def _badly_over_mqtt(stage, plant):
    host, port = stage.mqtt
    will = aiomqtt.Will(plant("will topic"), plant("will").encode(), qos=1, retain=True)
    for named in ("as itself", "as a stranger"):
        name, secret = plant(f"user {named}"), plant(f"secret {named}")
        own = named == "as itself"
        client = aiomqtt.Client(
            host,
            port,
            username=stage.way.token if own else name,
            password=stage.way.secret if own else secret,
            identifier=plant(f"client id {named}"),
            will=will,
            timeout=5,
        )
        with suppress(aiomqtt.MqttError):
            async with client:
                await client.publish(plant(f"topic {named}"), plant(f"payload {named}"), qos=0)
    way = stage.way
    async with stage.camera() as camera:
        await camera.let_in()
        now = stage.levers.now()
        undeclared = Reading(
            uuid4(), ItemName(plant("undeclared item")), now, {"v": plant("undeclared value")}
        )
        riding = Reading(
            uuid4(), LINE_CROSSING, now, {"line": "door", "direction": "in", "x": plant("riding along")}
        )
        fine = Reading(uuid4(), LINE_CROSSING, now, {"line": "door", "direction": "in"})
        sent = await camera.send(CUSTOMER_FLOW, [undeclared, riding, fine])
        (heard,) = await camera.acked([sent], within_s=PATIENCE_S)
        assert (heard.figures["stored"], heard.figures["dropped"]) == (1, 2), heard
        await camera.send_raw(CUSTOMER_FLOW, f'{{"id": "{plant("batch id")}"}}'.encode())
        await camera.send_raw(CUSTOMER_FLOW, plant("no json").encode())
        await camera.send_raw(CUSTOMER_FLOW, b"\xff" + plant("no text").encode())
        later = await camera.send(CUSTOMER_FLOW, [Reading(uuid4(), LINE_CROSSING, now, dict(fine.value))])
        await camera.acked([later], within_s=PATIENCE_S)  # what came before it was read, and given up
    client = aiomqtt.Client(
        host, port, username=way.token, password=way.secret, identifier=way.token, timeout=5
    )
    with suppress(aiomqtt.MqttError):
        async with client:
            await client.publish(f"up/{way.token}/{plant('function topic')}", b"{}", qos=0, retain=True)
            await client.subscribe(f"down/{plant('subscription')}/ack")


async def looked_for(stage, folder, values):
    """Return what is seen of ``values`` in any file, by the folder it is in."""
    await stage.evidence.checkpoint()
    assert stage.roots == (folder / SYSTEM / "system",)
    return await asyncio.to_thread(scan, [folder], values)


async def test_no_file_of_a_running_system_holds_what_came_in_through_any_door(tmp_path):
    async with system(tmp_path / SYSTEM) as stage:
        planted = await kept(stage) | await refused(stage)
        await backed_up(stage, tmp_path)
        others = [value for value in planted.values() if not value.startswith(STEM)]
        seen = await looked_for(stage, tmp_path, [STEM, stage.marks.password, *others])
    assert {(one.marker, one.form, one.file) for one in seen} == set()
    assert len(planted) - len(others) > 200


async def test_with_sealing_out_of_action_all_that_is_kept_is_found_in_every_store(tmp_path):
    async with system(tmp_path / SYSTEM, "sealing") as stage:
        planted = await kept(stage)
        await backed_up(stage, tmp_path)
        seen = await looked_for(stage, tmp_path, planted.values())

    def found(*parts):
        return {one.marker for one in seen if set(parts) <= set(Path(one.file).parts)}

    def missing(names, *parts):
        return {name for name in names if planted[name] not in found(*parts)}

    rows = planted.keys() - {"film"}
    assert missing(rows, SYSTEM, "base") == set()
    assert missing(rows, SYSTEM, "pg_wal") == set()
    assert missing({"film"}, SYSTEM, "media") == set()
    # A backup holds what is: not what was replaced before it.
    replaced = {name for name in rows if name in REPLACED}
    assert missing(rows - replaced, BACKUP, "tables") == set()
    assert missing(replaced, BACKUP) == replaced
    assert missing({"film"}, BACKUP, "media") == set()
