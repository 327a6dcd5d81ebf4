"""Which days are worked in China, from the table beside this file. What a deadline makes of it is `policy`'s.

A year nobody has announced yet is left out of the table: every day of it counts, so that the deadline is the
earlier one.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files

from troth.policy import nodes
from troth.policy.calendar import WorkingDays


@cache
def working_days() -> WorkingDays:
    """Return the days that are known."""
    text = (files("troth.app") / "working_days.yaml").read_text(encoding="utf-8")
    told: dict[str, dict[str, list[str]]] = nodes.plain(text, "working_days.yaml")
    table = {int(year): days for year, days in told.items()}
    return WorkingDays(off=_days(table, "off"), on=_days(table, "on"), announced=frozenset(table))


def _days(table: dict[int, dict[str, list[str]]], which: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"{year}-{day}") for year, of in table.items() for day in of[which])
