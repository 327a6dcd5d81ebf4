"""After a breach: people are told all of it by the ways named, authorities too, and only then it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from troth.policy.period import Unit
from troth.policy.statement_words import BreachStep, Measure
from troth.policy.statements import BreachClause, ProtectionClause
from troth.policy.words import Channel
from troth.prove.case import Case, NotTried
from troth.prove.seen import lasting
from troth.prove.trial import Scenario, Trial
from troth.terms import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from troth.prove.story.person import Answer, Person
    from troth.prove.world import Someone, World

_CARRIES = {Channel.EMAIL: "email", Channel.SMS: "sms", Channel.PHONE: "phone"}
"""The ways of a clause that go through a gateway; a letter on paper and a push do not, yet."""
_SPANS = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class _Incident:
    """One incident that concerns one person, and who of the privacy office works on it."""

    number: str
    who: Someone
    office: Person
    told: Mapping[str, Any]

    async def do(self, method: str, step: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Take one step of the workflow."""
        return await self.office.ask(method, f"/v1/staff/breaches/{self.number}{step}", body)

    async def write(self, case: Case, parts: Iterable[str]) -> None:
        """Write these parts of the notice, each with a mark of its own."""
        for language in case.compiled.policy.languages:
            for part in parts:
                body = {"part": part, "language": language, "text": self.mark(part, language)}
                (await self.do("PUT", "/notice", body)).require()

    def mark(self, part: str, language: str) -> str:
        """Return what is written for a part."""
        return f"{part} in {language}: {self.number}"

    async def attach(self, step: str) -> Answer:
        """Note that something was done, with a document."""
        return await self.do("POST", step, {"document": str(uuid4())})

    async def ended(self) -> bool:
        """Return whether everybody was told."""
        return (await self.do("GET", "")).body.get("state") == "told"


async def remedy_owed(world: World, case: Case, trial: Trial) -> None:
    """Show that for whoever was harmed it is on record that a remedy is owed; for nobody else."""
    incident = await _told(world, case, await _declared(world, case))
    on_record = await _remedies(world, incident)
    trial.control(
        "tell someone whose data leaked",
        "通知数据泄露涉及者",
        f"{on_record} entries say that a remedy is owed",
        held=on_record == 1,
    )
    other = await _declared(world, case)
    trial.attempt(
        "owe nothing to whoever is concerned: an entry without a remedy",
        "对受影响者不登记补救义务",
        f"{await _entries(world, incident) - on_record} entries about being told say nothing of it",
        held=await _entries(world, incident) == on_record and await _remedies(world, other) == 0,
    )


async def every_part(world: World, case: Case, trial: Trial) -> None:
    """Show that a notice goes out with every part, and with none missing."""
    clause = case.said(BreachClause)
    incident = await _declared(world, case)
    await incident.write(case, clause.parts[:-1])
    early = await incident.do("POST", "/tell", {})
    trial.attempt(
        f"send the notice without {clause.parts[-1]}",
        f"缺少 {clause.parts[-1]} 而发出通知",
        f"{early.status} {early.body.get('detail')}; {len(await _letters(world, incident))} letters",
        held=early.reason == "parts_missing" and not await _letters(world, incident),
    )
    await incident.write(case, clause.parts[-1:])
    (await incident.do("POST", "/tell", {})).require()
    letters = await world.waiting(lambda: _letters(world, incident))
    text = letters[0] if letters else ""
    said = [part for part in clause.parts if f"{part} in " in text]
    trial.control(
        "send it with every part",
        "内容齐全后发出",
        f"{len(letters)} letters, with {', '.join(said) or 'nothing'}",
        held=bool(letters) and said == list(clause.parts),
    )


async def each_is_told(world: World, case: Case, trial: Trial) -> None:
    """Show that whom it concerns is told by a way that is named, before it is closed; nobody else is."""
    clause = case.said(BreachClause)
    listed = [_CARRIES[Channel(way)] for way in clause.by if way in _CARRIES]
    if not listed:
        raise NotTried("no_gateway_way")
    incident = await _declared(world, case)
    early = await incident.do("POST", "/close", {})
    trial.attempt(
        "close it before anyone was told",
        "未通知任何人即结案",
        f"{early.status} {early.body.get('detail')}",
        held=early.reason == "no_such_turn",
    )
    await _told(world, case, incident)
    ways = [m.channel for m in world.letters(*incident.who.addresses) if incident.number in m.text]
    trial.control(
        "let the notice go out",
        "发出通知",
        f"one person concerned, told by {', '.join(ways) or 'nothing'}",
        held=len(ways) == 1 and ways[0] in listed,
    )
    bystander = await world.person(case)
    others = [m for m in world.letters(*bystander.addresses) if incident.number in m.text]
    trial.attempt(
        "tell someone whom it does not concern",
        "通知无关人员",
        f"{len(others)} letters",
        held=not others,
    )


async def announced(world: World, case: Case, trial: Trial) -> None:
    """Show that it is announced where letters cannot reach everybody, and not before the notice is out."""
    tables = case.compiled.functions.values()
    if not any(has for table in tables for role, has in table.takes.items() if role is not Role.HOLDER):
        raise NotTried("all_have_accounts")
    incident = await _declared(world, case)
    before = await _public(world, incident)
    trial.attempt(
        "read of it in public before the notice is released",
        "通知发布前公开可见",
        "announced" if before else "not announced",
        held=not before,
    )
    await _told(world, case, incident)
    after = await world.waiting(lambda: _public(world, incident))
    trial.control(
        "where people without an account are concerned, announce it",
        "涉及无账号者时予以公告",
        "announced to everybody" if after else "not announced",
        held=after,
    )


