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
from pathlib import Path
from uuid import uuid4

import aiomqtt
import httpx
import pytest

from tests.flow import entrances
from tests.flow.planting import (
    CANCELLED,
    FILMS,
    OVERWRITTEN,
    PATIENCE_S,
    REPLACED,
    SENT,
    STEM,
    UNREADABLE,
    Planter,
    marker,
)
from tests.flow.test_every_door import COMMANDS, ROUTES, TOPICS, Kind
from troth.app.backup.take import take
from troth.edges.api.app import create_app
from troth.main.demo import Wishes, staged
from troth.prove.scan import scan
from troth.prove.story import opening
from troth.prove.story.business import CUSTOMER_FLOW
from troth.prove.story.day import LINE_CROSSING
from troth.prove.story.person import Person
from troth.terms import ItemName, Reading

REFUSED = range(400, 500)
SYSTEM, BACKUP, KEYS, TEMPORARY = "system", "backup", "keys", "temporary"
WAL_PAGE, HEAD, LONG_HEAD = 8192, 24, 40  # bytes; the long one begins a file
"""The folders that are looked through."""
ENDS_SESSIONS = ("/v1/sessions", "/sign-out", "/privacy/sign-out-everywhere", "/desk/leave")
"""Where nobody comes with a session, since the walk goes on."""


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """What steers a test run is no setting of the system; what is temporary is looked through too."""
    for name in [name for name in os.environ if name.startswith("TROTH_")]:
        monkeypatch.delenv(name)
    (tmp_path / TEMPORARY).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / TEMPORARY))


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


async def backed_up(stage, folder):
    settings = replace(stage.levers.system.settings, owner_dsn=stage.evidence.dsn)
    await take(settings, folder / BACKUP, folder / KEYS, stage.levers.now(), lambda *_what: None)


async def refused(planter):
    """Plant through every door, badly formed or where nothing belongs; return what was planted."""
    planted, stage = {}, planter.stage

    def plant(name):
        return planted.setdefault(name, marker())

    async with httpx.AsyncClient(base_url=stage.base_url, trust_env=False, timeout=30) as http:
        document = (await http.get("/openapi.json")).json()
        for path, methods in document["paths"].items():
            for method, route in methods.items():
                shape = dict(entrances.body(document, route))
                await _badly(http, planter, f"{method.upper()} {path}", shape, plant)
        for name in entrances.PAGES:
            await _badly_on_page(planter, name, plant)
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
    freely = {"reference": {"ground": plant("freely written ground"), "document": str(uuid4())}}
    assert (await planter.service.ask("POST", "/v1/service/collect", planter.handed | freely)).ok
    no = {"met": False}
    assert (await stage.owner.ask("PUT", f"/v1/me/permissions/{plant('permission')}", no)).ok
    await _badly_over_mqtt(stage, plant)
    return planted


async def _badly(http, planter, name, shape, plant):
    """Ask one route with a value in its path, its query, a broken body, strange fields, and all its own."""
    method, path = name.split(" ")
    token = _token(planter, path)
    bearer = {} if path.startswith(ENDS_SESSIONS) else {"authorization": f"Bearer {token}"}
    with_value = _filled(name, plant)
    query = {"day": plant(f"query {name}"), "language": plant(f"language {name}")}
    broken = f'{{"text": "{plant(f"broken {name}")}'.encode()
    await http.request(method, with_value, params=query, content=broken, headers=bearer)
    strange = {"text": {plant(f"name {name}"): plant(f"value {name}")}, "phone": plant(f"phone {name}")}
    await http.request(method, with_value, json=strange, headers=bearer)
    own = {at: plant(f"{name} {at}") for at, each in shape.items() if each["type"] == "string"}
    own = {at: value for at, value in own.items() if entrances.fate(name, at) is not entrances.NOBODYS}
    if own and "bytes" not in own:
        await http.request(method, with_value, json=_nested(own, shape), headers=bearer)


def _token(planter, path):
    """Return the token of whoever a route is for."""
    match path.removeprefix("/v1/").split("/")[0]:
        case "staff":
            return planter.office.token
        case "service":
            return planter.service.token
        case "maker":
            return planter.stage.maker.token
        case _:
            return planter.stage.owner.token


def _filled(name, plant):
    path = name.split(" ")[1]
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = path[:start] + plant(f"path {name}") + path[end + 1 :]
    return path


def _nested(values, shape):
    """Return a body of these fields; what is no text is as harmless as its type lets it be."""
    others = {"integer": 1, "number": 1.0, "boolean": True, "object": {}}
    found = {at: others[each["type"]] for at, each in shape.items() if each["type"] in others}
    whole = {}
    for at, value in (found | values).items():
        *above, last = at.removesuffix("[]").split(".")
        place = whole
        for part in above:
            place = place.setdefault(part, {})
        place[last] = [value] if at.endswith("[]") else value
    return whole


