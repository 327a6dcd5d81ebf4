"""An incident from its declaration to its end. What must be done, and by when, says the policy at that time.

Staff say what is affected and write the notice; whom it concerns is worked out from what is held. Nothing
goes out with an empty part, nothing closes without what the policy asks for, and every step is an entry in
the ledger, without personal data. Each step may be done again after a crash: it is done once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth import ledger
from troth.breach.moves import Event, State, turn
from troth.db import for_each
from troth.ledger import EntryKind, NewEntry
from troth.policy.incidents import handling
from troth.policy.phrases import PHRASES
from troth.policy.statement_words import BreachStep
from troth.policy.words import Language
from troth.subjects import matters
from troth.subjects.matters import Kind, Matter
from troth.subjects.rounds import Round, concerned
from troth.terms import FunctionName, ItemName, PolicyName, Role, SubjectId, TrothError

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.policy.calendar import WorkingDays
    from troth.policy.compiled import Compiled
    from troth.policy.incidents import Handling
    from troth.subjects.parts import Parts
    from troth.subjects.rounds import Rounds

_BY_STAFF = frozenset({BreachStep.PLAN.value, BreachStep.REGULATOR.value})
"""Steps that are done when staff say so, with a document; all others are done once everybody was told."""


class NotAffected(TrothError):
    """the policy has no such function or item: name what it has, or nothing for everybody under it"""


class NotKnownYet(TrothError):
    """an incident cannot become known in the future: say when it was noticed"""


class PartsMissing(TrothError):
    """the notice lacks a part: nothing goes out before every part is written"""


class NoSuchPart(TrothError):
    """the policy's notice has no such part, or none in this language"""


