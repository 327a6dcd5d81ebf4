"""The guard against the naive definition: walk minute by minute, link motion that is close."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.functions.business_hours import BadBusinessHours, BusinessHours
from troth.functions.registry import UnknownPlugin, plugin
from troth.functions.store_guard import BUSINESS_HOURS, MOTION, SAME_MOTION, Alert, alerts, guard
from troth.functions.use import Documents, Events
from troth.terms import LEGAL_TIME, ClauseId, DeviceId, FunctionName, ItemName, Reading

DAY = datetime(2020, 3, 3, tzinfo=LEGAL_TIME)
NINE_TO_NINE = BusinessHours(9 * 60, 21 * 60)
MOMENTS = st.integers(0, 2 * 86_400 - 1).map(lambda s: DAY + timedelta(seconds=s))
READINGS = st.lists(
    st.builds(
        Reading,
        st.uuids(),
        st.sampled_from([MOTION, MOTION, ItemName("line_crossing")]),
        MOMENTS | st.integers(0, 400).map(lambda s: DAY + timedelta(hours=23, seconds=s)),
        st.just({}),
    ),
    max_size=25,
)
HOURS = (
    st.tuples(st.integers(0, 1439), st.integers(1, 1440))
    .filter(lambda span: span[0] != span[1])
    .map(lambda span: BusinessHours(*span))
)


def at(hour, minute=0, second=0):
    return Reading(
        UUID(int=hour * 3600 + minute * 60 + second),
        MOTION,
        DAY.replace(hour=hour, minute=minute, second=second),
        {},
    )


def minutes_open(hours):
    """Walk from opening until closing, as a shopkeeper would."""
    walked, minute = set(), hours.opens
    while minute != hours.closes % 1440 or not walked:
        walked.add(minute)
        minute = (minute + 1) % 1440
    return walked


@given(HOURS, MOMENTS)
def test_open_is_from_opening_until_closing(hours, moment):
    local = moment.astimezone(LEGAL_TIME)
    assert hours.open_at(moment) == ((local.hour * 60 + local.minute) in minutes_open(hours))


@given(READINGS, HOURS)
def test_every_out_of_hours_motion_is_in_exactly_one_alert(readings, hours):
    outside = [r.measured for r in readings if r.item == MOTION and not hours.open_at(r.measured)]
    found = alerts(readings, hours)
    assert sum(a.readings for a in found) == len(outside)
    for moment in outside:
        assert sum(1 for a in found if a.first <= moment <= a.last) == 1
    for one, following in itertools.pairwise(found):
        assert following.first - one.last > SAME_MOTION
    assert {a.first for a in found} | {a.last for a in found} <= set(outside)


def test_motion_at_23_alerts_and_at_12_does_not():
    assert alerts([at(12), at(23)], NINE_TO_NINE) == (Alert(at(23).measured, at(23).measured, 1),)


def test_motion_that_goes_on_is_one_alert():
    spell = [at(23, 0, 0), at(23, 0, 30), at(23, 1, 20)]
    assert alerts([*reversed(spell), at(23, 5)], NINE_TO_NINE) == (
        Alert(spell[0].measured, spell[2].measured, 3),
        Alert(at(23, 5).measured, at(23, 5).measured, 1),
    )


def test_an_alert_names_every_camera_that_saw_it_the_first_one_first():
    door, till = DeviceId(UUID(int=7)), DeviceId(UUID(int=3))
    seen = [replace(at(23, 0, n), value={"device": str(one)}) for n, one in enumerate((door, till, door))]
    (alert,) = alerts([*reversed(seen), at(23, 0, 9)], NINE_TO_NINE)
    assert alert.cameras == (door, till)


def test_hours_may_run_past_midnight():
    bar = BusinessHours.read({"opens": "18:00", "closes": "02:00"})
    assert [bar.open_at(at(h).measured) for h in (1, 2, 17, 18, 23)] == [True, False, False, True, True]


def test_a_shop_that_never_closes_never_alerts():
    assert alerts([at(h) for h in range(24)], BusinessHours.read({"opens": "00:00", "closes": "24:00"})) == ()


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"opens": "09:00"},
        {"opens": "9", "closes": "21:00"},
        {"opens": "09:00", "closes": "09:00"},
        {"opens": "24:00", "closes": "21:00"},
        {"opens": "09:00", "closes": "24:30"},
        {"opens": "09:00", "closes": 21},
        {"opens": "09:00", "closes": "00:00"},
    ],
)
def test_bad_hours_are_refused_with_what_to_write(value):
    with pytest.raises(BadBusinessHours, match=r"00:00 to 24:00 if never"):
        BusinessHours.read(value)


class Door:
    async def events(self, function, purpose, items, since, until):
        assert items == {MOTION}
        return Events((at(23),), frozenset({ClauseId("p/functions/store_guard")}))

    async def documents(self, function, purpose, items):
        assert items == {BUSINESS_HOURS}
        hours = {"opens": "09:00", "closes": "21:00"}
        return Documents(
            {BUSINESS_HOURS: hours}, frozenset({ClauseId("p/functions/store_guard/business_hours")})
        )


def test_an_alert_comes_with_the_clauses_that_opened_it():
    found = asyncio.run(guard(Door(), DAY.astimezone(UTC), DAY + timedelta(days=1)))
    assert [a.first for a in found.alerts] == [at(23).measured]
    assert found.because == {"p/functions/store_guard", "p/functions/store_guard/business_hours"}


def test_a_function_without_a_plugin_computes_nothing():
    assert plugin(FunctionName("store_guard")).compute is guard
    with pytest.raises(UnknownPlugin):
        plugin(FunctionName("cloud"))