async def reported_first(world: World, case: Case, trial: Trial) -> None:
    """Show that it ends only once the authorities have their report."""
    await _closed_only_with(world, case, trial, "/reported", "regulator")


async def contained_first(world: World, case: Case, trial: Trial) -> None:
    """Show that it ends only once it was stopped."""
    await _closed_only_with(world, case, trial, "/contained", "plan")


async def _closed_only_with(world: World, case: Case, trial: Trial, step: str, name: str) -> None:
    incident = await _told(world, case, await _declared(world, case))
    for other in {"/reported", "/contained"} - {step}:
        await incident.attach(other)
    refused = await incident.do("POST", "/close", {})
    trial.attempt(
        f"close it without {name}",
        f"缺少 {name} 而结案",
        f"{refused.status} {refused.body.get('detail')}",
        held=refused.reason == "not_to_be_closed" and name in str(refused.body.get("detail")),
    )
    noted = await incident.attach(step)
    closed = await incident.do("POST", "/close", {})
    trial.control(
        "close it with the document on file",
        "附文件后结案",
        f"{noted.status}, then {closed.status} {closed.body.get('state')}",
        held=noted.ok and closed.ok,
    )


async def in_time(world: World, case: Case, trial: Trial) -> None:
    """Show that time runs from when it became known, and no longer than the policy says."""
    clause = case.said(BreachClause)
    span = _SPANS.get(clause.within.unit) if clause.within else None
    if clause.within is None or span is None:
        raise NotTried("no_span")
    known = world.levers.now() - timedelta(minutes=30)
    incident = await _declared(world, case, known=known.isoformat())
    due = [
        datetime.fromisoformat(str(each["due"]))
        for each in incident.told.get("steps", ())
        if each.get("clause") == case.clause.id
    ]
    latest = known + clause.within.value * span
    trial.control(
        "declare a breach", "登记泄露事件", f"due {', '.join(map(str, due)) or 'never'}", held=bool(due)
    )
    trial.attempt(
        f"have longer than {clause.within.value} {clause.within.unit} from when it was known",
        f"自知悉起超过 {lasting(clause.within)}",
        f"at the latest {latest.isoformat(timespec='seconds')}",
        held=bool(due) and all(each <= latest for each in due),
    )
    ahead = (world.levers.now() + timedelta(days=1)).isoformat()
    office = await world.staff()
    body = {"policy": case.policy, "known": ahead, "subjects": [incident.who.account]}
    later = await office.ask("POST", "/v1/staff/breaches", body)
    trial.attempt(
        "say that it became known tomorrow, so that time runs from then",
        "将知悉时间填为明天",
        f"{later.status} {later.body.get('detail')}",
        held=later.reason == "not_known_yet",
    )


async def _declared(world: World, case: Case, **said: object) -> _Incident:
    """Put on record that data of one person leaked."""
    who, office = await world.person(case), await world.staff()
    body = {"policy": case.policy, "subjects": [who.account], **said}
    made = (await office.ask("POST", "/v1/staff/breaches", body)).require()
    return _Incident(str(made["matter"]), who, office, made)


async def _told(world: World, case: Case, incident: _Incident) -> _Incident:
    """Write what the policy wants written, let it go out, and wait until it has."""
    contents = case.compiled.one(BreachClause, BreachStep.CONTENTS)
    if contents is None:
        raise NotTried("no_contents")
    await incident.write(case, contents.parts)
    (await incident.do("POST", "/tell", {})).require()
    if not await world.waiting(incident.ended):
        raise RuntimeError("the notice did not go out")
    return incident


async def _letters(world: World, incident: _Incident) -> tuple[str, ...]:
    return tuple(m.text for m in world.letters(*incident.who.addresses) if incident.number in m.text)


async def _public(world: World, incident: _Incident) -> bool:
    found = await world.stranger().listed("/v1/notices")
    return any(each.get("matter") == incident.number for each in found)


async def _remedies(world: World, incident: _Incident) -> int:
    return await world.evidence.value(
        "SELECT count(*) FROM ledger_entry WHERE kind = 'told'"
        " AND convert_from(body, 'UTF8')::jsonb -> 'details' ->> 'matter' = %(matter)s"
        " AND convert_from(body, 'UTF8')::jsonb -> 'details' ->> 'remedy' = 'owed'",
        {"matter": incident.number},
    )


async def _entries(world: World, incident: _Incident) -> int:
    return await world.evidence.value(
        "SELECT count(*) FROM ledger_entry WHERE kind = 'told'"
        " AND convert_from(body, 'UTF8')::jsonb -> 'details' ->> 'matter' = %(matter)s",
        {"matter": incident.number},
    )


def _liability(case: Case) -> bool:
    return case.said(ProtectionClause).name == Measure.LIABILITY


def _step(step: BreachStep) -> Callable[[Case], bool]:
    return lambda case: case.said(BreachClause).name == step


SCENARIOS = (
    Scenario("every part is told", BreachClause, every_part, _step(BreachStep.CONTENTS)),
    Scenario("each is told", BreachClause, each_is_told, _step(BreachStep.CHANNELS)),
    Scenario("announced", BreachClause, announced, _step(BreachStep.ANNOUNCE)),
    Scenario("reported first", BreachClause, reported_first, _step(BreachStep.REGULATOR)),
    Scenario("contained first", BreachClause, contained_first, _step(BreachStep.PLAN)),
    Scenario("told in time", BreachClause, in_time, _step(BreachStep.REPORT)),
    Scenario("a remedy is owed", ProtectionClause, remedy_owed, _liability),
)