class NotToBeClosed(TrothError):
    """what the policy asks for is not done yet"""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as staff see it: how many were told how far, what is due, what is still to be written."""

    matter: Matter
    steps: tuple[matters.Step, ...]
    told: Mapping[str, int]
    lacks: tuple[str, ...]

    @property
    def stands(self) -> State:
        """Where it stands."""
        return State(self.matter.state)


class Incidents:
    """The workflow. The caller knows who of the staff acts, and owns ``tx``; `advance` opens its own."""

    def __init__(self, parts: Parts, rounds: Rounds, days: WorkingDays) -> None:
        self._parts = parts
        self._rounds = rounds
        self._days = days

    async def declare(
        self,
        tx: Tx,
        staff: UUID,
        policy: PolicyName,
        *,
        known: datetime,
        functions: Collection[FunctionName] = (),
        items: Collection[ItemName] = (),
        subjects: Collection[SubjectId] = (),
    ) -> Incident:
        """Put on record that data leaked. ``items`` mean every function that holds them.

        With ``subjects`` it concerns them alone. Raises `NoSuchPolicy`, `NotAffected`, `NotKnownYet`.
        """
        now = self._parts.clock.now()
        if known > now:
            raise NotKnownYet
        compiled = self._parts.gate.policies.current(policy)
        affected = _affected(compiled, functions, items)
        made = Matter(uuid4(), Kind.BREACH, policy, compiled.policy.version, affected, State.DECLARED, known)
        await matters.begin(tx, made)
        if subjects:
            await matters.concern(tx, made.matter, subjects)
        plan = handling(compiled, known, self._days)
        for due in plan.due:
            await matters.owe(tx, made.matter, due.step, due.at, due.clause)
        said = {"functions": len(affected), "named": len(subjects)}
        await self._record(tx, made, "declare", staff, plan, said)
        return await self.see(tx, made.matter)

    async def see(self, tx: Tx, matter: UUID) -> Incident:
        """Return one incident. Raises `NoSuchMatter`."""
        found = await matters.held(tx, matter, Kind.BREACH)
        lacks = _lacks(await matters.parts(tx, matter), self._plan(found), self._compiled(found))
        return Incident(found, await matters.steps(tx, matter), await matters.told(tx, matter), lacks)

    async def write(self, tx: Tx, matter: UUID, part: str, language: str, said: str) -> Incident:
        """Write one part of the notice. Raises `NoSuchPart`, `NoSuchTurn`."""
        found = await matters.held(tx, matter, Kind.BREACH)
        turn(State(found.state), Event.WRITE)
        known = language in self._compiled(found).policy.languages
        if part not in self._plan(found).parts or not known or not said.strip():
            raise NoSuchPart
        await matters.say(tx, matter, part, language, said.strip())
        return await self.see(tx, matter)

    async def contain(self, tx: Tx, matter: UUID, staff: UUID, document: UUID) -> Incident:
        """Note that it was stopped from spreading; ``document`` says how."""
        return await self._done(tx, matter, (staff, document), Event.CONTAIN, BreachStep.PLAN)

    async def report(self, tx: Tx, matter: UUID, staff: UUID, document: UUID) -> Incident:
        """Note that the authorities have the report; ``document`` is that report."""
        return await self._done(tx, matter, (staff, document), Event.REPORT, BreachStep.REGULATOR)

    async def tell(self, tx: Tx, matter: UUID, staff: UUID) -> Incident:
        """Let the notice go out. Raises `PartsMissing`, `NoSuchTurn`."""
        found = await matters.held(tx, matter, Kind.BREACH)
        state = turn(State(found.state), Event.TELL)
        plan = self._plan(found)
        lacks = _lacks(await matters.parts(tx, matter), plan, self._compiled(found))
        if lacks or not plan.parts:
            raise PartsMissing(f"{', '.join(lacks)}: {PartsMissing.__doc__}")
        for language, said in (await matters.parts(tx, matter)).items():
            await matters.say(tx, matter, matters.LETTER, language, _letter(said, plan, Language(language)))
        await matters.move(tx, matter, state)
        await self._record(tx, found, Event.TELL, staff, plan)
        return await self.see(tx, matter)

    async def close(self, tx: Tx, matter: UUID, staff: UUID) -> Incident:
        """End it. Raises `NotToBeClosed` while the policy still asks for something, `NoSuchTurn`."""
        seen = await self.see(tx, matter)
        state = turn(seen.stands, Event.CLOSE)
        plan = self._plan(seen.matter)
        left = sorted(each.step for each in seen.steps if each.done is None)
        if left:
            raise NotToBeClosed(f"{', '.join(left)}: {NotToBeClosed.__doc__}")
        await matters.move(tx, matter, state, closed=self._parts.clock.now())
        await self._record(tx, seen.matter, Event.CLOSE, staff, plan)
        return await self.see(tx, matter)

    async def advance(self, db: Database) -> int:
        """Take every open incident further: write down whom it concerns, tell them, announce it."""
        async with db.transaction() as tx:
            opened = [each for each in await matters.listed(tx, Kind.BREACH) if each.closed is None]
        return await for_each(opened, partial(self._advance, db))

    async def _advance(self, db: Database, incident: Matter) -> int:
        async with db.transaction() as tx:
            found = await matters.held(tx, incident.matter, Kind.BREACH)
            if not found.gathered:
                return await self._gather(tx, found)
        if found.state != State.TELLING:
            return 0
        plan = self._plan(found)
        said = {"remedy": "owed"} if plan.owes else {}
        done = await self._rounds.tell(db, Round(found, plan.channels, said))
        async with db.transaction() as tx:
            return done + await self._finish(tx, await matters.held(tx, incident.matter, Kind.BREACH), plan)

    async def _gather(self, tx: Tx, found: Matter) -> int:
        """Write down whom it concerns; where staff named them, nobody is added."""
        if await matters.told(tx, found.matter) and found.reached is None:
            return await self._rounds.gather(tx, found, _nobody_else)
        return await self._rounds.gather(tx, found, concerned)

    async def _finish(self, tx: Tx, found: Matter, plan: Handling) -> int:
        """Announce it where somebody was not reached; note that everybody was told, once that is so."""
        if found.state != State.TELLING:
            return 0
        told = await matters.told(tx, found.matter)
        now = self._parts.clock.now()
        hard = bool(told.get("unreached")) or _beyond_accounts(self._compiled(found), found)
        if hard and plan.announce and await matters.announce(tx, found.matter, now):
            await self._record(tx, found, Event.ANNOUNCE, None, plan, {"unreached": told.get("unreached", 0)})
        if told.get("waiting") or told.get("written"):
            return 0
        await matters.move(tx, found.matter, turn(State.TELLING, Event.FINISH))
        for each in await matters.steps(tx, found.matter):
            if each.step not in _BY_STAFF:
                await matters.do(tx, found.matter, each.step, now)
        await self._record(tx, found, Event.FINISH, None, plan, {"carried": told.get("carried", 0)})
        return 1

    async def _done(
        self, tx: Tx, matter: UUID, by: tuple[UUID, UUID], event: Event, step: BreachStep
    ) -> Incident:
        staff, document = by
        found = await matters.held(tx, matter, Kind.BREACH)
        turn(State(found.state), event)
        if await matters.do(tx, matter, step, self._parts.clock.now(), document):
            await self._record(tx, found, event, staff, self._plan(found), {"document": str(document)})
        return await self.see(tx, matter)

    def _compiled(self, found: Matter) -> Compiled:
        return self._parts.gate.policies.version(found.policy, found.version)

    def _plan(self, found: Matter) -> Handling:
        return handling(self._compiled(found), found.began, self._days)

    async def _record(  # noqa: PLR0917 - one entry, with all that it says
        self,
        tx: Tx,
        found: Matter,
        step: str,
        staff: UUID | None,
        plan: Handling,
        said: Mapping[str, str | int] | None = None,
    ) -> None:
        details: dict[str, str | int] = {"matter": str(found.matter), "step": step, **(said or {})}
        if staff is not None:
            details["staff"] = str(staff)
        entry = NewEntry(
            kind=EntryKind.BREACH,
            at=self._parts.clock.now(),
            policy=found.policy,
            version=found.version,
            clauses=tuple(sorted(plan.clauses)),
            details=details,
        )
        await ledger.append(tx, entry)


async def _nobody_else(_tx: Tx, _matter: Matter, _after: UUID, _limit: int) -> tuple[SubjectId, ...]:
    return ()


def _affected(
    compiled: Compiled, functions: Collection[FunctionName], items: Collection[ItemName]
) -> list[FunctionName]:
    """Return the functions affected, in order; empty: all of them. Raises `NotAffected`."""
    takes = {name: set(table.items) for name, table in compiled.functions.items()}
    unknown = set(functions) - takes.keys() or set(items) - {item for has in takes.values() for item in has}
    if unknown:
        raise NotAffected
    return sorted({*functions, *(name for name, has in takes.items() if not has.isdisjoint(items))})


def _lacks(said: Mapping[str, Mapping[str, str]], plan: Handling, compiled: Compiled) -> tuple[str, ...]:
    """Return the parts that are still to be written, with their language."""
    ours = {each.value for each in Language}
    languages = [each for each in compiled.policy.languages if each in ours]
    return tuple(
        f"{part} ({language})"
        for language in languages
        for part in plan.parts
        if part not in said.get(language, {})
    )


def _letter(said: Mapping[str, str], plan: Handling, language: Language) -> str:
    """Return the notice with exactly the parts of the clause, in its order."""
    return "\n\n".join(f"{PHRASES[language][f'part.{part}']}\n{said[part]}" for part in plan.parts)


def _beyond_accounts(compiled: Compiled, found: Matter) -> bool:
    """Return whether it concerns people without an account, whom no letter could reach."""
    names = found.functions or list(compiled.functions)
    return any(
        role is not Role.HOLDER and items
        for name in names
        for role, items in compiled.functions[name].takes.items()
    )
