"""Events as they go in: the readings of one permit and day are one sealed row, many permits at once.

A reading is stored once, however often it is sent: its mark is taken in the same transaction, and a second
sender waits for the first to commit. Seldom was anything of it sent before, so marks and blocks go in
together, however many subjects there are; where one mark is there already, mark by mark. Forms are looked at,
and blocks are packed and sealed, while the server stores the marks; whatever is wrong then, none of it stays.
Whether a permit covers the items is settled before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from os import urandom
from typing import NamedTuple

from psycopg.errors import UniqueViolation

from troth.db import Tx, binary
from troth.terms import Permit, Reading, SubjectId
from troth.vault import blocks, cipher, events, keys, marks
from troth.vault.classes import Fixed
from troth.vault.errors import NotStorable, WrongForm
from troth.vault.keyring import Keyring
from troth.vault.label import PURPOSE, function_of
from troth.vault.sql import QUERIES

_UUID_OF = binary.UUID_OF
_FIELDS = binary.fields(9) + _UUID_OF
_BLOCK = 16
_MICROS_A_DAY = 24 * 60 * 60 * 1_000_000
_DAY_ZERO = date(1970, 1, 1).toordinal()
DemandForm = Callable[[Sequence[Reading]], None]
"""Raises `WrongForm` for readings that must not be sealed as they are."""


class Stored(NamedTuple):
    """How many readings of a batch were stored, how many had been before, how many came too late to keep."""

    stored: int
    duplicates: int
    over: int = 0


class Taken(NamedTuple):
    """What became of a sheaf: of the readings ``offered``, ``kept`` came in time, and ``new`` were stored."""

    offered: Sequence[Reading]
    kept: Sequence[Reading]
    new: Sequence[Reading]

    def counted(self) -> Stored:
        """Return how many."""
        new, kept = len(self.new), len(self.kept)
        return Stored(new, kept - new, len(self.offered) - kept)


class Sheaf(NamedTuple):
    """Readings that one permit covers."""

    permit: Permit
    readings: Sequence[Reading]


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long each sheaf is kept from its measuring (None: as its purpose lasts), and the moment.

    ``held`` are subjects that are live, their rows locked in this transaction.
    """

    fixed: Sequence[Fixed | None]
    now: datetime
    demand_form: DemandForm
    owner_epoch: int = 0
    held: AbstractSet[SubjectId] = frozenset[SubjectId]()

    def kept(self, sheaves: Sequence[Sheaf]) -> Sequence[Sheaf]:
        """Return the sheaves without the readings whose time is over already."""
        return [
            sheaf if fixed is None else Sheaf(sheaf.permit, fixed.not_over(sheaf.readings, self.now))
            for sheaf, fixed in zip(sheaves, self.fixed, strict=True)
        ]


class Bundle(NamedTuple):
    """What is to be sealed of one sheaf, by day, and with what (no key: it has yet to be made)."""

    owner: keys.KeyOwner
    key: keys.DataKey | None
    version: int
    days: Mapping[date, marks.Day]

    def packed(self, demand_form: DemandForm) -> list[bytes]:
        """Return the block of each day, unsealed. Raises `WrongForm`, `NotStorable`."""
        for day in self.days.values():
            demand_form(day.readings)
        return [day.packed() for day in self.days.values()]

    def rows(self, demand_form: DemandForm) -> list[bytes]:
        """Return the block of each day, sealed, as its row of a binary COPY. Raises as `packed` does."""
        owner, key = self.owner, self.key
        if key is None:
            raise AssertionError("nothing seals without a key")
        labels, whose = events.labels(owner), _whose(owner.function, owner.retention)
        begins, of_key = _FIELDS + owner.subject.bytes + whose, key.id.bytes + _versions(self.version)
        found: list[bytes] = []
        for day, held in self.days.items():
            demand_form(held.readings)
            block = urandom(_BLOCK)
            aad = labels.aad(block, events.of_block(day, 1, self.version))
            sealed = cipher.seal(key.secret, aad, held.packed())
            parts = begins, binary.day(day), _UUID_OF, block, _UUID_OF, of_key, binary.data(sealed)
            found.append(b"".join(parts))
        return found


@lru_cache(maxsize=1024)
def _whose(function: str, retention: str) -> bytes:
    return binary.data(function.encode()) + binary.data(retention.encode())


@lru_cache(maxsize=1024)
def _versions(policy_version: int) -> bytes:
    return binary.number(1) + binary.number(policy_version)


class Unstorable(NotStorable):
    """some of these readings cannot be stored: store the others without them"""

    def __init__(self, which: Mapping[int, NotStorable]) -> None:
        super().__init__(str(next(iter(which.values()))))
        self.which = which
        """The places of the sheaves that hold such a reading, and what is wrong with each."""


