"""Deleting a subject's rows, and looking whether any is left, in every table that has a subject.

The tables are asked of the catalogue, so that one that a later migration adds is searched without being
listed here. Other packages sweep what is theirs; this finds out when one of them did not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from psycopg import sql

from troth.db import Tx
from troth.terms import SubjectId, TrothError
from troth.vault.sql import QUERIES

Sweep = Callable[[Tx, SubjectId], Awaitable[Mapping[str, int]]]
"""Deletes a subject's rows from another package's tables; returns how many, by table."""

TOMBSTONES = frozenset({"subject", "erasure", "erasure_told"})
"""What keeps the opaque id for good: so that no restore, and no late message, brings the subject back."""


HOLDING = frozenset({"document", "document_wrap", "hold"})
"""Where rows may be left that a law's hold explains; any other row is left over."""


class NotSwept(TrothError):
    """rows of an erased subject are left: give the erasure a sweep for these tables"""


async def close(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Delete everything that opens or finds: from the commit on, nothing of this subject is readable."""
    return await _delete(tx, subject, ("vault_key", "document_wrap", "blind_index", "media"))


async def own(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Delete the vault's sealed rows of a subject, without the records that a law holds."""
    return await _delete(
        tx,
        subject,
        ("document", "document_past", "retention_due", "rekey_due", "reading_seen", "event_block"),
    )


async def look(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Return the rows found in each place that no hold explains, all 0; raise `NotSwept` otherwise."""
    cursor = await tx.conn.execute(QUERIES["tables_of_subjects"], prepare=True)
    names = [str(row[0]) for row in await cursor.fetchall()]
    found: dict[str, int] = {}
    for name in names:
        if name not in TOMBSTONES:
            if name in HOLDING:
                found[name] = int(await tx.value(QUERIES[f"left_{name}"], {"subject": subject}))
                continue
            count = sql.SQL("SELECT count(*) FROM {} WHERE subject = %(subject)s").format(
                sql.Identifier(name)
            )
            row = await (await tx.conn.execute(count, {"subject": subject})).fetchone()
            found[name] = int(row[0]) if row else 0
    left = sorted(name for name, rows in found.items() if rows)
    if left:
        raise NotSwept(f"{', '.join(left)}: {NotSwept.__doc__}")
    return found


async def _delete(tx: Tx, subject: SubjectId, tables: tuple[str, ...]) -> Mapping[str, int]:
    asked = [tx.conn.statement(QUERIES[f"erase_{table}"], {"subject": subject}) for table in tables]
    answers = await tx.conn.ask_each(*asked)
    return {table: answer.command_tuples or 0 for table, answer in zip(tables, answers, strict=True)}
