"""What each role may do with each table: data first, and the server is brought to it at every migration.

**A new table needs one row here**, or the unit tests fail: ``"table": {Role.APP: "select insert"}``. Words
are verbs; ``update(a, b)`` is a verb for some columns only. What has no word is not granted, whatever a
migration says. `Role.ERASER` may do all that `Role.APP` may, and what its own words add. Partitions get
nothing: rights are asked of the parent. ``FOR UPDATE`` and its kin need the right to update some column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, sql

from troth.db.roles import WORKING, Role

_APP, _INGEST, _ERASER = Role.APP, Role.INGEST, Role.ERASER
_KEEPER, _SEQUENCER = Role.KEEPER, Role.SEQUENCER

GRANTS: Mapping[str, Mapping[Role, str]] = {
    # The ledger: entries and openings are added together; acts rest on openings.
    "subject": {
        _APP: "select insert update(door, generation, told)",
        _INGEST: "select update(door)",
        _ERASER: "update(state)",
    },
    "act": {_APP: "select insert", _INGEST: "select", _ERASER: "delete"},
    "ledger_entry": {_APP: "select insert", _KEEPER: "insert", _SEQUENCER: "select"},
    "ledger_queue": {_APP: "select insert", _KEEPER: "insert", _SEQUENCER: "select delete"},
    "ledger_leaf": {_APP: "select", _SEQUENCER: "select insert"},
    "ledger_node": {_APP: "select", _SEQUENCER: "select insert"},
    "ledger_head": {_APP: "select", _SEQUENCER: "select insert"},
    "ledger_key": {_APP: "select", _SEQUENCER: "select insert"},
    "ledger_opening": {_APP: "select insert", _ERASER: "delete"},
    "decision_count": {_APP: "select insert update(n)", _INGEST: "select insert update(n)"},
    # People.
    "account": {_APP: "select insert update(state, language)", _ERASER: "delete"},
    "session": {_APP: "select insert delete"},
    "code": {_APP: "select insert update(hash, expires, tries) delete"},
    "outbox": {_APP: "select insert update(due, tries) delete"},
    "try_count": {_APP: "select insert update(started, n) delete"},
    "staff": {_APP: "select insert update(token_hash, ended)"},
    "staff_invite": {_APP: "select insert delete"},
    "staff_passkey": {_APP: "select insert update(uses) delete"},
    "staff_session": {_APP: "select insert delete"},
    "import_file": {_APP: "select insert update(reached, stored, ended)"},
    "import_line": {_APP: "select insert"},
    # The vault. Whoever stores needs a key to seal with; only the keeper changes one.
    "vault_key": {
        _APP: "select insert delete",
        _INGEST: "select insert",
        _KEEPER: "select update(wrapped, kek_epoch)",
    },
    "document": {_APP: "select insert update(version, policy_version, at_day, sealed, several) delete"},
    "document_past": {_APP: "select insert update(sealed) delete"},
    "document_wrap": {_APP: "select insert delete", _KEEPER: "select update(wrapped, kek_epoch)"},
    "event_block": {
        _APP: "select insert update(version, sealed) delete",
        _INGEST: "insert",
        _ERASER: "update(key)",
    },
    "reading_seen": {_APP: "select insert", _INGEST: "select(at_day, mark) insert", _ERASER: "delete"},
    "blind_index": {
        _APP: "select insert delete",
        _KEEPER: "select update(tag, epoch)",
        _ERASER: "update(key, sealed)",
    },
    # Media. Forgetting takes the key away; the bytes are swept, and then the row.
    "media": {
        _APP: "select insert update(state, settled, size, told, wrapped) delete",
        _KEEPER: "select update(wrapped, kek_epoch)",
    },
    # What has its time. Who is not the eraser may move the end of a hold, and not take it away.
    "hold": {_APP: "select insert update(until)", _ERASER: "delete"},
    "retention_due": {_APP: "select insert update(at, outcome, presumed) delete"},
    "anonymous": {_APP: "select insert update(readings)"},
    "vault_deletion": {_APP: "select insert delete"},
    # Whoever edits owes a key its end; the eraser carries it out.
    "rekey_due": {_APP: "select insert", _ERASER: "update(due, at_day, block) delete"},
    "erasure": {
        _APP: "select update(link_hash)",
        _ERASER: "insert update",
    },
    "erasure_told": {_APP: "select update(acknowledged_at)", _ERASER: "insert"},
    # Devices.
    "device_stock": {_APP: "select insert update(bound)"},
    "device": {_APP: "select insert update(seen_by) delete", _INGEST: "select"},
    "device_token": {_APP: "select insert delete", _INGEST: "select"},
    # Functions that look by themselves: whoever stores says that there is something to look at.
    "function_due": {_APP: "select insert update(at) delete", _INGEST: "insert"},
    # Rights.
    "request": {
        _APP: "select insert update(state, identity_verified, checked, applied, at, clause, takes_effect, "
        "fee, done, ground, said, reply)",
        _ERASER: "delete",
    },
    "farewell_word": {_APP: "select insert update(due, tries) delete"},
    "cancellation": {
        _APP: "select insert update(state, confirm_hash, asked, confirm_by)",
        _ERASER: "delete",
    },
    "erasure_due": {_APP: "select update(done)", _ERASER: "insert"},
    # Matters that people are told of.
    "matter": {_APP: "select insert update(state, at, reached, gathered, announced, closed)"},
    "matter_text": {_APP: "select insert update(said)"},
    "matter_due": {_APP: "select insert update(done, document)"},
    "told": {_APP: "select insert update(state, tried, letter, seen)", _ERASER: "delete"},
    "function_ending": {_APP: "select insert", _INGEST: "select"},
    # Who may be given data beyond the functions.
    "receiver": {_APP: "select insert update(kind, purpose, items, since, ended)"},
    "receiver_paper": {_APP: "select insert update(document, since, ended)"},
    # The list of migrations is the owner's.
    "migration": {},
}

_WORD = re.compile(r"(?P<verb>select|insert|update|delete)(?:\((?P<columns>[a-z_, ]+)\))?(?:\s+|$)")


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One verb on one table, or on one of its columns, for one role."""

    table: str
    role: str
    verb: str
    column: str = ""


