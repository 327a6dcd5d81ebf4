"""What each role may do on a real server: every table, verb and role, and ways around that attackers know."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import Dsns
from troth.db import migrate, queries
from troth.db.grants import GRANTS, wanted
from troth.db.roles import PATIENCE, WORKING, Role

VERBS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture(scope="module", params=["given", "debian"])
def server(request, server):
    """Ours, and Debian's over TLS, where the owner of the schema is no superuser."""
    return request.getfixturevalue("debian") if request.param == "debian" else server


@pytest.fixture(scope="module")
def migrated(server):
    """A database whose own rights (who may connect, make temporary tables) are brought about as well.

    One for all that only look, or are refused.
    """
    server.make("test_roles")
    one = Dsns(server, "test_roles")
    asyncio.run(migrate(one.owner))
    yield one
    server.drop("test_roles")


@pytest.fixture(scope="module")
def sessions(migrated):
    """A session of each role."""
    with ExitStack() as stack:
        yield {
            role: stack.enter_context(psycopg.connect(migrated.of[role], autocommit=True)) for role in WORKING
        }


def rows(dsn, query, params=None):
    with psycopg.connect(dsn) as conn:
        return conn.execute(query, params).fetchall()


def attempt(dsn, statement):
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(statement)


@pytest.mark.parametrize("role", sorted(WORKING))
def test_the_server_grants_what_the_data_says_and_nothing_else(migrated, role):
    """The matrix, asked of the server itself: every table (partitions too) × verb, whole or by column."""
    asked = """
        SELECT c.relname, v, has_table_privilege(%(role)s, c.oid, v), coalesce(
               array_agg(t.attname) FILTER (WHERE v IN ('select', 'insert', 'update', 'references')
               AND has_column_privilege(%(role)s, c.oid, t.attnum, v)), '{}')
          FROM unnest(%(verbs)s::text[]) v, pg_class c JOIN pg_attribute t ON t.attrelid = c.oid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
           AND t.attnum > 0 AND NOT t.attisdropped
         GROUP BY c.oid, c.relname, v"""
    whole, columns = {}, {}
    for grant in wanted():
        if grant.role == role and grant.column:
            columns.setdefault((grant.table, grant.verb), set()).add(grant.column)
        elif grant.role == role:
            whole[grant.table, grant.verb] = True
    seen = rows(migrated.owner, asked, {"role": role, "verbs": list(VERBS)})
    assert {table for table, *_ in seen} >= GRANTS.keys()
    for table, verb, all_of_it, some in seen:
        assert all_of_it == whole.get((table, verb), False), (role, verb, table)
        if not all_of_it:
            assert set(some) == columns.get((table, verb), set()), (role, verb, table)


@pytest.mark.parametrize("role", sorted(WORKING))
def test_a_role_can_do_nothing_beside_its_tables(migrated, role):
    (powers,) = rows(
        migrated.owner,
        """SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
                  has_database_privilege(rolname, current_database(), 'CREATE'),
                  has_database_privilege(rolname, current_database(), 'TEMP'),
                  has_schema_privilege(rolname, 'public', 'CREATE'),
                  EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),
                  EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)
             FROM pg_roles r WHERE rolname = %s""",
        (role,),
    )
    assert not any(powers)


@pytest.mark.parametrize("role", sorted(WORKING))
def test_a_role_waits_as_long_as_it_should_even_for_a_client_that_says_nothing(sessions, role):
    for setting, value in PATIENCE[role].options().items():
        asked = "SELECT setting FROM pg_settings WHERE name = %s"
        ((milliseconds,),) = sessions[role].execute(asked, (setting,)).fetchall()
        assert milliseconds == value, setting


