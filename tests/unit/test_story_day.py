"""The demo's day: what is measured and what must come of it."""

from datetime import date

from troth.prove.story.day import ENTERED, OFF_HOUR, batches, business_day, local

DAY = date(2026, 11, 24)


def test_every_crossing_is_measured_in_its_hour():
    day = business_day(DAY, mark="m")
    hours = [local(r.measured).hour for r in day.crossings]
    assert {h: hours.count(h) for h in set(hours)} == ENTERED


def test_what_is_counted_and_what_was_off_make_up_the_day():
    day = business_day(DAY, mark="m")
    assert set(day.counted) | set(day.while_off) == set(day.crossings)
    assert len(day.while_off) == ENTERED[OFF_HOUR] > 0
    assert OFF_HOUR not in day.footfall


def test_the_same_day_has_the_same_ids_and_another_mark_has_others():
    ids = {r.id for r in business_day(DAY, mark="m").crossings}
    assert ids == {r.id for r in business_day(DAY, mark="m").crossings}
    assert ids.isdisjoint(r.id for r in business_day(DAY, mark="n").crossings)
    assert len(ids) == sum(ENTERED.values())


def test_batches_lose_nothing():
    assert batches(range(25), 12) == [[*range(12)], [*range(12, 24)], [24]]
    assert batches([]) == []