async def _badly_on_page(planter, name, plant):
    """Send a form with everything that a form may have, as whoever is signed in there, and then no form."""
    path = _filled(name, plant)
    signed_in = {"troth_session": planter.stage.owner.token, "troth_desk": planter.office.token}
    cookies = {} if path.startswith(ENDS_SESSIONS) else signed_in
    names = ("login", "password", "current", "code", "text", "value", "contact", "farewell", "function")
    fields = {each: plant(f"{name} {each}") for each in names}
    answer = await planter.form(path, fields, **cookies)
    assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (name, answer.status_code)
    async with httpx.AsyncClient(base_url=planter.stage.base_url, trust_env=False, timeout=30) as http:
        await http.post(path, data=fields, headers={"origin": planter.stage.base_url})
        file = plant(f"file name {name}"), plant(f"file {name}").encode() * 9000
        await http.post(path, files={"file": file})


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


def _from_where(root, seen, planted):
    """Return by which entrance came what lies in plain in the files where something was seen."""
    files = [(root / one.file).read_bytes() for one in seen]
    return {name for name, value in planted.items() for text in files if value.encode() in text}


def log_without_heads(root):
    """Return what the log says; the heads of its pages cut one value in some hundreds in two."""
    said = bytearray()
    for file in sorted(root.rglob("pg_wal/0*")):
        text = file.read_bytes()
        for start in range(0, len(text), WAL_PAGE):
            said += text[start + (LONG_HEAD if start == 0 else HEAD) : start + WAL_PAGE]
    return bytes(said)


@pytest.fixture
def folder(tmp_path_factory):
    """Return where files lie that are nobody's store, such as a list of people to take in."""
    return tmp_path_factory.mktemp("outside")


def test_every_field_in_which_anything_may_be_written_has_its_entrance():
    """A new one fails until `entrances` says what is planted there, or why nothing is."""
    assert entrances.free(create_app(None).openapi()) == {
        name: set(fields) for name, fields in entrances.ROUTES.items()
    }
    forms = {name for name in ROUTES if name.startswith("POST /") and not name.startswith("POST /v1/")}
    assert forms == set(entrances.PAGES)
    personal = [
        {name for name, kind in found.items() if kind is Kind.PERSONAL} for found in (COMMANDS, TOPICS)
    ]
    assert personal == [set(entrances.COMMANDS), set(entrances.TOPICS)]


async def test_no_file_of_a_running_system_holds_what_came_in_through_any_door(tmp_path, folder):
    async with system(tmp_path / SYSTEM) as stage:
        planter = Planter(stage, folder)
        kept = await planter.everywhere()
        assert entrances.named() <= set(kept)
        planted = kept | await refused(planter)
        await backed_up(stage, tmp_path)
        others = [value for value in planted.values() if not value.startswith(STEM)]
        seen = await looked_for(stage, tmp_path, [STEM, stage.marks.password, *others])
    assert seen == frozenset(), _from_where(tmp_path, seen, planted)
    assert len(planted) - len(others) > 700


async def test_with_sealing_out_of_action_all_that_is_kept_is_found_in_every_store(tmp_path, folder):
    async with system(tmp_path / SYSTEM, "sealing") as stage:
        planted = await Planter(stage, folder).everywhere()
        await backed_up(stage, tmp_path)
        seen = await looked_for(stage, tmp_path, planted.values())
        whole_log = log_without_heads(tmp_path)

    def found(*parts):
        return {one.marker for one in seen if set(parts) <= set(Path(one.file).parts)}

    def missing(names, *parts):
        return {name for name in names if planted[name] not in found(*parts)}

    rows = planted.keys() - FILMS - UNREADABLE
    # A backup holds what is: not what was replaced, sent or erased before. A page of a table may have lost
    # what was replaced before it was written; the log has it all.
    missed = {
        "base": missing(rows - OVERWRITTEN - REPLACED, SYSTEM, "base"),
        "wal": {name for name in missing(rows, SYSTEM, "pg_wal") if planted[name].encode() not in whole_log},
        "media": missing(FILMS, SYSTEM, "media"),
        "backup": missing(rows - REPLACED - OVERWRITTEN - SENT - CANCELLED, BACKUP, "tables"),
        "backed up media": missing(FILMS, BACKUP, "media"),
    }
    assert not any(missed.values()), missed
    assert missing(REPLACED | SENT, BACKUP) == REPLACED | SENT
    assert missing(UNREADABLE) == UNREADABLE
