"""Steps d to f: the camera's day over MQTT, what the owner sees of it, and a withdrawal in mid-stream."""

from __future__ import annotations

import functools
import time as wall
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import time
from typing import LiteralString
from uuid import uuid4

from troth.prove.simulator import Camera, Heard
from troth.prove.story.day import LINE_CROSSING, MOTION, OFF_HOUR, Day, at, batches, business_day, local
from troth.prove.story.person import FORBIDDEN
from troth.prove.story.stage import POLICY, Stage
from troth.prove.story.telling import Seen, Telling
from troth.terms import FunctionName, ItemName, Reading

CUSTOMER_FLOW = FunctionName("customer_flow")
STORE_GUARD = FunctionName("store_guard")
VISITS = FunctionName("visits")
FLOW = f"{POLICY}/functions/customer_flow"
GUARD = f"{POLICY}/functions/store_guard"
UNDECLARED = ItemName("face_template")
WITHIN_S = 1.0
PATIENCE_S = 15.0
OPENS = 9
SWITCHES = {OFF_HOUR - 1: False, OFF_HOUR: True}


async def stored(stage: Stage) -> int:
    """Return how many readings were stored, by the marks that every stored reading leaves in a table."""
    return await stage.evidence.value("SELECT count(*) FROM reading_seen")


async def blocks(stage: Stage, function: FunctionName) -> int:
    """Return how many blocks of readings of ``function`` lie in the vault."""
    query: LiteralString = "SELECT count(*) FROM event_block WHERE function = %(function)s"
    return await stage.evidence.value(query, {"function": f"{POLICY}/{function}"})


async def tell(stage: Stage, telling: Telling) -> None:
    """Tell steps d, e and f."""
    day = business_day(stage.today, mark=stage.marks.reading)
    async with stage.camera() as camera:
        await camera.let_in()
        await _day(stage, telling, camera, day)
        await _owner_looks(stage, telling, day)
        await _withdrawal(stage, telling, camera, day)


async def _switch(stage: Stage, *, on: bool) -> None:
    body = {"on": on, "device": stage.device}
    (await stage.owner.ask("PUT", "/v1/me/switches/customer_flow", body)).require()


@dataclass(frozen=True, slots=True)
class Sent:
    """What the acknowledgements of some readings said."""

    stored: int
    known: int
    refused: int


def _sum(heard: Iterable[Heard]) -> Sent:
    figures = [h.figures for h in heard]

    def total(*names: str) -> int:
        return sum(f.get(name, 0) for f in figures for name in names)

    return Sent(total("stored"), total("duplicates"), total("dropped", "denied"))


async def _send(camera: Camera, function: FunctionName, readings: Iterable[Reading]) -> Sent:
    """Send ``readings`` and wait until each message is acknowledged."""
    sent = [await camera.send(function, batch) for batch in batches(readings)]
    return _sum(await camera.acked(sent, within_s=PATIENCE_S))


async def _try(camera: Camera, function: FunctionName, readings: Iterable[Reading]) -> Sent | None:
    """Send ``readings`` in one message; None when no acknowledgement comes within a second."""
    sent = await camera.send(function, readings)
    try:
        return _sum(await camera.acked([sent], within_s=WITHIN_S))
    except TimeoutError:
        camera.give_up(sent)
        return None


