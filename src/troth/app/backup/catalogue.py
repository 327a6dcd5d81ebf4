"""What a database consists of, as data: schema, tables, partitions; and one with the same room, made again.

Reads the catalogue, so that a table that a later migration adds is in the next backup without being listed.
Moves no rows.
"""

from __future__ import annotations

import hashlib
from graphlib import TopologicalSorter
from typing import LiteralString, cast

import msgspec
from psycopg import sql

from troth.app.backup.errors import BadBackup
from troth.app.backup.sql import QUERIES
from troth.db import Tx
from troth.db.migrate import migrations


class Migration(msgspec.Struct, frozen=True):
    """A migration that was applied."""

    name: str
    sha256: str


class Table(msgspec.Struct, frozen=True):
    """A table with its columns, in the order in which they are copied."""

    name: str
    columns: list[str]


class Partition(msgspec.Struct, frozen=True):
    """A part of a table. ``split``: how it is split further; ``quiet``: columns without statistics."""

    parent: str
    name: str
    bound: str
    split: str
    quiet: list[str]


class _Needs(msgspec.Struct, frozen=True):
    needs: str
    needed: str


class _Identity(msgspec.Struct, frozen=True):
    name: str
    column: str


class Catalogue(msgspec.Struct, frozen=True):
    """Everything that a database is made of, but its rows. ``tables`` in the order in which they load."""

    migrations: list[Migration]
    tables: list[Table]
    partitions: list[Partition]

    def demand_known(self) -> None:
        """Raise `BadBackup` when this is from a newer Troth, or from one with other migrations."""
        ours = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in migrations()}
        for one in self.migrations:
            if one.name not in ours:
                raise BadBackup(
                    f"this backup is from a newer Troth (migration {one.name}): restore it with that one"
                )
            if ours[one.name] != one.sha256:
                raise BadBackup(f"migration {one.name} is not the one that this backup was made with")


async def survey(tx: Tx) -> Catalogue:
    """Return what this database consists of."""
    applied = await tx.rows(Migration, QUERIES["migrations"])
    found = {table.name: table for table in await tx.rows(Table, QUERIES["tables"])}
    order: TopologicalSorter[str] = TopologicalSorter({name: [] for name in found})
    for one in await tx.rows(_Needs, QUERIES["rests_on"]):
        if one.needs != one.needed:
            order.add(one.needs, one.needed)
    tables = [found[name] for name in order.static_order() if name in found]
    return Catalogue(applied, tables, await tx.rows(Partition, QUERIES["partitions"]))


async def make_room(tx: Tx, wanted: Catalogue) -> None:
    """Make the partitions that ``wanted`` has and this database lacks. By the owner of the tables."""
    there = {part.name for part in await tx.rows(Partition, QUERIES["partitions"])}
    for part in wanted.partitions:
        if part.name in there:
            continue
        # The two texts are the server's own words for them, from a list that the ledger's key signed.
        whole = "CREATE TABLE {} PARTITION OF {} " + part.bound
        if part.split:
            whole += f" PARTITION BY {part.split}"
        name = sql.Identifier(part.name)
        made = sql.SQL(cast("LiteralString", whole)).format(name, sql.Identifier(part.parent))
        await tx.conn.execute(made)
        for column in part.quiet:
            quiet = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0")
            await tx.conn.execute(quiet.format(name, sql.Identifier(column)))


async def empty(tx: Tx, wanted: Catalogue) -> None:
    """Delete every row of the tables of ``wanted``: of an attempt before this one, or of a migration."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in wanted.tables)
    await tx.conn.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


async def go_on_counting(tx: Tx) -> None:
    """Let columns that number their rows go on after the last."""
    for one in await tx.rows(_Identity, QUERIES["identities"]):
        statement = sql.SQL(
            "SELECT setval(pg_get_serial_sequence({}, {}), (SELECT coalesce(max({}), 0) + 1 FROM {}), false)"
        )
        parts = (
            sql.Literal(one.name),
            sql.Literal(one.column),
            sql.Identifier(one.column),
            sql.Identifier(one.name),
        )
        await tx.conn.execute(statement.format(*parts))


def out(table: Table) -> sql.Composed:
    """Return the statement that reads every row of ``table``, partitions included."""
    return sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT (FORMAT binary)").format(
        _columns(table), sql.Identifier(table.name)
    )


def into(table: Table) -> sql.Composed:
    """Return the statement that takes those rows."""
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table.name), _columns(table)
    )


def _columns(table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in table.columns)