ATTACKS = {
    # as ingest read what was stored, or open it
    (Role.INGEST, "SELECT sealed FROM event_block"): REFUSED,
    (Role.INGEST, "SELECT count(*) FROM event_block"): REFUSED,
    (Role.INGEST, "SELECT 1 FROM event_block LIMIT 1"): REFUSED,
    (Role.INGEST, "COPY event_block TO STDOUT"): REFUSED,
    (Role.INGEST, "INSERT INTO event_block SELECT * FROM event_block RETURNING sealed"): REFUSED,
    (Role.INGEST, "TABLE event_block_purpose_rest"): REFUSED,
    (Role.INGEST, "SELECT sealed FROM document"): REFUSED,
    (Role.INGEST, "SELECT wrapped FROM document_wrap"): REFUSED,
    (Role.INGEST, "UPDATE vault_key SET wrapped = wrapped"): REFUSED,
    (Role.INGEST, "DELETE FROM vault_key"): REFUSED,
    (Role.INGEST, "SELECT subject FROM blind_index"): REFUSED,
    (Role.INGEST, "SELECT token_hash FROM staff"): REFUSED,
    (Role.INGEST, "UPDATE subject SET state = 'erased'"): REFUSED,
    (Role.INGEST, "DELETE FROM reading_seen"): REFUSED,
    # as the app rewrite evidence, a standing or a key
    (Role.APP, "UPDATE ledger_entry SET body = body"): REFUSED,
    (Role.APP, "INSERT INTO ledger_leaf VALUES (0, gen_random_uuid(), '')"): REFUSED,
    (Role.APP, "INSERT INTO ledger_head VALUES (1, '', '', '2026-01-01')"): REFUSED,
    (Role.APP, "DELETE FROM ledger_queue"): REFUSED,
    (Role.APP, "DELETE FROM act"): REFUSED,
    (Role.APP, "UPDATE act SET kind = 'chosen'"): REFUSED,
    (Role.APP, "DELETE FROM ledger_opening"): REFUSED,
    (Role.APP, "UPDATE subject SET state = 'live'"): REFUSED,
    (Role.APP, "UPDATE vault_key SET wrapped = wrapped"): REFUSED,
    (Role.APP, "UPDATE erasure SET stage = 5"): REFUSED,
    (Role.APP, "SELECT * FROM migration"): REFUSED,
    (Role.ERASER, "UPDATE ledger_entry SET body = body"): REFUSED,
    (Role.ERASER, "DELETE FROM erasure"): REFUSED,
    (Role.ERASER, "UPDATE act SET kind = 'chosen'"): REFUSED,
    (Role.KEEPER, "SELECT sealed FROM document"): REFUSED,
    (Role.KEEPER, "SELECT kind FROM act"): REFUSED,
    (Role.KEEPER, "DELETE FROM vault_key"): REFUSED,
    (Role.SEQUENCER, "UPDATE ledger_head SET signed = ''"): REFUSED,
    (Role.SEQUENCER, "DELETE FROM ledger_leaf"): REFUSED,
    (
        Role.SEQUENCER,
        "INSERT INTO ledger_entry VALUES (gen_random_uuid(), '2026-01-01', 'denied', '')",
    ): REFUSED,
    (Role.SEQUENCER, "SELECT wrapped FROM vault_key"): REFUSED,
    (Role.SEQUENCER, "SELECT kind FROM act"): REFUSED,
}
EVERYWHERE = [
    "SET ROLE troth_owner",
    "SET ROLE troth_keeper; UPDATE vault_key SET kek_epoch = 1 WHERE false; SET ROLE troth_sequencer",
    "SET SESSION AUTHORIZATION troth_owner",
    "ALTER ROLE troth_owner PASSWORD 'x'",
    "GRANT troth_owner TO CURRENT_USER",
    "ALTER TABLE act DISABLE TRIGGER ALL",
    "ALTER TABLE act DROP CONSTRAINT act_rests_on_an_entry",
    "ALTER TABLE subject ENABLE ROW LEVEL SECURITY",
    "DROP TABLE act",
    "TRUNCATE ledger_entry",
    "BEGIN; LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE",
    "CREATE TABLE stash (value text)",
    "CREATE TEMP TABLE ledger_entry (LIKE ledger_entry)",  # would be found before the real one
    "CREATE SCHEMA troth_app",  # "$user" stands first in the search path
    "CREATE FUNCTION public.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE TRIGGER mine BEFORE INSERT ON act EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO act DO INSTEAD NOTHING",
    "CREATE FOREIGN DATA WRAPPER mine",
    "CREATE PUBLICATION mine FOR ALL TABLES",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/troth-test-stolen'",
    "COPY code FROM '/etc/passwd'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_reload_conf()",
    "SELECT pg_logical_emit_message(true, 'a', 'b'), pg_create_logical_replication_slot('a', 'b')",
    "SET session_replication_role = replica",  # would switch foreign keys off
    "SET log_statement = 'all'",
    "SET log_min_messages = debug1",
    "SET log_parameter_max_length = -1",
    "ALTER SYSTEM SET log_statement = 'all'",
    "ALTER DATABASE template1 SET log_statement = 'all'",
    "DO LANGUAGE plpython3u 'pass'",
]


@pytest.mark.parametrize(("role", "statement"), sorted(ATTACKS))
def test_what_is_not_its_work_is_refused(sessions, role, statement):
    with pytest.raises(ATTACKS[role, statement]):
        sessions[role].execute(statement)


@pytest.mark.parametrize("statement", EVERYWHERE)
def test_ways_around_are_closed_for_every_role(sessions, statement):
    for role in sorted(WORKING):
        with pytest.raises((REFUSED, psycopg.errors.UndefinedObject, psycopg.errors.InvalidParameterValue)):
            sessions[role].execute(statement)
        sessions[role].rollback()


