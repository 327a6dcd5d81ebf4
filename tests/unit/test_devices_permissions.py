"""What a device may send is the gate's answer, function by function; readings alike in time get one."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from troth.app.policies import compiled
from troth.devices.bound import BoundDevice
from troth.devices.moments import alike
from troth.devices.names import KINDS
from troth.devices.permissions import NO_PURPOSE, arising, open_functions, purpose_of, question
from troth.gate.decide import SKEW, decide
from troth.terms import Act, ActKind, ActorKind, Allow, Reading, Standing, Verb

POLICY = compiled("sunmi-camera")
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUBJECT, DEVICE = uuid4(), uuid4()
BOUND = BoundDevice(SUBJECT, DEVICE, "sunmi-camera", "0" * 32, b"", 1, b"", date(2026, 3, 1))
FLOW, GUARD = "customer_flow", "store_guard"
TEXT = {"version": POLICY.policy.version, "language": "en", "text_hash": "a" * 64}


def act(kind, at=NOW - timedelta(hours=2), **what):
    return Act(kind=kind, policy="sunmi-camera", at=at, **what)


AGREED = (
    act(ActKind.SHOWN, **TEXT),
    act(ActKind.ACCEPTED, **TEXT),
    act(ActKind.DECLARED_ADULT),
    act(ActKind.SUPPLIED, need="camera", device=DEVICE),
    *(
        act(ActKind.SUPPLIED, function=function, item=item)
        for function in (FLOW, GUARD)
        for item in ("store_name", "store_address")
    ),
)


def may(*acts):
    return open_functions(POLICY, Standing(SUBJECT, acts), BOUND, region="CN", at=NOW)


def test_nothing_chosen_nothing_open():
    assert may() == may(*AGREED) == frozenset()


def test_what_was_chosen_is_open_until_withdrawn():
    chosen = (*AGREED, act(ActKind.CHOSEN, function=FLOW), act(ActKind.CHOSEN, function=GUARD))
    assert may(*chosen) == {FLOW, GUARD}
    assert may(*chosen, act(ActKind.WITHDRAWN, function=GUARD)) == {FLOW}
    assert may(*chosen, act(ActKind.CANCELLED)) == frozenset()


def test_a_function_without_its_needs_stays_shut():
    lacking = [a for a in AGREED if a.item != "store_name"]
    assert may(*lacking, act(ActKind.CHOSEN, function=FLOW)) == frozenset()


def test_elsewhere_nothing_is_open():
    standing = Standing(SUBJECT, (*AGREED, act(ActKind.CHOSEN, function=FLOW)))
    assert open_functions(POLICY, standing, BOUND, region="US", at=NOW) == frozenset()


@pytest.mark.parametrize("function", sorted(POLICY.functions))
def test_a_device_asks_only_for_purposes_that_name_devices(function):
    table = POLICY.functions[function]
    ask = question(BOUND, function, table, "CN", NOW)
    if purpose_of(table) is None:
        assert ask.purpose == NO_PURPOSE
        assert not isinstance(decide(POLICY, Standing(SUBJECT, AGREED), ask), Allow)
    else:
        clause = table.purposes[ask.purpose]
        assert ActorKind.DEVICE in clause.by
        assert Verb.COLLECT in clause.verbs
        assert ask.items == arising(table, KINDS["camera"])


moments = st.integers(-200, 10).map(lambda n: NOW + timedelta(minutes=n))
histories = st.lists(
    st.tuples(
        st.sampled_from(
            [ActKind.CHOSEN, ActKind.WITHDRAWN, ActKind.ENDED, ActKind.ACCEPTED, ActKind.REMOVED]
        ),
        moments,
    ),
    max_size=6,
)


@given(histories, st.lists(moments | st.just(NOW + SKEW), min_size=1, max_size=12))
def test_readings_alike_in_time_get_the_same_answer(history, times):
    more = [
        act(kind, at, **{
            ActKind.ACCEPTED: TEXT,
            ActKind.REMOVED: {"need": "camera", "device": DEVICE},
            ActKind.ENDED: {},
        }.get(kind, {"function": FLOW}))
        for kind, at in history
    ]  # fmt: skip
    standing = Standing(SUBJECT, (*AGREED, act(ActKind.CHOSEN, function=FLOW), *more))
    form = question(BOUND, FLOW, POLICY.functions[FLOW], "CN", NOW)
    readings = [Reading(uuid4(), "line_crossing", at, {}) for at in times]
    groups = alike(readings, standing, (NOW, NOW + SKEW))
    assert sorted(r.id for group in groups for r in group) == sorted(r.id for r in readings)
    for group in groups:
        answers = {decide(POLICY, standing, _measured(form, reading)) for reading in group}
        assert len(answers) == 1


def _measured(form, reading):
    return structs.replace(form, measured=reading.measured)


def test_a_thousand_readings_of_one_afternoon_are_one_question():
    standing = Standing(SUBJECT, AGREED)
    readings = [Reading(uuid4(), "line_crossing", NOW - timedelta(seconds=n), {}) for n in range(1, 1000)]
    assert len(alike(readings, standing, (NOW, NOW + SKEW))) == 1
