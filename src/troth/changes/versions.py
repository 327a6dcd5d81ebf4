"""A next version of a policy: everybody under an older one is told, and asked where it lessens their rights.

It begins by itself once the version's file is here. What is done says the version before it, which they
accepted; that an older version stays theirs until they agree is the gate's part. Goes on where it was after a
crash; each step once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from troth import ledger
from troth.changes.letters import letter
from troth.changes.moves import Event, State, turn
from troth.db import for_each
from troth.ledger import EntryKind, NewEntry
from troth.ledger.versions import stands_under, under_older
from troth.policy.changes import compare, telling
from troth.policy.text import notice
from troth.policy.words import Language
from troth.subjects import matters
from troth.subjects.matters import Kind, Matter
from troth.subjects.rounds import Round
from troth.terms import LEGAL_TIME, Act, ActKind, PolicyName, SubjectId

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.policy.changes import Change, Telling
    from troth.policy.compiled import Compiled
    from troth.subjects.parts import Parts
    from troth.subjects.rounds import Rounds

TELL = "tell"
"""What is due on the day that it takes effect."""


class Changes:
    """The workflow. `advance` opens its own transactions; for the rest the caller owns ``tx``."""

    def __init__(self, parts: Parts, rounds: Rounds, policies: Sequence[PolicyName]) -> None:
        self._parts = parts
        self._rounds = rounds
        self._policies = policies
        self._compared: dict[tuple[PolicyName, int], tuple[Change, Telling]] = {}

    async def advance(self, db: Database) -> int:
        """Take every version that is not yet in force further; return how much was done."""
        done = 0
        async with db.transaction() as tx:
            known = {each.matter: each for each in await matters.listed(tx, Kind.CHANGE)}
            waited_for = await matters.waited_for(tx)
        for policy in self._policies:
            versions = sorted(self._parts.gate.policies.versions(policy))
            for older, newer in pairwise(versions):
                if _number(policy, newer) not in known:
                    async with db.transaction() as tx:
                        done += await self._publish(tx, policy, older, newer)
        going = [each.matter for each in known.values() if each.matter in waited_for or self._goes_on(each)]
        return done + await for_each(going, partial(self._advance, db))

    async def greet(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> None:
        """Let someone who agreed to a version whose successor is published be told of that too."""
        current = self._parts.gate.policies.current(policy).policy.version
        if current == max(self._parts.gate.policies.versions(policy)):
            return
        for each in await matters.listed(tx, Kind.CHANGE):
            if each.policy == policy and each.version > current and each.closed is None:
                await matters.concern(tx, each.matter, [subject])

    async def readable(self, tx: Tx, policy: PolicyName, version: int) -> Compiled | None:
        """Return a version that anyone may read: as archived, or as long as someone stands under it."""
        versions = self._parts.gate.policies.versions(policy)
        found = versions.get(version)
        if found is None or version >= self._parts.gate.policies.current(policy).policy.version:
            return found
        after = min(each for each in versions if each > version)
        if telling(found, compare(found, versions[after])).archive:
            return found
        return found if await stands_under(tx, policy, version) else None

    async def see(self, tx: Tx, subject: SubjectId, matter: UUID, language: Language) -> None:
        """Note that a notice was put before them; seeing it after its day is going on, where that agrees.

        Until that day they are shown it again. Raises `NoSuchMatter`.
        """
        now = self._parts.clock.now()
        found = await matters.held(tx, matter, Kind.CHANGE)
        compiled = self._parts.gate.policies.version(found.policy, found.version)
        text_hash = notice(compiled, language).text_hash
        act = Act(
            kind=ActKind.SHOWN, policy=found.policy, at=now, version=found.version,
            language=language.value, text_hash=text_hash,
        )  # fmt: skip
        await ledger.record(tx, subject, act)
        _, told = self._told(found)
        if told.goes_on and found.state != State.IN_FORCE:
            return
        await matters.see(tx, subject, matter, now)
        if told.goes_on:
            await ledger.record(
                tx,
                subject,
                Act(
                    kind=ActKind.CONTINUED, policy=found.policy, at=now, version=found.version,
                    language=language.value, text_hash=text_hash,
                ),
            )  # fmt: skip

    async def _publish(self, tx: Tx, policy: PolicyName, older: int, newer: int) -> int:
        """Begin to tell of a version; once, whichever process comes first."""
        now = self._parts.clock.now()
        compiled = self._parts.gate.policies.version(policy, newer)
        at = max(now, datetime.combine(compiled.policy.effective, time(), LEGAL_TIME))
        made = Matter(
            _number(policy, newer),
            Kind.CHANGE,
            policy,
            newer,
            [],
            State.PUBLISHED,
            now,
            at,
        )
        if not await matters.begin(tx, made):
            return 0
        change, told = self._told(made)
        before = self._parts.gate.policies.version(policy, older)
        for language in Language:
            await matters.say(
                tx,
                made.matter,
                matters.LETTER,
                language,
                letter(before, compiled, change, told, at, language),
            )
        await matters.owe(tx, made.matter, TELL, at, min(told.clauses, default=None))
        said = {
            "major": int(bool(told.channels)),
            "lessens": len(change.lessens),
            "changed": len(change.clauses),
        }
        await self._record(tx, made, "publish", told, said)
        if told.places:
            await matters.announce(tx, made.matter, now)
        await matters.move(tx, made.matter, turn(State.PUBLISHED, Event.TELL))
        return 1

    def _goes_on(self, found: Matter) -> bool:
        """Return whether there may be more to do than to tell who waits for it."""
        if found.closed is not None:
            return False
        due = found.at is not None and found.at <= self._parts.clock.now()
        return not found.gathered or found.state == State.TELLING or (found.state == State.TOLD and due)

    async def _advance(self, db: Database, matter: UUID) -> int:
        now = self._parts.clock.now()
        async with db.transaction() as tx:
            found = await matters.held(tx, matter, Kind.CHANGE)
            _, told = self._told(found)
            if not found.gathered:
                return await self._rounds.gather(tx, found, _under_older)
            if found.state == State.TOLD and found.at is not None and found.at <= now:
                await matters.move(tx, matter, turn(State.TOLD, Event.TAKE_EFFECT), closed=now)
                await self._record(tx, found, Event.TAKE_EFFECT, told, {})
                return 1
        if found.state not in (State.TELLING, State.TOLD):  # who signs up later is told as well
            return 0
        done = await self._rounds.tell(db, Round(found, told.channels, {"asked": int(told.asks)}))
        async with db.transaction() as tx:
            found = await matters.held(tx, matter, Kind.CHANGE)
            people = await matters.told(tx, matter)
            if found.state == State.TELLING and not (people.get("waiting") or people.get("written")):
                await matters.move(tx, matter, turn(State.TELLING, Event.FINISH))
                await matters.do(tx, matter, TELL, now)
                await self._record(tx, found, Event.FINISH, told, {"people": sum(people.values())})
                done += 1
        return done

    def _told(self, found: Matter) -> tuple[Change, Telling]:
        """Return what a version changes, and what the one before it wants done about that."""
        key = found.policy, found.version
        if key not in self._compared:
            versions = self._parts.gate.policies.versions(found.policy)
            before = versions[max(each for each in versions if each < found.version)]
            change = compare(before, versions[found.version])
            self._compared[key] = change, telling(before, change)
        return self._compared[key]

    async def _record(self, tx: Tx, found: Matter, step: str, told: Telling, said: Mapping[str, int]) -> None:
        entry = NewEntry(
            kind=EntryKind.POLICY_CHANGE,
            at=self._parts.clock.now(),
            policy=found.policy,
            version=found.version,
            clauses=tuple(sorted(told.clauses)),
            details={"matter": str(found.matter), "step": step, **said},
        )
        await ledger.append(tx, entry)


def _number(policy: PolicyName, version: int) -> UUID:
    """Return the number of the matter that a version is; the same in every process."""
    return uuid5(NAMESPACE_URL, f"troth:{policy}/{version}")


async def _under_older(tx: Tx, matter: Matter, after: UUID, limit: int) -> Sequence[SubjectId]:
    return await under_older(tx, matter.policy, matter.version, after, limit)
