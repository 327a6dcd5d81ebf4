"""What lost entries take from a standing: what they may have been about, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from troth.app.backup import lost
from troth.ledger.entries import EntryKind, NewEntry, body, commitment, entry_of, new_id
from troth.terms import (
    Act,
    ActKind,
    ClauseId,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Standing,
    SubjectId,
    SwitchName,
)

AT = datetime(2026, 3, 2, 4, 5, tzinfo=UTC)
LATER = AT + timedelta(days=1)
ME, SOMEBODY = SubjectId(uuid4()), SubjectId(uuid4())
POLICY = PolicyName("sunmi-camera")
FLOW = FunctionName("customer_flow")


def act(kind, **more):
    return Act(kind=kind, policy=more.pop("policy", POLICY), at=more.pop("at", AT), **more)


def after(*acts, erased=()):
    """Return what the log says after a backup, when somebody did ``acts``."""
    bodies = [body(new_id(one.at), entry_of(one, SOMEBODY), commitment(SOMEBODY, b"salt")) for one in acts]
    return lost.read(bodies, frozenset(erased)).acts


def ended(lost_acts, *mine):
    return [(one.kind, one.function) for one in lost.closing(lost_acts, Standing(ME, mine), LATER)]


ACCEPTED = act(ActKind.ACCEPTED, version=1)
CHOSE = act(ActKind.CHOSEN, function=FLOW)
WITHDREW = act(ActKind.WITHDRAWN, function=FLOW)


def test_a_withdrawal_is_everyones_who_had_chosen():
    assert ended(after(WITHDREW), ACCEPTED, CHOSE) == [(ActKind.WITHDRAWN, FLOW)]


@pytest.mark.parametrize(
    "mine",
    [
        (),
        (ACCEPTED,),
        (ACCEPTED, CHOSE, WITHDREW),
        (ACCEPTED, replace(CHOSE, function=FunctionName("store_guard"))),
        (ACCEPTED, replace(CHOSE, policy=PolicyName("kaiconn"))),
        (ACCEPTED, CHOSE, act(ActKind.ENDED)),
        (ACCEPTED, replace(CHOSE, item=ItemName("geolocation"))),
    ],
)
def test_nothing_is_taken_from_who_had_not_given_it(mine):
    taken = after(replace(WITHDREW, item=None if mine[-1:] and not mine[-1].item else ItemName("phone")))
    assert ended(taken, *mine) == []


def test_done_again_it_takes_nothing_more():
    taken = after(WITHDREW, act(ActKind.ENDED), act(ActKind.GUARDIAN_WITHDREW))
    mine = (ACCEPTED, CHOSE, act(ActKind.GUARDIAN_CONSENTED))
    first = lost.closing(taken, Standing(ME, mine), LATER)
    assert {one.kind for one in first} == {
        ActKind.WITHDRAWN,
        ActKind.ENDED,
        ActKind.GUARDIAN_WITHDREW,
    }
    assert lost.closing(taken, Standing(ME, (*mine, *first)), LATER) == ()


def test_a_switch_that_nobody_touched_may_be_on_and_goes_off():
    off = act(ActKind.SWITCHED_OFF, switch=SwitchName("location"))
    on = replace(off, kind=ActKind.SWITCHED_ON)
    assert ended(after(off), ACCEPTED) == [(ActKind.SWITCHED_OFF, None)]
    assert ended(after(off), ACCEPTED, on) == [(ActKind.SWITCHED_OFF, None)]
    assert ended(after(off), ACCEPTED, on, off) == []
    assert ended(after(on), ACCEPTED) == []
    assert ended(after(off)) == []


def test_a_switch_of_a_device_is_its_owners_alone():
    mine = act(ActKind.SUPPLIED, need="camera", device=DeviceId(uuid4()))
    off = act(ActKind.SWITCHED_OFF, switch=SwitchName("customer_flow"), device=mine.device)
    assert ended(after(off), ACCEPTED, mine) == [(ActKind.SWITCHED_OFF, None)]
    assert ended(after(off), ACCEPTED, replace(mine, device=DeviceId(uuid4()))) == []


def test_who_left_and_is_not_on_the_roll_ends_every_acceptance():
    left = act(ActKind.CANCELLED)
    assert ended(after(left), ACCEPTED) == [(ActKind.ENDED, None)]


def test_when_nothing_is_known_every_acceptance_ends():
    other = replace(ACCEPTED, policy=PolicyName("kaiconn"))
    found = lost.everything(Standing(ME, (ACCEPTED, CHOSE, other)), LATER)
    assert {(one.kind, one.policy) for one in found} == {
        (ActKind.ENDED, POLICY),
        (ActKind.ENDED, PolicyName("kaiconn")),
    }


@pytest.mark.parametrize(
    ("named", "functions"), [({}, [""]), ({"what_1": "alarm", "what_2": "guard"}, ["alarm", "guard"])]
)
def test_what_the_maker_ended_is_known_with_its_day(named, functions):
    said = {
        "matter": str(uuid4()),
        "step": "announce",
        "until": "2026-03-05t04:05:00z",
        "functions": len(named),
    }
    entry = NewEntry(
        kind=EntryKind.ENDING,
        at=AT,
        policy=PolicyName("kaiconn"),
        clauses=(ClauseId("kaiconn/cessation/stop"),),
        details=said | named,
    )
    found = lost.read([body(new_id(AT), entry, None)], frozenset())
    assert found.acts == ()
    assert [(one.policy, one.function, one.at) for one in found.endings] == [
        ("kaiconn", function, AT.replace(day=5)) for function in functions
    ]
    told = replace(entry, details={"matter": said["matter"], "step": "finish"})
    assert lost.read([body(new_id(AT), told, None)], frozenset()).endings == ()


def test_every_order_that_was_placed_or_ended_is_named_once_for_the_office():
    first, second = uuid4(), uuid4()
    holds = [
        *[(EntryKind.HELD, {"document": str(one)}) for one in (first, second, first)],
        (EntryKind.HOLD_ENDED, {"document": str(first)}),  # of one person, maybe not of the other
        (EntryKind.HOLD_ENDED, {"record": str(uuid4())}),  # by itself
    ]
    bodies = [body(new_id(AT), NewEntry(kind=kind, at=AT, details=told), None) for kind, told in holds]
    found = lost.read(bodies, frozenset())
    assert (found.orders, found.orders_ended) == ((first, second), (first,))
