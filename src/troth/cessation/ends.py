"""The end of a function or of the whole service: told, refused from its moment on, then erased for everybody.

Staff say what ends and when; the rest says the policy. Erasing one person's part is handed in: it is the same
as theirs would be, on their own right. Goes on where it was after a crash; each person once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth import ledger
from troth.cessation.moves import Event, State, turn
from troth.db import for_each
from troth.ledger import EntryKind, NewEntry
from troth.ledger.endings import NOTICE, WHOLE, End
from troth.ledger.endings import end as keep
from troth.policy.endings import ending
from troth.policy.words import Language
from troth.subjects import matters
from troth.subjects.matters import Kind, Matter
from troth.subjects.rounds import Round, concerned
from troth.terms import LEGAL_TIME, FunctionName, PolicyName, SubjectId, TrothError
from troth.vault.holders import FIRST

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.policy.calendar import WorkingDays
    from troth.policy.compiled import Compiled
    from troth.policy.endings import Ending
    from troth.subjects.parts import Parts
    from troth.subjects.rounds import Rounds

Erase = Callable[["Tx", SubjectId, PolicyName, Collection[FunctionName]], Awaitable[None]]
"""Erase what is held of one person for some functions; for none: their account."""
BEFORE = timedelta(days=1)
"""So long before the last moment erasing begins: until then people may still take their copy."""
ERASE = "erase"
_AT_ONCE = 50
_TEXTS: Mapping[Language, str] = {
    Language.EN: "{what} ends on {at}. From then on nothing more is collected for it. {erased}"
    "You can take a copy of what is held before.",
    Language.ZH: "{what}将于 {at} 终止。自该时起不再为此收集任何信息。{erased}"
    "在此之前您可以获取相关信息的副本。",
}
_ERASED: Mapping[Language, str] = {
    Language.EN: "What is held is deleted by {erased}. ",
    Language.ZH: "已保存的信息将于 {erased} 前删除。",
}
_SERVICE: Mapping[Language, str] = {Language.EN: "The service", Language.ZH: "本服务"}


class TooSoon(TrothError):
    """an end is announced before it comes: choose a moment that leaves time to tell people"""


class NoSuchFunction(TrothError):
    """the policy has no such function: name those that it has, or none for the whole service"""


class Ends:
    """The workflow. For `announce` the caller owns ``tx``; `advance` opens its own."""

    def __init__(self, parts: Parts, rounds: Rounds, days: WorkingDays, erase: Erase) -> None:
        self._parts = parts
        self._rounds = rounds
        self._days = days
        self._erase = erase

    async def announce(
        self, tx: Tx, staff: UUID, policy: PolicyName, functions: Collection[FunctionName], at: datetime
    ) -> Matter:
        """Say that functions, or with none the service, end at ``at``. Raises `TooSoon`, `NoSuchFunction`."""
        now = self._parts.clock.now()
        if at < now + NOTICE:
            raise TooSoon
        compiled = self._parts.gate.policies.current(policy)
        if not set(functions) <= compiled.functions.keys():
            raise NoSuchFunction
        plan = ending(compiled, at, self._days, whole=not functions)
        version = compiled.policy.version
        made = Matter(uuid4(), Kind.ENDING, policy, version, sorted(functions), State.ANNOUNCED, now, at)
        await matters.begin(tx, made)
        for language in Language:
            await matters.say(
                tx, made.matter, matters.LETTER, language, _letter(compiled, made, plan, language)
            )
        if plan.announce:
            await matters.announce(tx, made.matter, now)
        if plan.stop is not None:
            for name in sorted(functions) or [WHOLE]:
                await keep(tx, End(policy, name, at, plan.stop))
        if plan.erases is not None:
            await matters.owe(tx, made.matter, ERASE, plan.erased, plan.erases)
        said: dict[str, str | int] = {"staff": str(staff), "functions": len(functions)}
        # What a restore of an older backup needs to know of it.
        said |= {"until": _word(at)} | {f"what_{n}": name for n, name in enumerate(made.functions, 1)}
        await self._record(tx, made, "announce", plan, said)
        return made

    async def advance(self, db: Database) -> int:
        """Take every end further: tell people, see it come, erase; return how much was done."""
        async with db.transaction() as tx:
            opened = [each.matter for each in await matters.listed(tx, Kind.ENDING) if each.closed is None]
        return await for_each(opened, partial(self._advance, db))

    async def erase(self, db: Database) -> int:
        """Erase what ended things still hold, one person a transaction; ``db`` may delete acts."""
        now = self._parts.clock.now()
        async with db.transaction() as tx:
            found = [each for each in await matters.listed(tx, Kind.ENDING) if each.state == State.ENDED]
            due = [
                each
                for each in found
                for step in await matters.steps(tx, each.matter)
                if step.step == ERASE and step.done is None and step.at - BEFORE <= now
            ]
        return await for_each(due, partial(self._erase_some, db))

    async def _erase_some(self, db: Database, ended: Matter) -> int:
        async def erased(subject: SubjectId) -> int:
            async with db.transaction() as tx:
                if await ledger.standing(tx, subject, lock=True) is None:
                    return 0
                await self._erase(tx, subject, ended.policy, ended.functions)
            return 1

        async with db.transaction() as tx:
            left = await concerned(tx, ended, FIRST, _AT_ONCE)
        if left:
            return await for_each(left, erased)
        async with db.transaction() as tx:
            return await self._erased(tx, await matters.held(tx, ended.matter, Kind.ENDING))

    async def _erased(self, tx: Tx, found: Matter) -> int:
        if found.state != State.ENDED:
            return 0
        now = self._parts.clock.now()
        await matters.do(tx, found.matter, ERASE, now)
        await matters.move(tx, found.matter, turn(State.ENDED, Event.ERASE), closed=now)
        await self._record(tx, found, Event.ERASE, self._plan(found), {})
        return 1

    async def _advance(self, db: Database, matter: UUID) -> int:
        now = self._parts.clock.now()
        async with db.transaction() as tx:
            found = await matters.held(tx, matter, Kind.ENDING)
            plan = self._plan(found)
            if found.state in (State.ANNOUNCED, State.TOLD) and found.at is not None and found.at <= now:
                closed = now if plan.erases is None else None
                await matters.move(tx, matter, turn(State(found.state), Event.COME), closed=closed)
                await self._record(tx, found, Event.COME, plan, {})
                return 1
            if not found.gathered:
                return await self._rounds.gather(tx, found, concerned)
        done = await self._rounds.tell(db, Round(found, plan.channels, {}))
        async with db.transaction() as tx:
            found = await matters.held(tx, matter, Kind.ENDING)
            told = await matters.told(tx, matter)
            if found.state == State.ANNOUNCED and not (told.get("waiting") or told.get("written")):
                if told.get("unreached") and plan.tells is not None:
                    await matters.announce(tx, matter, now)
                await matters.move(tx, matter, turn(State.ANNOUNCED, Event.FINISH))
                await self._record(tx, found, Event.FINISH, plan, {"people": sum(told.values())})
                done += 1
        return done

    def _plan(self, found: Matter) -> Ending:
        compiled = self._parts.gate.policies.version(found.policy, found.version)
        return ending(compiled, found.at or found.began, self._days, whole=not found.functions)

    async def _record(
        self, tx: Tx, found: Matter, step: str, plan: Ending, said: Mapping[str, str | int]
    ) -> None:
        clauses = (plan.stop, plan.tells, plan.erases)
        entry = NewEntry(
            kind=EntryKind.ENDING,
            at=self._parts.clock.now(),
            policy=found.policy,
            version=found.version,
            clauses=tuple(sorted(each for each in clauses if each is not None)),
            details={"matter": str(found.matter), "step": step, **said},
        )
        await ledger.append(tx, entry)


def _letter(compiled: Compiled, made: Matter, plan: Ending, language: Language) -> str:
    titles = [compiled.functions[name].clause.title.get(language, name) for name in made.functions]
    erased = _ERASED[language].format(erased=_day(plan.erased)) if plan.erases is not None else ""
    what = ", ".join(titles) or _SERVICE[language]
    return _TEXTS[language].format(what=what, at=_day(made.at or made.began), erased=erased)


def _word(at: datetime) -> str:
    """Return a moment as an entry takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dt%H:%M:%Sz")


def _day(at: datetime) -> str:
    return at.astimezone(LEGAL_TIME).strftime("%Y-%m-%d %H:%M")