async def append_each(tx: Tx, keyring: Keyring, offered: Sequence[Sheaf], terms: Terms) -> list[Taken]:
    """Store what was not stored before, and say of each sheaf how much that was.

    Of two readings with one mark, the one in the earlier sheaf counts. Holds the rows of all subjects until
    ``tx`` ends. Raises `Erased`, `WrongForm` or `Unstorable`, and has then stored nothing.
    """
    sheaves = terms.kept(offered)
    days = _days(sheaves)
    owners = [
        keys.KeyOwner(
            subject=sheaf.permit.ask.subject,
            function=function_of(sheaf.permit),
            retention=PURPOSE if fixed is None else fixed.name(),
            owner_epoch=terms.owner_epoch,
        )
        for sheaf, fixed in zip(sheaves, terms.fixed, strict=True)
    ]
    sent = [
        marks.Sent(owner.subject, owner.function, sheaf.permit.ask.device, of)
        for owner, sheaf, of in zip(owners, sheaves, days, strict=True)
    ]
    held = await keys.hold_each(tx, keyring, owners, terms.held)
    bundles = [
        Bundle(owner, key, sheaf.permit.version, of)
        for owner, key, sheaf, of in zip(owners, held, sheaves, days, strict=True)
    ]
    if await _at_once(tx, bundles, sent, terms):
        new = [sheaf.readings for sheaf in sheaves]
    else:
        new = await _the_rest(tx, keyring, bundles, sent, terms)
    return [
        Taken(all_.readings, kept.readings, one)
        for all_, kept, one in zip(offered, sheaves, new, strict=True)
    ]


async def _at_once(tx: Tx, bundles: Sequence[Bundle], sent: Sequence[marks.Sent], terms: Terms) -> bool:
    """Store all of it, or nothing where something was there before or a key has yet to be made."""
    if not any(each.days for each in bundles):
        return True
    if any(each.key is None and each.days for each in bundles):
        return False
    parts = partial(_marks, sent), partial(sealed, bundles, terms.demand_form)
    try:
        await tx.conn.fill(QUERIES["store"], parts)
    except (UniqueViolation, WrongForm, NotStorable) as why:
        await tx.conn.execute(QUERIES["unstore"])
        if not isinstance(why, UniqueViolation):
            raise
        return False
    return True


async def _the_rest(
    tx: Tx, keyring: Keyring, bundles: Sequence[Bundle], sent: Sequence[marks.Sent], terms: Terms
) -> list[Sequence[Reading]]:
    """Store what was not stored before; return what of each that is."""
    for _ in _each(bundles, lambda one: one.packed(terms.demand_form)):
        pass  # nothing is marked beside what cannot be stored
    marked = [one.rows() for one in sent]
    fresh = await marks.unseen(tx, sent, marked)
    left: list[Bundle] = []
    for each, rows, new in zip(bundles, marked, fresh, strict=True):
        if new:
            key = each.key or await keys.for_storing(tx, keyring, each.owner)
            days = each.days if len(new) == len(rows) else by_day(new)
            left.append(each._replace(key=key, days=days))
    if left:
        await tx.conn.fill(QUERIES["copy_blocks"], [partial(sealed, left, terms.demand_form)])
    return [*fresh]


def _marks(sent: Sequence[marks.Sent]) -> Iterator[bytes]:
    return binary.pieces(marks.in_order(sent))


def sealed(bundles: Iterable[Bundle], demand_form: DemandForm) -> Iterator[bytes]:
    """Yield every block, sealed, as a binary COPY takes them. Raises `WrongForm`; `Unstorable` at its end."""
    return binary.pieces(_each(bundles, lambda one: one.rows(demand_form)))


def _each(bundles: Iterable[Bundle], made: Callable[[Bundle], Iterable[bytes]]) -> Iterator[bytes]:
    """Yield what is made of every bundle. Raises `Unstorable` at its end, for all of which nothing was."""
    unfit: dict[int, NotStorable] = {}
    for place, one in enumerate(bundles):
        try:
            yield from made(one)
        except NotStorable as error:
            unfit[place] = error
    if unfit:
        raise Unstorable(unfit)


def _days(sheaves: Sequence[Sheaf]) -> list[Mapping[date, marks.Day]]:
    """Return the readings of every sheaf by day. Raises `Unstorable`."""
    found: list[Mapping[date, marks.Day]] = []
    unfit: dict[int, NotStorable] = {}
    for place, sheaf in enumerate(sheaves):
        try:
            found.append(by_day(sheaf.readings))
        except NotStorable as error:
            unfit[place] = error
    if unfit:
        raise Unstorable(unfit)
    return found


def by_day(readings: Sequence[Reading]) -> Mapping[date, marks.Day]:
    """Return readings by day (UTC): each is to be one block. Raises `NotStorable`."""
    at = blocks.moments(readings)
    if at and min(at) // _MICROS_A_DAY == max(at) // _MICROS_A_DAY:  # mostly
        return {_date(at[0] // _MICROS_A_DAY): _day(readings, at)}
    found: dict[int, tuple[list[Reading], list[int]]] = {}
    for moment, reading in zip(at, readings, strict=True):
        group, moments = found.setdefault(moment // _MICROS_A_DAY, ([], []))
        group.append(reading)
        moments.append(moment)
    return {_date(day): _day(group, moments) for day, (group, moments) in found.items()}


def _day(readings: Sequence[Reading], at: Sequence[int]) -> marks.Day:
    return marks.Day(readings, [reading.id.int.to_bytes(16) for reading in readings], at)


def _date(day: int) -> date:
    return date.fromordinal(_DAY_ZERO + day)
