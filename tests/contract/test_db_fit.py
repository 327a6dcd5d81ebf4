"""A server whose log would hold a value, or that turns a role away, is refused before anything is stored."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from troth.app.prepare import prepare
from troth.app.settings import BadSetting, Settings
from troth.db.fit import DISCREET


def settings(database, folder: Path, **changed: str) -> Settings:
    return Settings.from_environ({"TROTH_DATA": str(folder), **database.environ, **changed})


@pytest.fixture
def order(database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield conn.execute


LOOSE = {
    "log_min_messages": "warning",
    "log_statement": "mod",
    "log_min_duration_statement": "250",
    "log_min_duration_sample": "100",
    "log_transaction_sample_rate": "0.5",
    "log_parameter_max_length": "-1",
    "log_parameter_max_length_on_error": "10",
    "log_error_verbosity": "default",
    "debug_print_parse": "on",
    "debug_print_rewritten": "on",
    "debug_print_plan": "on",
}


def test_each_setting_that_is_looked_at_has_a_case():
    assert LOOSE.keys() == DISCREET.keys() - {"auto_explain.log_min_duration"}


@pytest.mark.parametrize(("name", "value"), LOOSE.items())
async def test_a_log_that_would_hold_values_is_refused_with_what_to_write(
    database, order, tmp_path, name, value
):
    order(f"ALTER DATABASE \"{database.name}\" SET {name} = '{value}'")
    with pytest.raises(BadSetting, match=f"{name} is .* SET {name} = '{DISCREET[name].values[0]}';"):
        await prepare(settings(database, tmp_path))


async def test_a_setting_of_one_role_is_found_as_well(database, order, tmp_path):
    order(f"ALTER ROLE troth_ingest IN DATABASE \"{database.name}\" SET log_statement = 'all'")
    with pytest.raises(BadSetting, match=r"TROTH_INGEST_DSN: .*log_statement is 'all' for troth_ingest"):
        await prepare(settings(database, tmp_path))


async def test_a_role_that_cannot_sign_in_is_named(database, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("*:*:*:*:guess\n")
    wrong.chmod(0o600)
    dsn = f"{database.environ['TROTH_KEEPER_DSN']} passfile={wrong}"
    with pytest.raises(BadSetting, match=r"troth_keeper cannot sign in .* TROTH_KEEPER_DSN says how"):
        await prepare(settings(database, tmp_path, TROTH_KEEPER_DSN=dsn))


async def test_the_embedded_server_is_fit(database, tmp_path):
    await prepare(settings(database, tmp_path))
