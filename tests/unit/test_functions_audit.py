"""The audit's rules against their plain meaning: nothing matched is flagged, and nothing else is matched."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from troth.functions import audit, visits
from troth.functions.audit import REVIEW, NoSuchFlag, NotAtTills, Verdict, compare, verdicts
from troth.functions.films import clip, still
from troth.functions.rules import REASONS, RULES, Match, flags, matched
from troth.functions.till import PRESENCE, TRANSACTIONS, Did, Till, read
from troth.functions.use import Documents, Events, Film
from troth.policy.words import Language
from troth.terms import ClauseId, Denied, Deny, ItemName, Reading, Reason

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECONDS = st.integers(0, 900)
TRANSACTION = st.fixed_dictionaries(
    {"amount": st.integers(-100, 100), "currency": st.just("CNY"), "act": st.sampled_from([*Did])},
    optional={
        "number": st.sampled_from(["1", "2", "3"]),
        "undoes": st.sampled_from(["1", "2", "3"]),
        "register": st.sampled_from(["a", "b"]),
    },
)
LOOK = st.fixed_dictionaries(
    {"behind": st.integers(0, 2), "before": st.integers(0, 2)},
    optional={"seconds": st.integers(0, 200), "register": st.sampled_from(["a", "b"])},
)
OTHER = st.dictionaries(st.text(max_size=3), st.none() | st.booleans() | st.text(max_size=3), max_size=2)


def reading(item, after, value, n=None):
    return Reading(n or uuid4(), item, NOON + timedelta(seconds=after), value)


READINGS = st.lists(
    st.one_of(
        st.builds(reading, st.just(TRANSACTIONS), SECONDS, TRANSACTION, st.uuids()),
        st.builds(reading, st.just(PRESENCE), SECONDS, LOOK, st.uuids()),
        st.builds(
            reading, st.sampled_from([TRANSACTIONS, PRESENCE, ItemName("x")]), SECONDS, OTHER, st.uuids()
        ),
    ),
    max_size=14,
)


def sale(after, number="1", **more):
    return reading(
        TRANSACTIONS, after, {"amount": 12, "currency": "CNY", "act": "sale", "number": number} | more
    )


def seen(after, behind, before, seconds=60):
    return reading(PRESENCE, after, {"behind": behind, "before": before, "seconds": seconds})


def reasons(*readings):
    return [flag.rule.reason for flag in flags(read(readings))]


def plainly(rule, rung, till):
    """Walk second by second, as somebody with a notebook would."""
    if rule.match is Match.UNDONE:
        ages = [
            (rung.at - one.at).total_seconds()
            for one in till.rung
            if one.did == Did.SALE and one.number and one.number == rung.undoes
        ]
        return any(-rule.after_s <= age <= rule.before_s for age in ages)
    looked = people = False
    for second in range(-rule.before_s, rule.after_s + 1):
        moment = rung.at + timedelta(seconds=second)
        for one in till.looks:
            if one.since <= moment <= one.until and (
                one.register is None or rung.register is None or one.register == rung.register
            ):
                looked = True
                people = people or (one.behind if rule.match is Match.BEHIND else one.before) > 0
    return looked if rule.match is Match.WATCHED else people or not looked


@given(READINGS)
def test_every_rule_means_what_somebody_with_a_notebook_would_say(readings):
    till = read(readings)
    naive = [
        (rung.id, rule.reason)
        for rung in till.rung
        for rule in RULES
        if rung.did in rule.did and not plainly(rule, rung, till)
    ]
    found = flags(till)
    event(f"{min(len(found), 3)} flags")
    assert [(flag.rung.id, flag.rule.reason) for flag in found] == naive


@given(READINGS)
def test_a_reason_is_always_among_the_tables_and_what_is_matched_is_no_flag(readings):
    till = read(readings)
    for flag in flags(till):
        assert flag.rule.reason in REASONS
        assert flag.rung.did in flag.rule.did
        assert not matched(flag.rule, flag.rung, till)


@given(READINGS, st.randoms())
def test_order_never_matters_and_a_flag_keeps_its_id(readings, random):
    shuffled = list(readings)
    random.shuffle(shuffled)
    assert flags(read(shuffled)) == flags(read(readings))
    ids = [flag.id for flag in flags(read(readings))]
    assert len(ids) == len(set(ids)) or len({r.id for r in readings}) < len(readings)


@given(READINGS)
def test_somebody_on_both_sides_all_day_leaves_only_voids_that_came_late(readings):
    everywhere = [seen(-200, 1, 1, 1400)]
    assert set(reasons(*readings, *everywhere)) <= {"void_after_payment"}


def test_the_table_says_everything_twice_and_no_reason_twice():
    assert len(RULES) == len(REASONS)
    assert {did for rule in RULES for did in rule.did} == set(Did)
    for rule in RULES:
        assert rule.says.keys() == set(Language)
        assert all(rule.says.values())
        assert rule.before_s >= 0
        assert rule.after_s >= 0


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([sale(60), seen(30, 1, 1)], []),
        ([sale(60), seen(30, 0, 1)], ["sale_nobody_there"]),
        ([sale(60)], []),  # no camera: nobody is accused
        ([sale(60, act="no_sale"), seen(30, 1, 0)], []),
        ([sale(60, act="no_sale"), seen(30, 0, 0)], ["drawer_nobody_there"]),
        ([sale(60, act="no_sale")], ["drawer_unwatched"]),
        ([sale(300, act="no_sale"), seen(0, 1, 1)], ["drawer_unwatched"]),
        ([sale(300, act="refund"), seen(200, 1, 1)], []),
        ([sale(300, act="refund"), seen(250, 1, 0)], ["refund_no_customer"]),
        ([sale(60), sale(100, "2", act="void", undoes="1"), seen(30, 1, 1, 90)], []),
        ([sale(60), sale(121, "2", act="void", undoes="1"), seen(30, 1, 1, 90)], ["void_after_payment"]),
        ([sale(60), sale(100, "2", act="void", undoes="9"), seen(30, 1, 1, 90)], ["void_after_payment"]),
        ([sale(60), sale(100, "2", act="void", undoes="1"), seen(30, 1, 0, 90)], ["void_no_customer"]),
    ],
)
def test_what_happens_at_a_till(readings, expected):
    assert reasons(*readings) == expected


def test_another_tills_camera_says_nothing_of_this_one():
    there = reading(PRESENCE, 30, {"behind": 1, "before": 1, "register": "b"})
    assert reasons(sale(60, act="no_sale", register="a"), there) == ["drawer_unwatched"]


def film(at, seconds, kind="video/mp4", device=None):
    began = NOON + timedelta(seconds=at)
    return Film(uuid4(), kind, began, began + timedelta(seconds=seconds), device)


def test_the_film_that_shows_most_of_a_moment_is_its_clip():
    camera, other = uuid4(), uuid4()
    early, whole, strange = (
        film(0, 40, device=camera),
        film(30, 60, device=camera),
        film(0, 300, device=other),
    )
    span = NOON + timedelta(seconds=35), NOON + timedelta(seconds=70)
    found = clip([early, whole, strange, film(40, 0, "image/jpeg", camera)], *span, {camera})
    assert (found.film, found.offset_s) == (whole, 5)
    assert clip([early, whole, strange], *span, set()).film == strange or clip([whole], *span, set())
    assert clip([film(0, 10)], *span, set()) is None
    near, far = film(50, 0, "image/jpeg"), film(300, 0, "image/png")
    assert still([far, whole, near], span[0], ()) == near
    assert still([far, whole], span[0], ()) is None
    assert still([near], span[0], {other}) is None


class Door:
    def __init__(self, *readings, films=()):
        self.readings, self.shown, self.noted = readings, films, []

    async def events(self, function, purpose, items, since, until):
        assert (purpose, items) == (audit.PURPOSE, audit.ITEMS)
        return Events(
            tuple(r for r in self.readings if since <= r.measured < until),
            frozenset({ClauseId(f"p/functions/{function}")}),
        )

    async def documents(self, function, purpose, items):
        raise AssertionError("an audit opens no document")
        return Documents({}, frozenset())

    async def films(self, function, purpose, item, since, until):
        if self.shown is None:
            raise Denied(Deny(Reason.NOT_CHOSEN, frozenset()))
        return tuple(self.shown)

    async def note(self, function, purpose, reading):
        self.noted.append((function, purpose, reading))
        return True


HOUR = NOON, NOON + timedelta(hours=1)


def test_a_line_for_each_transaction_of_the_period_and_what_is_near_its_edge_is_seen():
    edge = sale(3599), seen(3590, 1, 1), sale(3601), sale(-1), sale(0), seen(-20, 1, 1)
    found = asyncio.run(audit.audit(Door(*edge, films=None), *HOUR, function=audit.JOBBERY))
    assert [line.rung.at for line in found.lines] == [NOON, NOON + timedelta(seconds=3599)]
    assert found.raised == ()
    assert found.because == {"p/functions/jobbery"}
    assert all(line.clip is None and line.looks for line in found.lines)


def test_only_functions_of_the_till_are_audited():
    with pytest.raises(NotAtTills):
        asyncio.run(audit.audit(Door(), *HOUR, function="customer_flow"))


def test_the_last_word_on_a_flag_counts_and_is_kept_as_it_was_said():
    drawer = sale(60, act="no_sale")
    (flag,) = flags(read([drawer]))

    def said(after, verdict):
        return reading(REVIEW, after, {"flag": str(flag.id), "said": verdict})

    words = [said(5000, "cleared"), said(4000, "confirmed"), said(6000, "whatever")]
    assert verdicts(words) == {flag.id: Verdict.CLEARED}
    ((raised,),) = [line.raised for line in compare(Till(*_parts(drawer)), (), verdicts(words))]
    assert raised.verdict is Verdict.CLEARED
    door = Door(drawer)
    at = NOON + timedelta(hours=2)
    say = audit.review(door, audit.CASHIER_AUDIT, flag.id, Verdict.CONFIRMED, within=HOUR, at=at)
    asyncio.run(say)
    ((function, purpose, kept),) = door.noted
    assert (function, purpose, kept.item, kept.measured) == (audit.CASHIER_AUDIT, audit.PURPOSE, REVIEW, at)
    assert kept.value == {"flag": str(flag.id), "said": "confirmed"}
    other = audit.review(door, audit.JOBBERY, UUID(int=1), Verdict.CLEARED, within=HOUR, at=at)
    with pytest.raises(NoSuchFlag):
        asyncio.run(other)


def _parts(*readings):
    till = read(readings)
    return till.rung, till.looks


def test_forty_visits_are_forty_and_nobody_is_named():
    counts = [reading(visits.VISIT_COUNT, n, {"count": 4}) for n in range(10)]
    late = reading(visits.VISIT_COUNT, 5, {"count": 2, "day": "2026-03-01"})
    strange = reading(visits.VISIT_COUNT, 5, {"count": "many"})
    found = visits.count([*counts, late, strange])
    assert {day.isoformat(): n for day, n in found.days.items()} == {"2026-03-01": 2, "2026-03-02": 40}
    assert found.left_out == 1