def test_a_right_cannot_be_handed_on(migrated):
    attempt(migrated.of[Role.APP], "GRANT ALL ON act TO PUBLIC")  # a warning, and nothing happens
    asked = "SELECT has_table_privilege('troth_sequencer', 'act', 'select')"
    assert rows(migrated.owner, asked) == [(False,)]


def test_the_statistics_of_columns_are_hidden_from_who_may_not_read_them(migrated):
    attempt(migrated.owner, "ANALYZE")
    found = rows(migrated.of[Role.INGEST], "SELECT tablename FROM pg_stats WHERE tablename = 'document'")
    assert found == []


def standing(conn, subject, entry):
    conn.execute("INSERT INTO subject (subject) VALUES (%s)", (subject,))
    conn.execute(
        "INSERT INTO ledger_entry VALUES (%s, '2026-01-01', 'chosen', '{}')",
        (entry,),
    )
    conn.execute("INSERT INTO ledger_opening VALUES (%s, %s, %s)", (subject, entry, b"s" * 32))


ACT = (
    "INSERT INTO act (subject, seq, kind, policy, at, entry) VALUES (%s, %s, 'chosen', 'p', '2026-01-01', %s)"
)


def test_an_act_needs_an_entry_about_the_same_subject_and_uses_it_up(database):
    subject, other, entry = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database.of[Role.APP]) as conn:
        standing(conn, subject, entry)
        standing(conn, other, uuid4())
        conn.execute(ACT, (subject, 1, entry))
    for who, seq, what, why in (
        (subject, 2, uuid4(), psycopg.errors.ForeignKeyViolation),
        (other, 1, entry, psycopg.errors.ForeignKeyViolation),
        (subject, 2, entry, psycopg.errors.UniqueViolation),
    ):
        with psycopg.connect(database.of[Role.APP]) as conn, pytest.raises(why):
            conn.execute(ACT, (who, seq, what))
    with psycopg.connect(database.of[Role.ERASER]) as conn, pytest.raises(psycopg.errors.ForeignKeyViolation):
        conn.execute("DELETE FROM ledger_opening WHERE subject = %s", (subject,))  # the acts would stay


def test_a_grant_by_hand_is_taken_back_and_a_missing_one_given_at_the_next_start(database):
    attempt(database.owner, "GRANT SELECT ON event_block TO troth_ingest")
    attempt(database.owner, "GRANT UPDATE (kind) ON act TO PUBLIC")
    attempt(database.owner, "REVOKE INSERT ON event_block FROM troth_ingest")
    asyncio.run(migrate(database.owner))
    granted = "SELECT has_table_privilege('troth_ingest', 'event_block', v) FROM unnest(%s::text[]) v"
    assert rows(database.owner, granted, (["select", "insert"],)) == [(False,), (True,)]
    with pytest.raises(REFUSED):
        attempt(database.of[Role.KEEPER], "UPDATE act SET kind = 'chosen'")


PACKAGES = ["troth.app", "troth.ledger", "troth.vault", "troth.subjects", "troth.devices", "troth.rights"]


def prepared(text):
    """Return the named query as the server may prepare it, and how many values it has; None: it can't."""
    text = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    numbers = {found: f"${n}" for n, found in enumerate(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)), 1)}
    text = re.sub(r"%\((\w+)\)s", lambda found: numbers[found[1]], text).replace("%%", "%")
    # COPY and SET cannot be prepared; the demo and the attacks run them.
    able = text.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
    return (text, len(numbers)) if able else None


UNTYPED = (
    psycopg.errors.AmbiguousFunction,
    psycopg.errors.AmbiguousParameter,
    psycopg.errors.DatatypeMismatch,
    psycopg.errors.IndeterminateDatatype,
    psycopg.errors.UndefinedFunction,
)


def planned(conn, text, values):
    """Whether the role of ``conn`` may run it, or nobody can tell. What is no SQL to this server raises."""
    try:
        conn.execute(f"PREPARE one AS {text}".encode())
    except UNTYPED:  # what cannot be planned without the types of its values is left to the demo
        return True
    nothing = f"({', '.join(['NULL'] * values)})" if values else ""
    try:
        conn.execute(f"EXPLAIN EXECUTE one {nothing}".encode())
    except REFUSED:
        return False
    finally:
        conn.execute("DEALLOCATE one")
    return True


def test_every_named_query_is_some_roles_to_run(sessions):
    """Planned as each role, with its rights checked: a table or column that nobody was granted shows here."""
    texts = {
        f"{package}: {name}": prepared(text)
        for package in PACKAGES
        for name, text in queries(package).items()
    }
    forlorn = {name for name, text in texts.items() if text}
    assert len(forlorn) > 100
    for conn in sessions.values():
        conn.execute("SET plan_cache_mode = force_generic_plan")
        forlorn = {name for name in forlorn if not planned(conn, *texts[name])}
    assert not forlorn, "no role may run these: see src/troth/db/grants.py"