async def _day(stage: Stage, telling: Telling, camera: Camera, day: Day) -> None:
    async def the_day() -> Seen:
        for hour in range(OPENS, 24):
            await stage.until(at(day.date, time(hour, 59)))
            crossings = [r for r in day.counted if local(r.measured).hour == hour]
            await _send(camera, CUSTOMER_FLOW, crossings)
            await _send(camera, STORE_GUARD, [r for r in day.motions if local(r.measured).hour == hour])
            if hour in SWITCHES:  # at a minute to the hour
                await _switch(stage, on=SWITCHES[hour])
        with suppress(TimeoutError):  # that the owner was told of the night is remembered as well
            await stage.gateway.letter(stage.marks.phone, ("23:10",), within_s=WITHIN_S)
        told = sum("23:10" in letter.text for letter in stage.gateway.to(stage.marks.phone))
        sent, kept = len(day.counted) + len(day.motions), await stored(stage) - told
        of = [await blocks(stage, function) for function in (CUSTOMER_FLOW, STORE_GUARD)]
        said = f"{sent} sent, {kept} stored in {sum(of)} sealed blocks"
        return Seen(said, held=kept == sent and all(of), clause=FLOW)

    async def while_off() -> Seen:
        before = await stored(stage)
        sent = await _send(camera, CUSTOMER_FLOW, day.while_off)
        after = await stored(stage)
        held = not sent.stored and sent.refused == len(day.while_off) and before == after
        said = f"{len(day.while_off)} sent afterwards, {sent.refused} dropped, {after - before} stored"
        return Seen(said, held, f"{POLICY}/switches/customer_flow")

    async def undeclared() -> Seen:
        late = day.counted[-1]
        mixed = [
            replace(late, id=uuid4(), item=UNDECLARED, value={"vector": stage.marks.reading}),
            replace(late, id=uuid4()),
        ]
        sent = await _send(camera, CUSTOMER_FLOW, mixed)
        counted = await stage.evidence.counted("customer_flow", "item_undeclared")
        held = (sent.stored, sent.refused) == (1, 1) and counted >= 1
        return Seen(f"{sent.stored} stored, {sent.refused} dropped, {counted} counted", held, FLOW)

    async def undeclared_inside() -> Seen:
        late = day.counted[-1]
        mixed = [
            replace(late, id=uuid4(), value={**late.value, "face": stage.marks.reading}),
            replace(late, id=uuid4()),
        ]
        sent = await _send(camera, CUSTOMER_FLOW, mixed)
        counted = await stage.evidence.counted("customer_flow", "item_malformed")
        held = (sent.stored, sent.refused) == (1, 1) and counted >= 1
        return Seen(f"{sent.stored} stored, {sent.refused} dropped, {counted} counted", held, FLOW)

    async def not_asked_for() -> Seen:
        message = [replace(day.counted[0], id=uuid4())]
        acked = await _try(camera, VISITS, message)
        kept = await blocks(stage, VISITS)
        said = f"acknowledged: {'yes' if acked else 'no'}, {kept} blocks stored"
        return Seen(said, held=acked is None and not kept, clause=f"{POLICY}/functions/visits")

    async def again() -> Seen:
        before = await stored(stage)
        sent = await _send(camera, CUSTOMER_FLOW, day.counted)
        after = await stored(stage)
        held = not sent.stored and sent.known == len(day.counted) and before == after
        return Seen(f"{sent.known} of {len(day.counted)} known, {after - before} stored twice", held)

    await telling.tell(
        "d", "a compressed business day arrives over MQTT, committed before acknowledged", the_day
    )
    await telling.tell("d", "what was measured while the switch was off is dropped", while_off)
    await telling.tell("d", "an item that no clause declares is dropped and counted", undeclared)
    await telling.tell("d", "so is a declared item with an undeclared field inside", undeclared_inside)
    await telling.tell("d", "a topic of a function not asked for is never stored", not_asked_for)
    await telling.tell("d", "the whole day sent again is stored once", again)


