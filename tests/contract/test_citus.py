"""Ready for many machines: what grows has the subject in its key, and every table's place is said once."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

from tests.servers.cluster import Cluster, distribute
from troth.db import Role, migrate
from troth.db.grants import GRANTS

TEXT = files("troth.db").joinpath("citus.sql").read_text(encoding="utf-8")
DISTRIBUTED = re.findall(r"create_distributed_table\('(\w+)', 'subject'", TEXT)
REFERENCE = re.findall(r"create_reference_table\('(\w+)'\)", TEXT)
LOCAL = {
    "ledger_entry": "one log in one order",
    "ledger_queue": "one log in one order",
    "ledger_leaf": "one log in one order",
    "ledger_node": "one log in one order",
    "ledger_head": "one log in one order",
    "ledger_key": "one log in one order",
    "decision_count": "about nobody; a few rows a minute and connection",
    "try_count": "found by a keyed tag before anybody's subject is known",
    "blind_index": "unique over everybody, and it is what finds the subject",
    "device_stock": "found by a keyed tag; nobody's until bound",
    "outbox": "workers take turns with SKIP LOCKED",
    "erasure": "its number and link are unique over everybody",
    "erasure_due": "about nobody any more",
    "import_file": "about nobody: how far a file has come",
    "import_line": "about nobody: lines and reasons",
    "function_due": "a few rows, read by whoever looks next",
    "farewell_word": "about nobody any more; workers take turns with SKIP LOCKED",
    "anonymous": "about nobody",
    "vault_deletion": "about nobody: that an epoch has to end",
    "matter": "about nobody; a few at a time",
    "matter_text": "about nobody: texts that everybody may read",
    "matter_due": "about nobody: what the maker has to do",
    "function_ending": "about nobody; a row for each end that was announced",
    "migration": "one schema",
}
STAND_IN = (Path(__file__).parents[1] / "servers" / "stand_in_citus.sql").read_text(encoding="utf-8")
HOWTO = (Path(__file__).parents[2] / "docs" / "howto" / "many-machines.md").read_text(encoding="utf-8")


@pytest.fixture
def rows(database):
    with psycopg.connect(database.owner) as conn:
        yield lambda query, *params: conn.execute(query, params).fetchall()


def test_every_table_has_one_place():
    places = [*DISTRIBUTED, *REFERENCE, *LOCAL]
    assert len(places) == len(set(places))
    missing = GRANTS.keys() - set(places)
    assert not missing, f"say in src/troth/db/citus.sql or in LOCAL where these go: {sorted(missing)}"
    assert set(places) <= GRANTS.keys()


@pytest.mark.parametrize("table", DISTRIBUTED)
def test_what_is_distributed_has_the_subject_in_every_unique_key(rows, table):
    found = rows(
        """SELECT i.indexrelid::regclass::text,
                  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                           AND a.attnum = ANY(i.indkey) AND a.attname = 'subject')
             FROM pg_index i WHERE i.indisunique AND i.indrelid IN
                  (SELECT %s::regclass UNION SELECT relid FROM pg_partition_tree(%s::regclass))""",
        table,
        table,
    )
    assert found, f"{table} has no key"
    assert [index for index, has in found if not has] == []


@pytest.mark.parametrize("table", DISTRIBUTED)
def test_what_is_distributed_points_only_at_what_lies_beside_it(rows, table):
    found = rows(
        """SELECT confrelid::regclass::text,
                  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.conrelid
                           AND a.attnum = ANY(c.conkey) AND a.attname = 'subject')
             FROM pg_constraint c WHERE contype = 'f' AND conrelid = %s::regclass AND conparentid = 0""",
        table,
    )
    for target, by_subject in found:
        assert target in REFERENCE or (target in DISTRIBUTED and by_subject), target
        if target in DISTRIBUTED:
            assert DISTRIBUTED.index(target) < DISTRIBUTED.index(table), "what is pointed at goes first"


@pytest.fixture(scope="module")
def cluster(debian, tmp_path_factory):
    """A plain server with a stand-in for Citus, reached as TROTH_TEST_CITUS_DSN would name it."""
    with psycopg.connect(debian.superuser("template1"), autocommit=True) as conn:
        conn.execute(STAND_IN.encode())
    yield Cluster(debian.superuser(), tmp_path_factory.mktemp("cluster"), debian.passwords)
    with psycopg.connect(debian.superuser("template1"), autocommit=True) as conn:
        conn.execute("DROP FUNCTION create_distributed_table, create_reference_table")
        conn.execute("DROP TABLE pg_dist_partition")


def placed(conn):
    """Return where each table lies, and every foreign key."""
    where = "SELECT logicalrelid::regclass::text, partmethod FROM pg_dist_partition"
    keys = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
    return dict(conn.execute(where).fetchall()), dict(conn.execute(keys).fetchall())


def test_the_statements_pass_in_their_order_keep_the_keys_and_may_be_run_again(cluster, rows):
    before = dict(rows("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"))
    cluster.make("spread")
    try:
        with psycopg.connect(cluster.dsn(Role.OWNER, "spread")) as conn:
            once = placed(conn)
        distribute(cluster.dsn(Role.OWNER, "spread"))
        with psycopg.connect(cluster.dsn(Role.OWNER, "spread")) as conn:
            assert placed(conn) == once
    finally:
        cluster.drop("spread")
    places, keys = once
    assert places == dict.fromkeys(DISTRIBUTED, "h") | dict.fromkeys(REFERENCE, "n")
    assert before.keys() - keys.keys() == {"outbox_subject_fkey"}
    assert keys == {name: text for name, text in before.items() if name in keys}


def test_the_stand_in_refuses_what_is_out_of_order(cluster):
    cluster.make("spread", empty=True)
    try:
        asyncio.run(migrate(cluster.dsn(Role.OWNER, "spread")))
        with psycopg.connect(cluster.dsn(Role.OWNER, "spread"), autocommit=True) as conn:
            with pytest.raises(psycopg.errors.RaiseException, match="foreign keys of subject were declared"):
                conn.execute("SELECT create_distributed_table('subject', 'subject')")
            with pytest.raises(psycopg.errors.RaiseException, match="a unique key of blind_index lacks"):
                conn.execute("SELECT create_distributed_table('blind_index', 'subject')")
            with pytest.raises(psycopg.errors.RaiseException, match="subject is not distributed"):
                conn.execute("SELECT create_distributed_table('hold', 'subject', colocate_with => 'subject')")
    finally:
        cluster.drop("spread")


def test_no_table_has_triggers_which_do_not_distribute(rows):
    assert rows("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal") == []


@pytest.mark.parametrize("table", [table for table in LOCAL if table != "migration"])
def test_what_stays_in_one_place_is_listed_with_its_reason(table):
    assert f"`{table}`" in HOWTO
