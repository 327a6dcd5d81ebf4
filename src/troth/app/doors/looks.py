"""Doors by which a person looks at themselves: details, what was collected day by day, who may have what.

All of it on their own right, which outlives their agreement. Looking at one's own is no news, so it is
counted and not written down each time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.app.doors.rights import in_person
from troth.app.looks import Day, Detail, MayReceive, Measured, Readings, RightLine, Timeline, Times
from troth.devices.names import KINDS
from troth.policy.clauses import Need
from troth.policy.requests import taken_back, ways_in
from troth.policy.vocabulary import VOCABULARY
from troth.rights.desk import NotThisWay, way_in_person
from troth.subjects.acts import on_file
from troth.subjects.names import PASSWORD, REGISTER
from troth.subjects.outdated import outdated
from troth.subjects.records import hands_off, takes_from_people
from troth.terms import LEGAL_TIME, FunctionName, PolicyName, Role, Verb
from troth.vault.label import named
from troth.vault.timeline import Trace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from troth.db import Tx
    from troth.policy.clauses import RecipientClause
    from troth.policy.compiled import Compiled, FunctionTable
    from troth.subjects.asking import Asking
    from troth.subjects.outdated import Outdated
    from troth.terms import ItemName, Permit, Reading
    from troth.vault.timeline import Mark

DAYS = 7
"""How many local days are told at once."""
MOST_READINGS = 500
_DAY = timedelta(days=1)
_LAST = date(9999, 12, 28)


class LookDoors(Doors):
    """What a person sees of themselves."""

    async def details(self, token: str) -> tuple[Detail, ...]:
        """Return what is on file, opened, and what else they may give. Raises `NotSignedIn`, `Denied`."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            compiled = await self._system.desk.accepted(tx, asking.subject, asking.policy)
            found: list[Detail] = []
            for function in sorted(compiled.functions, key=lambda each: (each != REGISTER, each)):
                found += await self._of_function(tx, asking, compiled, function)
        return tuple(found)

    async def collected(self, token: str, before: date | None = None) -> Timeline:
        """Return days on which something was collected, the newest first; with ``before``, from before it.

        Readings are opened to be counted, since how many there are stands nowhere in plain. Raises
        `NotSignedIn`, `Denied`, `Erased`.
        """
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            own = await in_person(self._system, tx, asking)
            end = min(before or _LAST, _LAST)
            newest = await self._system.vault.timeline.newest(tx, own, end)
            if newest is None:
                return Timeline((), None)
            end = min(end, newest + 2 * _DAY)  # a day of the database may reach into the next local one
            start = end - DAYS * _DAY
            marks = await self._system.vault.timeline.marks(tx, own, start - _DAY, end)
            days = await self._days(tx, asking, marks, start, end)
            older = await self._system.vault.timeline.newest(tx, own, start)
        return Timeline(days, start if older is not None else None)

    async def readings(
        self, token: str, policy: PolicyName | None, function: FunctionName, day: date
    ) -> Readings:
        """Return what one function has of a local day. Raises `NotSignedIn`, `Denied`, `Erased`."""
        shown: list[Measured] = []
        times = 0
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token), policy)
            async for each in await self._events(tx, asking, function, day, day + _DAY):
                times += 1
                if len(shown) < MOST_READINGS:
                    shown.append(Measured(each.id, each.measured, each.item, each.value))
        return Readings(day, times, tuple(shown))

    async def outdated(self, token: str) -> Sequence[Outdated]:
        """Return what a restore lost of what they had corrected, to be given again. Raises `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            return await outdated(tx, subject)

    async def may_receive(self, token: str) -> tuple[MayReceive, ...]:
        """Return who may get what of this person, by the version they accepted. Raises `Denied`."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            await in_person(self._system, tx, asking)
            compiled = await self._system.desk.accepted(tx, asking.subject, asking.policy)
        return tuple(
            _may_receive(table, each)
            for table in compiled.functions.values()
            for each in table.recipients.values()
        )

    async def rights(self, token: str) -> tuple[RightLine, ...]:
        """Return the rights of the version they accepted, and how each is used. Raises `Denied`."""
        async with self._open() as tx:
            asking = await self._asking(tx, await self._who(tx, token))
            await in_person(self._system, tx, asking)
            compiled = await self._system.desk.accepted(tx, asking.subject, asking.policy)
        desk = self._system.desk
        return tuple(
            RightLine(
                right,
                clause.id,
                _here(compiled, right),
                tuple(ways_in(compiled, right)),
                desk.ends(compiled, right, asking.at),
                taken_back(compiled, right),
            )
            for right, clause in compiled.rights.items()
        )

    async def _of_function(
        self, tx: Tx, asking: Asking, compiled: Compiled, function: FunctionName
    ) -> list[Detail]:
        """Return what lies in the vault for a function, and what they may give it; no password."""
        table = compiled.functions[function]
        noted = await on_file(tx, asking.subject, asking.policy, function)
        ask = asking.by_right(Verb.USE, function, noted | _own(table))
        if not ask.items:
            return []
        permit = await self._system.gate.admit(tx, ask, counted=True)
        values = await self._system.vault.on_file(tx, permit)
        given, fixed = _given(table), hands_off(compiled, function)
        held = noted | values.keys()
        return [
            Detail(
                function=function,
                item=item,
                clause=table.items[item].id if item in table.items else table.clause.id,
                on_file=item in held,
                value=None if item == PASSWORD else values.get(item),
                may_give=item in given | noted and item not in fixed,
                may_take_back=item in noted and item not in fixed,
            )
            for item in sorted(held | given)
        ]

    async def _days(
        self, tx: Tx, asking: Asking, marks: Sequence[Mark], start: date, end: date
    ) -> tuple[Day, ...]:
        """Put together the local days from ``start`` up to, not including, ``end``."""
        days = {start + n * _DAY: Day(day=start + n * _DAY) for n in range((end - start).days)}
        for name in sorted({mark.function for mark in marks if mark.trace == Trace.EVENTS}):
            policy, function = named(name)
            events = await self._events(tx, replace(asking, policy=policy), function, start, end)
            for day, times in (await _counted(policy, function, events)).items():
                days[day] = replace(days[day], measured=(*days[day].measured, *times))
        for day, found in days.items():
            put = _on(marks, Trace.DOCUMENT, day)
            days[day] = replace(found, put=put, films=_on(marks, Trace.MEDIA, day))
        told = (day for day in days.values() if day.measured or day.put or day.films)
        return tuple(sorted(told, key=lambda day: day.day, reverse=True))

    async def _events(
        self, tx: Tx, asking: Asking, function: FunctionName, start: date, end: date
    ) -> AsyncIterator[Reading]:
        """Return the readings of a function, measured on these local days."""
        permit = await self._by_right(tx, asking, function)
        return self._system.vault.events(tx, permit, _midnight(start), _midnight(end))

    async def _by_right(self, tx: Tx, asking: Asking, function: FunctionName) -> Permit:
        versions = self._system.gate.policies.versions(asking.policy).values()
        tables = (each.functions[function] for each in versions if function in each.functions)
        items = {item for table in tables for item in _own(table)}
        return await self._system.gate.admit(tx, asking.by_right(Verb.USE, function, items), counted=True)