async def _owner_looks(stage: Stage, telling: Telling, day: Day) -> None:
    async def footfall() -> Seen:
        page = (await stage.owner.ask("GET", f"/v1/me/footfall?day={day.date}")).require()
        seen = {int(h["hour"]): int(h["in"]) for h in page["hours"] if h["in"]}
        extra = {20: day.footfall[20] + 2}  # the declared halves of the mixed messages in step d
        expected = {**day.footfall, **extra}
        busiest = max(seen, key=lambda hour: seen[hour], default=0)
        said = f"{sum(seen.values())} people in {len(seen)} hours, most at {busiest}:00"
        return Seen(said, held=seen == expected, clause=FLOW)

    async def alert() -> Seen:
        page = (await stage.owner.ask("GET", f"/v1/me/alerts?day={day.date}")).require()
        times = [str(a["at"]) for a in page["alerts"]]
        night = day.motions[1].measured
        held = len(times) == 1 and times[0].startswith(("2026", str(night.year)))
        return Seen(f"{len(times)} alert at {', '.join(times)}; none at noon", held, GUARD)

    async def staff() -> Seen:
        look = {
            "subject": stage.account,
            "function": "customer_flow",
            "items": ["line_crossing"],
            "purpose": "curiosity",
        }
        answer = await stage.staff.ask("POST", "/v1/staff/look", look)
        noted = await stage.evidence.value("SELECT count(*) FROM ledger_entry WHERE kind = 'denied'")
        held = answer.status == FORBIDDEN and answer.reason == "purpose_undeclared" and noted > 0
        return Seen(
            f"{answer.status} {answer.reason}, {noted} denials in the ledger", held, answer.clause or FLOW
        )

    await telling.tell("e", "the owner sees footfall per hour, the hour switched off missing", footfall)
    await telling.tell("e", "motion at night raises one alert, motion at noon none", alert)
    await telling.tell("e", "staff with a purpose that no clause names are refused, and it is noted", staff)


async def _withdrawal(stage: Stage, telling: Telling, camera: Camera, day: Day) -> None:
    tomorrow = at(day.date, time(23, 59))

    def fresh(item: ItemName, n: int) -> list[Reading]:
        now = stage.levers.now()
        value = {"line": "door", "direction": "in"} if item == LINE_CROSSING else {"zone": "till"}
        return [Reading(uuid4(), item, min(now, tomorrow), value) for _ in range(n)]

    async def in_stream() -> Seen:
        before = await stored(stage)
        stage.levers.hold_workers()
        try:
            waiting = [await camera.send(CUSTOMER_FLOW, fresh(LINE_CROSSING, 5)) for _ in range(4)]
            path = "/v1/me/functions/customer_flow/withdraw"
            (await stage.owner.ask("POST", path, {})).require()
        finally:
            stage.levers.let_workers_go()
        start = wall.perf_counter()
        # The kicked camera does not hear these refusals; the tables do.
        while (refused := await stage.evidence.counted("customer_flow", "withdrawn")) < len(waiting):
            if wall.perf_counter() - start > PATIENCE_S:
                break
        took = wall.perf_counter() - start
        for batch in waiting:
            camera.give_up(batch)
        after = await stored(stage)
        held = after == before and refused >= len(waiting) and took < WITHIN_S
        said = f"20 readings in the stream, {after - before} stored, refused after {took * 1000:.0f} ms"
        return Seen(said, held, FLOW)

    async def next_message() -> Seen:
        before = await stored(stage)
        start = wall.perf_counter()
        acked = await _try(camera, CUSTOMER_FLOW, fresh(LINE_CROSSING, 1))
        took = wall.perf_counter() - start
        after = await stored(stage)
        held = after == before and (acked is None or acked.stored == 0)
        return Seen(f"{after - before} stored, {took * 1000:.0f} ms", held, FLOW)

    async def others_flow() -> Seen:
        fine = fresh(MOTION, 3)
        sent = await _send(camera, STORE_GUARD, fine)
        stage.still_held = len(day.motions) + sent.stored
        return Seen(f"{sent.stored} of {len(fine)} stored", held=sent.stored == len(fine), clause=GUARD)

    await telling.tell("f", "the owner withdraws: what still sat in the stream is refused", in_stream)
    await telling.tell("f", "the next message is refused within a second", next_message)
    await telling.tell("f", "the other functions flow on", others_flow)
    await telling.tell(
        "f", "what was collected for it is deleted, the rest is not", functools.partial(_gone, stage)
    )


async def _gone(stage: Stage) -> Seen:
    """Wait until nothing of the withdrawn function is left."""
    start = wall.perf_counter()
    while left := await blocks(stage, CUSTOMER_FLOW):
        if wall.perf_counter() - start > PATIENCE_S:
            break
    others = await blocks(stage, STORE_GUARD)
    said = f"{left} sealed blocks of customer flow left, {others} of store guard"
    return Seen(said, held=not left and others > 0, clause=f"{POLICY}/retention")
