"""A period as the law counts it: a value and a unit, never a bare number.

Hours, days, working days, months and years are five different things; `troth.policy.deadlines` counts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What is counted."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Period:
    """So many of a unit."""

    value: int
    unit: Unit

    def __str__(self) -> str:
        """Write it as it stands in a policy: ``30 working days``."""
        words = self.unit.replace("_", " ")
        return f"{self.value} {words.removesuffix('s') if self.value == 1 else words}"
