"""The door: reads the standing, decides, puts it on record, and hands out the permit or raises.

A yes commits or falls with the caller's transaction, which also holds the lock on the subject's row. A no is
recorded in a transaction of its own, because the caller's is about to roll back. Nothing here says yes by
itself: whatever goes wrong is a no.

INVARIANT: a withdrawal that is committed before an effect commits is seen by its decision. The standing is
read under the lock on the subject's row, which both hold until they commit; a standing kept from before is
used only when the generation in the locked row is its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import structs

from troth import ledger
from troth.db import Database, Next, Tx
from troth.gate._mint import mint
from troth.gate.decide import SKEW
from troth.gate.evidence import Judged, counted_each, put_on_record
from troth.gate.memory import Memory
from troth.gate.policies import Policies
from troth.ledger.endings import Endings
from troth.policy.compiled import Compiled
from troth.terms import (
    Allow,
    Ask,
    ClauseId,
    Clock,
    Denied,
    Deny,
    EntryId,
    Permit,
    PolicyName,
    Reason,
    Standing,
    SubjectId,
    Verb,
)

DENIALS_A_MINUTE = 10
"""How many denials of one subject are written in a minute, by one process; further ones are counted."""
RECORDED_WITHIN_S = 5.0
"""How long a denial may take to be recorded before the caller is refused without an entry."""
_ERROR = Deny(Reason.ERROR, frozenset())
_LOG = logging.getLogger("troth.gate")


class Gate:
    """The only maker of permits.

    ``db`` is where denials are recorded. Give it a pool of its own: callers who wait for their denial may be
    holding all of another.
    """

    def __init__(
        self, policies: Mapping[PolicyName, Mapping[int, Compiled]], db: Database, clock: Clock
    ) -> None:
        self.policies = Policies(policies, clock)
        self.standings = ledger.Standings()
        self.endings = Endings()
        self._db = db
        self._clock = clock
        self._written = _PerMinute()
        self._memory = Memory()

    async def admit(self, tx: Tx, ask: Ask, *, counted: bool = False) -> Permit:
        """Return the permit for ``ask``, its evidence in ``tx``; raise `Denied`, its evidence committed.

        Holds the subject's row until ``tx`` ends. With ``counted`` (telemetry) decisions are not written one
        by one. Under the version that the subject accepted last; the current one if they never did.
        """
        now = self._clock.now()
        judged, error = await self._judge(tx, ask, now)
        if isinstance(judged.decision, Allow):
            try:
                return await self._grant(tx, ask, judged, judged.decision, now=now, counted=counted)
            except Exception as unrecordable:  # noqa: BLE001  # no evidence, no access
                judged, error = structs.replace(judged, decision=_ERROR), unrecordable
        entry = await self._refuse(ask, judged, now, counted=counted)
        denied = judged.decision if isinstance(judged.decision, Deny) else _ERROR
        raise Denied(denied, entry) from error

    async def hold(
        self, tx: Tx, subjects: Iterable[SubjectId], *, then: Sequence[Next[Any]] = ()
    ) -> ledger.Held:
        """Lock the rows of ``subjects`` until ``tx`` ends and return their standings, for `admit_each`.

        ``then`` is asked on the same trip, under the locks.
        """
        await self.endings.look(tx, self._clock.now())
        return await self.standings.hold(tx, subjects, then=then)

    async def admit_each(
        self, tx: Tx, held: ledger.Held, asks: Sequence[Ask], times: Sequence[int] = ()
    ) -> list[Permit | Denied]:
        """Answer many asks at once, in their order, as `admit` would with ``counted``: one yes or no each.

        ``held`` is what `hold` returned in ``tx``, to which no act was added since. ``times``: for how many
        messages each is asked (one), which is how often it counts. Raises when the yeses can't be put on
        record: then nothing may be stored.
        """
        if held.tx is not tx:
            raise AssertionError("standings held by another transaction")
        now = self._clock.now()
        answers = [self._judged(held.of(ask.subject), ask, now) for ask in asks]
        each = zip(answers, asks, times or [1] * len(asks), strict=True)
        allowed, denied = counted_each([(judged, ask, n) for (judged, _), ask, n in each])
        await ledger.count_all(tx, allowed, now)
        await self._refuse_each(denied, now)
        return [_answer(judged, error, ask, now) for (judged, error), ask in zip(answers, asks, strict=True)]

    async def _judge(self, tx: Tx, ask: Ask, now: datetime) -> tuple[Judged, Exception | None]:
        try:
            await self.endings.look(tx, now)
            held = await self.standings.hold(tx, (ask.subject,))
        except Exception as error:  # noqa: BLE001  # an error while deciding is a no
            return Judged(_ERROR), error
        return self._judged(held.of(ask.subject), ask, now)

    def _judged(self, standing: Standing | None, ask: Ask, now: datetime) -> tuple[Judged, Exception | None]:
        judged = Judged(_ERROR, known=standing is not None)
        try:
            if ask.policy not in self.policies:
                return Judged(Deny(Reason.UNKNOWN_POLICY, frozenset())), None
            if ask.at - now > SKEW:  # the asker's clock is wrong: what is not yet given would count
                return judged, None
            if ask.verb is Verb.COLLECT and (end := self.endings.ended(ask.policy, ask.function, now)):
                because = frozenset({end.clause}) if end.clause else frozenset[ClauseId]()
                return Judged(Deny(Reason.UNKNOWN_FUNCTION, because), known=standing is not None), None
            said = self._memory.answer(self.policies.versions(ask.policy), standing, ask)
            return Judged(said.decision, said.compiled, known=standing is not None), None
        except Exception as error:  # noqa: BLE001  # an error while deciding is a no
            return judged, error

    async def _grant(
        self, tx: Tx, ask: Ask, judged: Judged, allow: Allow, *, now: datetime, counted: bool
    ) -> Permit:
        if judged.compiled is None:
            raise AssertionError("a yes without a policy")
        entry = await put_on_record(tx, judged, ask, now, counted=counted)
        dropped = Counter(drop.reason for drop in allow.dropped)
        for reason, n in sorted(dropped.items()):
            await ledger.count(tx, judged.policy(), judged.function(ask), "deny", reason, now, n)
        return mint(ask, allow, judged.compiled.policy.version, now, entry)

    async def _refuse_each(self, denied: Counter[ledger.Counted], now: datetime) -> None:
        """Count denials, on a connection of its own."""
        if not denied:
            return
        try:
            async with asyncio.timeout(RECORDED_WITHIN_S), self._db.transaction() as own:
                await ledger.count_all(own, denied, now)
        except Exception as error:  # noqa: BLE001  # the answers stay no, with or without their evidence
            _missed(denied.total(), error)

    async def _refuse(self, ask: Ask, judged: Judged, now: datetime, *, counted: bool) -> EntryId | None:
        """Record a denial, on a connection of its own and without a lock on the subject."""
        try:
            write = judged.known and not counted and self._written.below(ask.subject, now)
            async with asyncio.timeout(RECORDED_WITHIN_S), self._db.transaction() as own:
                return await put_on_record(own, judged, ask, now, counted=not write)
        except Exception as error:  # noqa: BLE001  # the answer stays no, with or without its evidence
            _missed(1, error)
            return None


def _missed(denials: int, error: Exception) -> None:
    """Tell the operator that evidence is missing. The cause by its kind alone: its words may hold values."""
    _LOG.warning("%d denials are not on record: %s", denials, type(error).__name__)


def _answer(judged: Judged, error: Exception | None, ask: Ask, now: datetime) -> Permit | Denied:
    decision, compiled = judged.decision, judged.compiled
    if isinstance(decision, Allow) and compiled is not None:
        return mint(ask, decision, compiled.policy.version, now, None)
    denied = Denied(decision if isinstance(decision, Deny) else _ERROR)
    denied.__cause__ = error
    return denied


class _PerMinute:
    """How often each subject was written about in this minute."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._times: Counter[SubjectId] = Counter()

    def below(self, subject: SubjectId, now: datetime) -> bool:
        """Count one more; return whether it is still within the limit."""
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            self._minute, self._times = minute, Counter()
        self._times[subject] += 1
        return self._times[subject] <= DENIALS_A_MINUTE
