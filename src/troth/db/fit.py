"""Whether a server may be used: new enough, and set so that its log cannot hold a value.

Asked by each role, since settings can differ by role. Changes nothing: says what to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

OLDEST = 15


@dataclass(frozen=True, slots=True)
class Discreet:
    """The values of a setting with which nothing leaks, the first being the one to write; and why."""

    values: tuple[str, ...]
    why: str


DISCREET: Mapping[str, Discreet] = {
    # A message itself quotes values: "invalid input syntax ...: ..."; so do DETAIL and CONTEXT of a COPY.
    "log_min_messages": Discreet(("fatal", "panic", "log"), "errors quote the values they are about"),
    "log_statement": Discreet(("none",), "statements may hold values"),
    "log_min_duration_statement": Discreet(("-1",), "slow statements are written down with their parameters"),
    "log_min_duration_sample": Discreet(("-1",), "sampled statements are written down"),
    "log_transaction_sample_rate": Discreet(("0",), "sampled transactions are written down"),
    "log_parameter_max_length": Discreet(("0",), "parameters are values"),
    "log_parameter_max_length_on_error": Discreet(("0",), "parameters are values"),
    "log_error_verbosity": Discreet(("terse",), "DETAIL quotes rows"),
    "debug_print_parse": Discreet(("off",), "parse trees hold constants"),
    "debug_print_rewritten": Discreet(("off",), "parse trees hold constants"),
    "debug_print_plan": Discreet(("off",), "plans hold constants"),
    "auto_explain.log_min_duration": Discreet(("-1",), "plans are written down with their parameters"),
}


class Unfit(Exception):
    """this PostgreSQL cannot be used as it is"""


async def demand_fit(conn: AsyncConnection[Any]) -> None:
    """Raise `Unfit` with what to do when the server at the other end may not be used."""
    major = conn.info.server_version // 10000
    if major < OLDEST:
        raise Unfit(f"PostgreSQL {major} is too old: {OLDEST} or later is needed")
    cursor = await conn.execute(
        "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (list(DISCREET),)
    )
    found = {str(name): str(value) for name, value in await cursor.fetchall()}
    loose = {name: value for name, value in sorted(found.items()) if value not in DISCREET[name].values}
    if loose:
        who, where = conn.info.user, conn.info.dbname
        why = "; ".join(f"{n} is {value!r} for {who}, and {DISCREET[n].why}" for n, value in loose.items())
        orders = " ".join(f"ALTER DATABASE {where} SET {n} = '{DISCREET[n].values[0]}';" for n in loose)
        raise Unfit(f"the database's log would hold values: {why}. As a superuser: {orders}")
