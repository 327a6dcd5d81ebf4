"""Partitions of tables that grow with time: made ahead, dropped when everything in them has expired.

A growing table is partitioned by range of a date column, with a default partition ``<parent>_rest``, so that
a row of any day is taken. What lies there when its span gets a partition is moved. Partitions are named by
their first day; run by the role that owns the tables. Knows no word of the domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from psycopg import sql

from troth.db.pool import Tx

_LOCK = 7423
_DECEMBER = 12
_NAME = re.compile(r"_(?P<year>\d{4})_(?P<month>\d{2})(_(?P<day>\d{2}))?$")


class Every(StrEnum):
    """How long a span one partition covers."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Growing:
    """A table that grows. ``unmeasured`` names columns that keep no statistics: they hold ciphertext.

    ``unique`` names those that are unique within a partition, where that needs no key of the whole table.
    """

    parent: str
    column: str
    every: Every
    unmeasured: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """The days of one partition: from ``first`` up to, not including, ``end``."""

    first: date
    end: date


def spans(every: Every, since: date, until: date) -> Iterator[Span]:
    """Yield the spans that together cover ``since`` to ``until``, both included."""
    first = since if every is Every.DAY else since.replace(day=1)
    while first <= until:
        end = _next(every, first)
        yield Span(first, end)
        first = end


async def ensure(tx: Tx, growing: Growing, since: date, until: date) -> tuple[str, ...]:
    """Make the partitions that cover ``since`` to ``until``; return the names of those that were missing.

    Raises `psycopg.errors.LockNotAvailable` when a long transaction is in the way: try again later. Several
    tables in one transaction are to be taken in the order in which writers take them.
    """
    await tx.run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
    there = set(await _names(tx, growing))
    made: list[str] = []
    for span in spans(growing.every, since, until):
        name = _name(growing, span)
        if name not in there:
            await _make(tx, growing, name, span)
            made.append(name)
    return tuple(made)


async def expire(tx: Tx, growing: Growing, before: date) -> tuple[str, ...]:
    """Drop the partitions whose last day is before ``before``; return their names.

    Rows of such days in the default partition are deleted.
    """
    await tx.run("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _LOCK})
    dropped: list[str] = []
    for name in await _names(tx, growing):
        span = _span(name)
        if span is not None and span.end <= before:
            await tx.conn.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
            dropped.append(name)
    statement = sql.SQL("DELETE FROM {} WHERE {} < {}").format(
        sql.Identifier(f"{growing.parent}_rest"), sql.Identifier(growing.column), sql.Literal(before)
    )
    await tx.conn.execute(statement)
    return tuple(dropped)


async def _make(tx: Tx, growing: Growing, name: str, span: Span) -> None:
    parts = {
        "name": sql.Identifier(name),
        "parent": sql.Identifier(growing.parent),
        "rest": sql.Identifier(f"{growing.parent}_rest"),
        "column": sql.Identifier(growing.column),
        "first": sql.Literal(span.first),
        "end": sql.Literal(span.end),
    }
    create = sql.SQL("CREATE TABLE {name} (LIKE {parent} INCLUDING ALL)")
    move = sql.SQL(
        "WITH moved AS (DELETE FROM {rest} WHERE {column} >= {first} AND {column} < {end} RETURNING *) "
        "INSERT INTO {name} SELECT * FROM moved"
    )
    attach = sql.SQL("ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({end})")
    # Writers wait at the parent, before a partition is chosen for their row: chosen earlier, it could be the
    # wrong one after the attachment, and their transaction would fail. Readers keep the default partition
    # from being locked, so the wait is short and the next attempt tries again.
    await tx.conn.execute("SET LOCAL lock_timeout = '2s'")
    await tx.conn.execute(sql.SQL("LOCK TABLE ONLY {parent} IN SHARE MODE").format(**parts))
    await tx.conn.execute(sql.SQL("LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE").format(**parts))
    await tx.conn.execute(create.format(**parts))
    for column in growing.unmeasured:
        quiet = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0")
        await tx.conn.execute(quiet.format(sql.Identifier(name), sql.Identifier(column)))
    if growing.unique:
        columns = sql.SQL(", ").join([sql.Identifier(column) for column in growing.unique])
        await tx.conn.execute(sql.SQL("CREATE UNIQUE INDEX ON {} ({})").format(parts["name"], columns))
    await tx.conn.execute(move.format(**parts))
    await tx.conn.execute(attach.format(**parts))


async def _names(tx: Tx, growing: Growing) -> list[str]:
    cursor = await tx.conn.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = %(parent)s::regclass ORDER BY c.relname",
        {"parent": growing.parent},
    )
    return [str(row[0]) for row in await cursor.fetchall()]


def _next(every: Every, first: date) -> date:
    if every is Every.DAY:
        return first + timedelta(days=1)
    if first.month == _DECEMBER:
        return first.replace(year=first.year + 1, month=1)
    return first.replace(month=first.month + 1)


def _name(growing: Growing, span: Span) -> str:
    return f"{growing.parent}_{span.first:%Y_%m}" + (
        f"_{span.first:%d}" if growing.every is Every.DAY else ""
    )


def _span(name: str) -> Span | None:
    found = _NAME.search(name)
    if found is None:
        return None
    every = Every.DAY if found["day"] else Every.MONTH
    first = date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
    return Span(first, _next(every, first))