def wanted(grants: Mapping[str, Mapping[Role, str]] = GRANTS) -> frozenset[Grant]:
    """Return every grant that ``grants`` means. Raises `ValueError` for a word that is none."""
    found: set[Grant] = set()
    for table, words in grants.items():
        for role, text in words.items():
            found.update(_read(table, role, text))
            if role is Role.APP:
                found.update(_read(table, Role.ERASER, text))
    # A verb on the whole table says what the same verb on a column would.
    return frozenset(
        one for one in found if not one.column or Grant(one.table, one.role, one.verb) not in found
    )


def _read(table: str, role: Role, text: str) -> Iterator[Grant]:
    at = 0
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None:
            raise ValueError(
                f"grants of {table}: {text[at:]!r} is not 'select', 'insert', 'update' or 'delete'"
            )
        columns = [one.strip() for one in word["columns"].split(",")] if word["columns"] else [""]
        for column in columns:
            yield Grant(table, role.value, word["verb"], column)
        at = word.end()


async def actual(conn: AsyncConnection[Any]) -> frozenset[Grant]:
    """Return what the server grants on the tables of this schema, to our roles and to everybody."""
    cursor = await conn.execute(
        """
        SELECT c.relname, coalesce(r.rolname, 'public'), lower(a.privilege_type), ''
          FROM pg_class c, aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT c.relname, coalesce(r.rolname, 'public'), lower(a.privilege_type), t.attname
          FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND NOT t.attisdropped,
               aclexplode(t.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE c.relnamespace = 'public'::regnamespace
        """
    )
    ours = {role.value for role in WORKING} | {"public"}
    return frozenset(
        Grant(str(t), str(r), str(v), str(c)) for t, r, v, c in await cursor.fetchall() if str(r) in ours
    )


async def bring_about(conn: AsyncConnection[Any]) -> frozenset[Grant]:
    """Make the server grant what is wanted and nothing else; return what was wrong. Run as the owner.

    Tables that are wanted and not there yet are left out. Where the database is ours, only our roles may
    connect, and nobody makes temporary tables, which would be found before the real ones.
    """
    if await _ours(conn):
        await _close_database(conn)
    cursor = await conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    )
    there = {str(row[0]) for row in await cursor.fetchall()}
    want = frozenset(one for one in wanted() if one.table in there)
    wrong = want ^ await actual(conn)
    for table, role in sorted({(one.table, one.role) for one in wrong}):
        await conn.execute(
            sql.SQL("REVOKE ALL ON TABLE {} FROM {}").format(sql.Identifier(table), _grantee(role))
        )
        for statement in _statements(table, role, want):
            await conn.execute(statement)
    return wrong


async def _ours(conn: AsyncConnection[Any]) -> bool:
    cursor = await conn.execute(
        "SELECT pg_has_role(datdba, 'USAGE') FROM pg_database WHERE datname = current_database()"
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def _close_database(conn: AsyncConnection[Any]) -> None:
    """Leave the right to connect, to our roles alone."""
    cursor = await conn.execute(
        """
        SELECT coalesce(r.rolname, 'public') FROM pg_database d,
               aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
               LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE d.datname = current_database() AND a.grantee <> d.datdba
        """
    )
    if {str(row[0]) for row in await cursor.fetchall()} == {role.value for role in WORKING}:
        return
    name = sql.Identifier(conn.info.dbname)
    await conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    roles = sql.SQL(", ").join(sql.Identifier(role.value) for role in sorted(WORKING))
    await conn.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles))


def _statements(table: str, role: str, want: Iterable[Grant]) -> Iterator[sql.Composed]:
    for one in sorted(one for one in want if (one.table, one.role) == (table, role)):
        columns = sql.SQL("({})").format(sql.Identifier(one.column)) if one.column else sql.SQL("")
        yield sql.SQL("GRANT {} {} ON TABLE {} TO {}").format(
            _VERBS[one.verb], columns, sql.Identifier(table), _grantee(role)
        )


_VERBS = {
    "select": sql.SQL("SELECT"),
    "insert": sql.SQL("INSERT"),
    "update": sql.SQL("UPDATE"),
    "delete": sql.SQL("DELETE"),
}


def _grantee(role: str) -> sql.Composable:
    return sql.SQL("PUBLIC") if role == "public" else sql.Identifier(role)
