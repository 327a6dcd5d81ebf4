"""What a law wants kept: from its event on, record by record, for as long as it says; all else goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from troth.policy.period import Unit
from troth.policy.statements import HoldClause, OrderedHoldClause
from troth.prove.case import Case, NotTried
from troth.prove.leaving import cancelled, keys
from troth.prove.samples import sample
from troth.prove.seen import lasting
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import needed, purpose_for
from troth.subjects.names import REGISTER
from troth.terms import LEGAL_TIME, ActorKind, ItemName, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from troth.policy.period import Period
    from troth.prove.story.person import Answer
    from troth.prove.world import Someone, World
    from troth.terms import FunctionName, Purpose

_KEPT = "SELECT count(*) FROM hold WHERE subject = %(subject)s AND clause = %(clause)s"
_MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}


async def held_for_the_law(world: World, case: Case, trial: Trial) -> None:
    """Show that a record is held from its event on and outlives the account; what no law wants does not."""
    clause = case.said(HoldClause)
    of = next(_collected(case, clause), None)
    if of is None or clause.keep is None:
        raise NotTried("no_door_event", event=clause.counted_from)
    item, who = of.item, await world.user(case, of.function)
    first, other = await _record(world, case, who, of), await _record(world, case, who, of)
    began = world.levers.now()
    said = await _happened(world, who, of, first, clause.counted_from)
    holds = {each["clause"]: each["until"] for each in said.require()["holds"]}
    until = datetime.fromisoformat(str(holds.get(clause.id))) if clause.id in holds else None
    trial.control(
        f"hold one {item} for {clause.keep} from {clause.counted_from}",
        f"自 {clause.counted_from} 起保留一份 {item} {lasting(clause.keep)}",
        f"held until {until}",
        held=until is not None and _ends(clause.keep, began, until),
    )
    wrong = await _happened(world, who, of, other, "received")
    trial.attempt(
        "hold it for something that no law knows",
        "以法律未规定的事件保留",
        f"{wrong.status} {wrong.reason}",
        held=not wrong.ok,
    )
    closed = await cancelled(world, who)
    later = await world.take_in(who, of.function, of.purpose, {item})
    kept = await world.evidence.value(_KEPT, {"subject": who.account, "clause": clause.id})
    left = await keys(world, who)
    trial.attempt(
        "go on with the account, or keep what no law wants",
        "继续使用账号，或保留法律未要求的信息",
        f"account {'closed' if closed else 'open'}; {later.says()}; {left} keys besides the hold's",
        held=closed and not later.answer.ok and left == 0,
    )
    trial.control(
        "keep the one record for the law", "依法保留该记录", f"{kept} holds after the account", held=kept == 1
    )


async def kept_on_order(world: World, case: Case, trial: Trial) -> None:
    """Show that an order keeps what a function holds, beyond the account, until staff end it."""
    clause = case.said(OrderedHoldClause)
    who, function = await _with_something(world, case)
    office, day = await world.staff(), timedelta(days=1)
    order = {"contact": who.login, "policy": case.policy, "function": function, "document": str(uuid4())}
    over = order | {"until": (world.levers.now() - day).isoformat()}
    wrong = await office.ask("POST", "/v1/staff/orders", over)
    trial.attempt(
        "keep something on an order whose day has passed",
        "以已过期的要求留存",
        f"{wrong.status} {wrong.reason}",
        held=not wrong.ok,
    )
    until = world.levers.now() + 400 * day
    (await office.ask("POST", "/v1/staff/orders", order | {"until": until.isoformat()})).require()
    seen = [each for each in await who.person.listed("/v1/me/kept") if each["clause"] == clause.id]
    trial.control(
        "keep what was given on an order with its number, for its person to see",
        "依编号要求留存已提供的信息并让本人看到",
        f"{len(seen)} items shown as kept",
        held=bool(seen) and all(each["document"] == order["document"] for each in seen),
    )
    closed = await cancelled(world, who)
    whose = {"subject": who.account, "clause": clause.id}
    kept = await world.evidence.value(_KEPT, whose)
    trial.control(
        "outlive the account, and nothing else with it",
        "账号注销后仅保留该信息",
        f"account {'closed' if closed else 'open'}; {kept} holds; {await keys(world, who)} keys besides",
        held=closed and kept == len(seen) and await keys(world, who) == 0,
    )
    end = f"/v1/staff/orders/{order['document']}/end"
    (await office.ask("POST", end, {"subject": who.account})).require()
    left = await world.seen(0, _KEPT, whose)
    trial.control("end with the order", "随要求终止而删除", f"{left} holds left", held=left == 0)


async def _with_something(world: World, case: Case) -> tuple[Someone, FunctionName]:
    """Return someone of whom a function has something on file: what they signed up with, or a service's."""
    if REGISTER in case.compiled.functions:
        return await world.account(case), REGISTER
    for function, table in sorted(case.compiled.functions.items()):
        purpose = purpose_for(table, Verb.COLLECT, ActorKind.SERVICE)
        if purpose is not None:
            who = await world.user(case, function)
            did = await world.take_in(who, function, purpose, await world.stuff(case, who, function))
            did.answer.require()
            return who, function
    raise NotTried("no_door_event", event="collect")


@dataclass(frozen=True, slots=True)
class _Of:
    """What a service hands in."""

    function: FunctionName
    item: ItemName
    purpose: Purpose

    def asked(self, who: Someone) -> dict[str, Any]:
        return {"subject": who.account, "function": self.function, "purpose": self.purpose}


def _collected(case: Case, clause: HoldClause) -> Iterator[_Of]:
    """Yield what a service may hand in of the items that are held."""
    for name, table in sorted(case.compiled.functions.items()):
        purpose = purpose_for(table, Verb.COLLECT, ActorKind.SERVICE)
        for item in clause.items:
            if purpose is not None and item in table.items:
                yield _Of(name, ItemName(item), purpose)


async def _record(world: World, case: Case, who: Someone, of: _Of) -> str:
    items = needed(case.compiled.functions[of.function], of.item)
    values = {each: sample(each, world.number()) for each in sorted(items)}
    body = of.asked(who) | {"values": values, "another": True}
    made = await (await world.service()).ask("POST", "/v1/service/collect", body)
    return str(made.require()["records"][of.item])


async def _happened(world: World, who: Someone, of: _Of, record: str, event: str) -> Answer:
    body = of.asked(who) | {"item": of.item, "record": record, "event": event}
    return await (await world.service()).ask("POST", "/v1/service/happened", body)


def _ends(keep: Period, began: datetime, until: datetime) -> bool:
    """Return whether ``until`` is so much later, by the calendar of the law."""
    start, end = began.astimezone(LEGAL_TIME), until.astimezone(LEGAL_TIME)
    if keep.unit not in _MONTHS:
        return end > start
    months = (end.year - start.year) * 12 + end.month - start.month
    asked = keep.value * _MONTHS[keep.unit]
    return months in {asked, asked + (end.day == 1)} and abs(end.day - start.day) in {0, 1, *range(27, 31)}


SCENARIOS = (
    Scenario("held for the law", HoldClause, held_for_the_law, always),
    Scenario("kept on an order", OrderedHoldClause, kept_on_order, always),
)
