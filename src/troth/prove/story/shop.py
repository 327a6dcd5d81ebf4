"""Steps g to i: a till beside the camera, what the two tell differently, and films closed to the maker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from troth.prove.simulator import Camera, Way
from troth.prove.story.day import MOTION, at, batches, local
from troth.prove.story.person import FORBIDDEN, Answer, Person
from troth.prove.story.stage import POLICY, Stage
from troth.prove.story.telling import Seen, Telling
from troth.prove.story.till import DRAWER, FILM_S, FLAGGED, NIGHT, PRESENCE, TillDay, film, till_day
from troth.terms import FunctionName, Reading

AUDIT = FunctionName("cashier_audit")
GUARD = FunctionName("store_guard")
_TILL = f"{POLICY}/functions/{AUDIT}"
_CLOUD = f"{POLICY}/functions/cloud"
_UPLOAD = "/v1/device/functions/cloud/media/cloud_video"
_CODE = "7741-2280"
_MODEL = "SUNMI T2"
PATIENCE_S = 15.0
OK, PARTIAL = 200, 206


async def tell(stage: Stage, telling: Telling) -> None:
    """Tell steps g, h and i."""
    day = till_day(stage.today + timedelta(days=1), mark=stage.marks.reading)
    await stage.until(at(day.date, time(8)))
    await _at_the_till(stage, telling, day)
    await _flags(stage, telling, day)
    await _closed(stage, telling)


async def link_till(stage: Stage) -> None:
    """Let the owner ask for cashier auditing and cloud video, and bind a till beside the camera."""
    await stage.hire()
    shelf = {"serial": stage.marks.register, "model": _MODEL, "code": _CODE}
    (await stage.maker.ask("POST", "/v1/maker/devices", shelf)).require()
    for function in (AUDIT, "cloud"):
        path = f"/v1/me/functions/{function}/choose"
        (await stage.owner.ask("POST", path, {"language": "en"})).require()
    serial = {"values": {"device_serial": {"value": stage.marks.serial}}}
    (await stage.owner.ask("PUT", "/v1/me/functions/cloud/items", serial)).require()
    store = {"store_name": stage.marks.store_name, "store_address": stage.marks.store_address}
    told = {"kind": "cash_register", "mac": "02:00:5e:00:00:7a", "ip": "198.51.100.218"}
    body = shelf | told | {"store": store, "seen_by": stage.device}
    bound = (await stage.owner.ask("POST", "/v1/me/devices", body)).require()
    stage.till = Way(*stage.mqtt, str(bound["token"]), str(bound["secret"]), stage.tls)


async def upload(
    stage: Stage, content: bytes, made: datetime, *, kind: str = "video/mp4", seconds: int | None = FILM_S
) -> Answer:
    """Let the camera upload a film or a picture, proving itself as on its other way."""
    way = stage.way
    if way is None:
        raise RuntimeError("no camera is bound: the step that binds it did not hold")
    said = {"content-type": kind, "troth-measured": made.isoformat()}
    said |= {} if seconds is None else {"troth-seconds": str(seconds)}
    camera = Person(stage.base_url, f"{way.token}.{way.secret}")
    return await camera.upload(_UPLOAD, content, said)


async def sent(way: Way | None, function: FunctionName, readings: tuple[Reading, ...]) -> Mapping[str, int]:
    """Send readings as one device; return what the acknowledgements add up to."""
    if way is None:
        raise RuntimeError("the device is not bound: the step that binds it did not hold")
    async with Camera(way) as device:
        await device.let_in()
        ids = [await device.send(function, batch) for batch in batches(readings)]
        heard = await device.acked(ids, within_s=PATIENCE_S)
    names = ("stored", "duplicates", "dropped", "denied")
    return {name: sum(each.figures.get(name, 0) for each in heard) for name in names}


async def _at_the_till(stage: Stage, telling: Telling, day: TillDay) -> None:
    async def linked() -> Seen:
        await link_till(stage)
        me = (await stage.owner.ask("GET", "/v1/me")).require()
        kinds = {str(each["kind"]): each for each in me["devices"]}
        state, till = me["functions"][AUDIT], kinds.get("cash_register", {})
        held = bool(state["on"]) and till.get("seen_by") == stage.device
        said = (
            f"{AUDIT} {'runs' if state['on'] else 'waits: ' + state['why']}, the camera has the till in view"
        )
        return Seen(said, held, _TILL)

    async def the_day() -> Seen:
        await stage.until(at(day.date, time(18)))
        till = await sent(stage.till, AUDIT, day.rung)
        looks = await sent(stage.way, AUDIT, day.looks)
        films = [
            await upload(stage, film(stage.marks.film, clock), at(day.date, clock) - timedelta(seconds=60))
            for clock in FLAGGED
        ]
        for clock, answer in zip(FLAGGED, films, strict=True):
            stage.films[clock] = str(answer.require()["media"])
        stored = till["stored"] + looks["stored"]
        stage.still_held += stored
        held = stored == len(day.rung) + len(day.looks)
        said = f"{till['stored']} transactions, {looks['stored']} counts by MQTT; {len(films)} films by HTTP"
        return Seen(said, held, _TILL)

    async def its_own() -> Seen:
        now = stage.levers.now()
        alibi = (Reading(uuid4(), PRESENCE, now, {"behind": 1, "before": 1}),)
        told = await sent(stage.till, AUDIT, alibi)
        held = not told["stored"] and told["dropped"] + told["denied"] == 1
        stage.still_held += told["stored"]
        return Seen(f"{told['stored']} stored, {told['dropped'] + told['denied']} dropped", held, _TILL)

    await telling.tell(
        "g", "a cash register is bound, linked to the store and to the camera above it", linked
    )
    await telling.tell("g", "the day at the till arrives: sales, refund, void, a drawer; and films", the_day)
    await telling.tell("g", "a till that says somebody stood at it is not believed: dropped", its_own)


async def _listed(stage: Stage, day: TillDay) -> list[Mapping[str, Any]]:
    path = f"/v1/me/functions/{AUDIT}/flags?day={day.date}"
    return list((await stage.owner.ask("GET", path)).require()["flags"])


async def _flags(stage: Stage, telling: Telling, day: TillDay) -> None:
    async def reasons() -> Seen:
        found = await _listed(stage, day)
        seen = [(datetime.fromisoformat(str(f["rung"]["at"])), str(f["reason"])) for f in found]
        worded = all(f["says"].get("en") and f["says"].get("zh") for f in found)
        said = "; ".join(f"{local(moment):%H:%M} {reason}" for moment, reason in seen)
        return Seen(said or "no flag", seen == list(day.flagged) and worded, _TILL)

    async def clips() -> Seen:
        found = await _listed(stage, day)
        shown = [f["clip"] for f in found if f["clip"]]
        right = [clip["media"] for clip in shown] == list(stage.films.values())
        some = await stage.owner.part(f"/v1/me/media/{shown[0]['media']}", 8, 15) if shown else (0, b"")
        held = (
            right and len(shown) == len(FLAGGED) and some == (PARTIAL, film(stage.marks.film, DRAWER)[8:16])
        )
        said = f"{len(shown)} of {len(found)} with a film; bytes 8 to 15 of the first: {some[0]}"
        return Seen(said, held, _CLOUD)

    async def cleared() -> Seen:
        first = next(iter(await _listed(stage, day)), None)
        if first is None:
            return Seen("no flag to clear", held=False, clause=_TILL)
        body = {"day": str(day.date), "verdict": "cleared"}
        path = f"/v1/me/functions/{AUDIT}/flags/{first['flag']}"
        (await stage.owner.ask("PUT", path, body)).require()
        stage.still_held += 1
        verdicts = [flag["verdict"] for flag in await _listed(stage, day)]
        said = ", ".join(str(verdict or "open") for verdict in verdicts)
        return Seen(said, held=verdicts == ["cleared", None, None], clause=_TILL)

    async def alarm() -> Seen:
        moved = at(day.date, NIGHT)
        await stage.until(moved + timedelta(minutes=1))
        before = len(stage.gateway.to(stage.marks.phone))
        await sent(stage.way, GUARD, (Reading(uuid4(), MOTION, moved, {"zone": "till"}),))
        await upload(stage, film(stage.marks.film, NIGHT), moved, kind="image/jpeg", seconds=None)
        letter = await stage.gateway.letter(stage.marks.phone, ("23:20",), within_s=PATIENCE_S)
        stage.still_held += 1
        page = (await stage.owner.ask("GET", f"/v1/me/alerts?day={day.date}")).require()
        pictures = [alert["snapshot"] for alert in page["alerts"] if alert["snapshot"]]
        letters = len(stage.gateway.to(stage.marks.phone)) - before
        said = f"{letters} message: {letter[:42]}…; {len(pictures)} picture beside the alert"
        return Seen(said, held=letters == len(pictures) == 1, clause=f"{POLICY}/functions/{GUARD}")

    await telling.tell("h", "each flag names its reason; what till and camera tell alike is none", reasons)
    await telling.tell("h", "each flag has its film, which the owner plays from any place", clips)
    await telling.tell("h", "the owner clears one; the others stay open", cleared)
    await telling.tell("h", "a movement at night: a message on the owner's phone, and its picture", alarm)


async def _closed(stage: Stage, telling: Telling) -> None:
    clip = stage.films.get(DRAWER, "")
    order = {"reference": {"ground": "legal_order", "document": str(uuid4())}}
    asked: dict[str, Any] = {
        "subject": stage.account,
        "function": "cloud",
        "purpose": "serve_agreed_video",
        "items": ["cloud_video"],
        "verb": "use",
    }

    async def refused() -> Seen:
        answer = await stage.staff.ask("POST", f"/v1/service/media/{clip}", asked)
        held = answer.status == FORBIDDEN and answer.reason == "closed_to_controller"
        return Seen(f"{answer.status} {answer.reason}", held, answer.clause or _CLOUD)

    async def ordered() -> Seen:
        answer = await stage.staff.ask("POST", f"/v1/service/media/{clip}", asked | order)
        looks = [each for each in await stage.owner.listed("/v1/me/openings") if each["function"] == "cloud"]
        told = [(each["opened"], each["ground"] or each["reason"]) for each in looks[:2]]
        held = answer.status == OK and told == [(True, "legal_order"), (False, "closed_to_controller")]
        said = f"{answer.status} with an order; the owner sees: {', '.join(str(why) for _, why in told)}"
        return Seen(said, held, _CLOUD)

    async def switched_off() -> Seen:
        off = {"on": False, "device": stage.device}
        (await stage.owner.ask("PUT", "/v1/me/switches/cloud", off)).require()
        await stage.later(timedelta(minutes=1))
        answer = await upload(stage, film(stage.marks.film, NIGHT), stage.levers.now())
        plays, _ = await stage.owner.part(f"/v1/me/media/{clip}", 0, 7)
        held = answer.status == FORBIDDEN and answer.reason == "switched_off" and plays == PARTIAL
        said = f"the next film: {answer.status} {answer.reason}; one that is there still plays: {plays}"
        return Seen(said, held, f"{POLICY}/switches/cloud")

    await telling.tell("i", "staff who ask for a film are refused, whoever they are", refused)
    await telling.tell("i", "with a legal order they are let in, and the owner sees both", ordered)
    await telling.tell("i", "cloud video is switched off: no further film, and nothing is lost", switched_off)
