"""Footfall against the naive definition: ask every hour for its crossings."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from troth.functions import customer_flow
from troth.functions.customer_flow import LINE_CROSSING, Hour, count
from troth.functions.use import Documents, Events
from troth.terms import ClauseId, ItemName, Reading

DAY = datetime(2020, 3, 3, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 86_400 - 1).map(lambda s: DAY + timedelta(seconds=s))
VALUES = st.one_of(
    st.fixed_dictionaries({"direction": st.sampled_from(["in", "out"])}),
    st.fixed_dictionaries(
        {"direction": st.sampled_from(["in", "out", "up", 3, None]), "count": st.integers(-1, 9)}
    ),
    st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.text(max_size=3), max_size=2),
)
READINGS = st.builds(
    Reading, st.uuids(), st.sampled_from([LINE_CROSSING, ItemName("motion_event")]), MOMENTS, VALUES
)


def crossed(reading, direction):
    counted = reading.value.get("count", 1)
    good = type(counted) is int and counted >= 1
    return (
        counted
        if good and reading.item == LINE_CROSSING and reading.value.get("direction") == direction
        else 0
    )


@given(st.lists(READINGS, max_size=30))
def test_every_hour_counts_its_own_crossings(readings):
    found = count(readings)
    starts = [DAY - timedelta(hours=8) + timedelta(hours=h) for h in range(-1, 24 * 4 + 1)]
    naive = []
    for start in starts:
        inside = [r for r in readings if start <= r.measured < start + timedelta(hours=1)]
        hour = Hour(start, sum(crossed(r, "in") for r in inside), sum(crossed(r, "out") for r in inside))
        if hour.came_in or hour.went_out:
            naive.append(hour)
    assert list(found.hours) == naive
    assert found.left_out == sum(1 for r in readings if not crossed(r, "in") and not crossed(r, "out"))


@given(st.lists(READINGS, max_size=20), st.randoms())
def test_order_never_matters(readings, random):
    shuffled = list(readings)
    random.shuffle(shuffled)
    assert count(shuffled) == count(readings)


def test_hours_are_local():
    late = Reading(UUID(int=1), LINE_CROSSING, datetime(2020, 3, 3, 15, 59, tzinfo=UTC), {"direction": "in"})
    (hour,) = count([late]).hours
    assert hour.starts.isoformat() == "2020-03-03T23:00:00+08:00"


class RecordingDoor:
    def __init__(self, readings):
        self.readings = tuple(readings)
        self.asked = []

    async def events(self, function, purpose, items, since, until):
        self.asked.append((function, purpose, items, since, until))
        return Events(self.readings, frozenset({ClauseId("p/functions/customer_flow")}))

    async def documents(self, function, purpose, items):
        raise AssertionError("footfall opens no document")
        return Documents({}, frozenset())


async def ask(door):
    return await customer_flow.footfall(door, DAY, DAY + timedelta(days=1))


def test_it_asks_for_its_one_item_and_says_which_clause_opened_it():
    door = RecordingDoor([Reading(UUID(int=1), LINE_CROSSING, DAY, {"direction": "out", "count": 2})])
    answer = asyncio.run(ask(door))
    assert door.asked == [
        (
            customer_flow.FUNCTION,
            customer_flow.PURPOSE,
            frozenset({LINE_CROSSING}),
            DAY,
            DAY + timedelta(days=1),
        )
    ]
    assert [(h.came_in, h.went_out) for h in answer.hours] == [(0, 2)]
    assert answer.because == {"p/functions/customer_flow"}
