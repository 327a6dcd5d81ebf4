"""How a promise is drawn: its mark, the colours and the sign of each. A report is its own picture."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Mark(StrEnum):
    """How a promise is drawn: its verdict, or proven."""

    PROVEN = "proven"
    KEPT = "kept"
    FACT = "fact"
    ATTESTED = "attested"
    NOT_PROVABLE = "not_provable"
    NOT_BUILT = "not_built"
    BROKEN = "broken"


COLOURS: Mapping[Mark, tuple[str, str]] = {
    Mark.PROVEN: ("#14693c", "#ffffff"),
    Mark.KEPT: ("#7cc796", "#0b3a20"),
    Mark.FACT: ("#cfe9d6", "#0b3a20"),
    Mark.ATTESTED: ("#b9d3ee", "#17395c"),
    Mark.NOT_PROVABLE: ("#f3d58b", "#5b4300"),
    Mark.NOT_BUILT: ("#e3e3e0", "#5a5a55"),
    Mark.BROKEN: ("#b3261e", "#ffffff"),
}
SIGNS: Mapping[Mark, str] = {
    Mark.PROVEN: "✓",
    Mark.KEPT: "✓",
    Mark.FACT: "i",
    Mark.ATTESTED: "§",
    Mark.NOT_PROVABLE: "?",
    Mark.NOT_BUILT: "·",
    Mark.BROKEN: "✗",
}
"""Signs besides colours: a report is printed in black, too, and read by those who see no red."""