def _own(table: FunctionTable) -> frozenset[ItemName]:
    """Return the items that are about whoever has the account, not about people around them."""
    return frozenset(item for item, each in table.items.items() if each.about in (None, Role.HOLDER))


def _may_receive(table: FunctionTable, clause: RecipientClause) -> MayReceive:
    purpose = table.purposes.get(clause.purpose)
    return MayReceive(
        recipient=clause.recipient,
        title=clause.title,
        function=clause.function,
        purpose=clause.purpose,
        items=tuple(sorted(clause.items)),
        clause=clause.id,
        aim=purpose.title if purpose else {},
        only_on=tuple(sorted(basis.value for basis in purpose.only_on)) if purpose else (),
    )


def _given(table: FunctionTable) -> frozenset[ItemName]:
    """Return the items that people may put on file for a function themselves; binding brings its own."""
    if not takes_from_people(table):
        return frozenset()
    bound = (kind.items for kind in KINDS.values() if kind.items <= table.items.keys())
    asked_for = frozenset(i for i, each in table.items.items() if each.need is not Need.WHEN_USED)
    return asked_for.difference(table.unkept, *bound) & _own(table)


def _here(compiled: Compiled, right: str) -> bool:
    try:
        way_in_person(compiled, right)
    except NotThisWay:
        return False
    return True


async def _counted(
    policy: PolicyName, function: FunctionName, events: AsyncIterator[Reading]
) -> dict[date, tuple[Times, ...]]:
    """Count readings by local day and item."""
    times: Counter[tuple[date, ItemName]] = Counter()
    many: Counter[tuple[date, ItemName]] = Counter()
    first: dict[tuple[date, ItemName], datetime] = {}
    last: dict[tuple[date, ItemName], datetime] = {}
    async for each in events:
        key = each.measured.astimezone(LEGAL_TIME).date(), each.item
        times[key] += 1
        many[key] += VOCABULARY[each.item].many(each.value)
        first[key] = min(each.measured, first.get(key, each.measured))
        last[key] = max(each.measured, last.get(key, each.measured))
    found: dict[date, tuple[Times, ...]] = {}
    for day, item in sorted(times):
        key = day, item
        line = Times(
            policy=policy,
            function=function,
            item=item,
            times=times[key],
            many=many[key],
            first=first[key],
            last=last[key],
        )
        found[day] = (*found.get(day, ()), line)
    return found


def _on(marks: Iterable[Mark], trace: Trace, day: date) -> tuple[tuple[FunctionName, ItemName], ...]:
    """Return what was put on file on a day: of these only the day is known, and that in UTC."""
    found = {(mark.function, mark.item) for mark in marks if mark.trace == trace and mark.day == day}
    return tuple((named(name)[1], item) for name, item in sorted(found))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LEGAL_TIME).astimezone(UTC)
