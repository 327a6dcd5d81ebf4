"""Rights as data: every table of the migrations has its row, and every word means something."""

import re
from itertools import product

import pytest

from troth.db.grants import GRANTS, Grant, wanted
from troth.db.migrate import migrations
from troth.db.roles import MEANING, PATIENCE, Role, as_role, holds_password

_CREATED = re.compile(r"^CREATE TABLE (?:IF NOT EXISTS )?(\w+) (?!PARTITION OF)", re.MULTILINE)
_DROPPED = re.compile(r"^DROP TABLE (?:IF EXISTS )?(\w+)", re.MULTILINE)


def tables():
    text = "\n".join(sql for _name, sql in migrations())
    return set(_CREATED.findall(text)) - set(_DROPPED.findall(text)) | {"migration"}


def test_every_table_has_a_row_of_grants():
    missing = tables() - GRANTS.keys()
    assert not missing, f"add one row for each to GRANTS in src/troth/db/grants.py: {sorted(missing)}"
    assert GRANTS.keys() <= tables(), f"no migration makes these: {sorted(GRANTS.keys() - tables())}"


def test_no_migration_after_the_roles_grants_anything():
    """From 0014 on it is said in one place. (Seen by hand: what a migration grants is taken back.)"""
    later = [(name, sql) for name, sql in migrations() if name > "0014"]
    granting = re.compile(r"^GRANT (SELECT|INSERT|UPDATE|DELETE|ALL|TRUNCATE)", re.MULTILINE)
    assert [name for name, sql in later if granting.search(sql)] == []


def test_the_eraser_may_do_what_the_app_may():
    eraser = {(g.table, g.verb) for g in wanted() if g.role == Role.ERASER}
    assert {(g.table, g.verb) for g in wanted() if g.role == Role.APP} <= eraser


def test_nobody_but_the_eraser_deletes_evidence_and_nobody_rewrites_it():
    held = {"act", "ledger_entry", "ledger_opening", "ledger_leaf", "ledger_node", "ledger_head"}
    found = {
        (g.table, g.role, g.verb) for g in wanted() if g.table in held and g.verb in {"update", "delete"}
    }
    assert found == {("act", "troth_eraser", "delete"), ("ledger_opening", "troth_eraser", "delete")}


def test_the_owner_is_granted_nothing_because_it_owns():
    assert not [g for g in wanted() if g.role == Role.OWNER]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", set()),
        ("select insert", {("select", ""), ("insert", "")}),
        ("update(a, b) delete", {("update", "a"), ("update", "b"), ("delete", "")}),
        ("update update(a)", {("update", "")}),
    ],
)
def test_words_are_read(text, meant):
    found = wanted({"t": {Role.INGEST: text}})
    assert found == {Grant("t", "troth_ingest", verb, column) for verb, column in meant}


@pytest.mark.parametrize("text", ["selct", "select,insert", "update()", "truncate", "select(a"])
def test_a_word_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="grants of t: "):
        wanted({"t": {Role.APP: text}})


def test_every_role_says_what_it_is_for_and_how_long_it_waits():
    assert MEANING.keys() == PATIENCE.keys() == set(Role)
    for role, setting in product(Role, ("statement_timeout", "lock_timeout")):
        assert int(PATIENCE[role].options()[setting]) > 0


def test_another_role_gets_the_same_server_and_not_the_password():
    dsn = as_role("postgresql://troth_app:s3cret@db/troth?sslmode=verify-full", Role.KEEPER)
    assert "s3cret" not in dsn
    assert not holds_password(dsn)
    for part in ("host=db", "user=troth_keeper", "sslmode=verify-full", "dbname=troth"):
        assert part in dsn
