"""Which readings are one question to the gate.

What the gate says of a reading depends on when it was measured only through comparisons with the times of the
subject's acts and with now (`spec/standing.py`). Readings measured between the same two of these moments get
the same answer, so one of them is asked about for all. One measured exactly at such a moment stands alone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from troth.terms import Reading, Standing


def alike(
    readings: Sequence[Reading], standing: Standing | None, now: Sequence[datetime]
) -> list[list[Reading]]:
    """Return ``readings`` in groups that the gate cannot tell apart by time, earliest group first.

    ``now`` are the moments beside the acts that the answer may turn on: the present, and how far ahead a
    device's clock may be.
    """
    if len(readings) == 1:
        return [[*readings]]
    ordered = sorted(readings, key=attrgetter("measured"))
    acts = standing.acts if standing else ()
    turns = [*now, *[act.at for act in acts]]
    if ordered:
        first, last = ordered[0].measured, ordered[-1].measured
        if not [turn for turn in turns if first <= turn <= last]:
            return [ordered]  # mostly: nothing turned between the first and the last
    turns.sort()
    groups: dict[tuple[int, int], list[Reading]] = {}
    for reading in ordered:
        between = bisect_left(turns, reading.measured), bisect_right(turns, reading.measured)
        groups.setdefault(between, []).append(reading)
    return list(groups.values())
