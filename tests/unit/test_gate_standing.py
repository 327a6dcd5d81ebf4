"""What the gate remembers of standings, and which version it decides by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from tests.spec import gate_json
from troth.gate import stands
from troth.gate.decide import accepted_version, decide
from troth.policy.compile import compile_policy
from troth.terms import Act, ActKind, Actor, ActorKind, Allow, Ask, Deny, Reason, Standing, Verb

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBJECT = UUID(int=1)
EXAMPLE = compile_policy(gate_json.policy("example"))


def accepted(version: int | None, hours: float = 0, policy: str = "example") -> Act:
    return Act(kind=ActKind.ACCEPTED, policy=policy, version=version, at=AT + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("acts", "version"),
    [
        ([], None),
        ([accepted(1)], 1),
        ([accepted(1), accepted(2)], 2),
        ([accepted(2), accepted(1)], 1),
        ([accepted(1), accepted(2, hours=1)], 1),
        ([accepted(2, hours=-1), accepted(1, hours=-2)], 1),
        ([accepted(1), accepted(2, policy="other")], 1),
        ([accepted(1), Act(kind=ActKind.SHOWN, policy="example", version=2, at=AT)], 1),
        ([accepted(1), Act(kind=ActKind.ENDED, policy="example", version=1, at=AT)], 1),
        ([accepted(1, hours=1)], None),
    ],
)
def test_the_version_accepted_last_by_now(acts, version):
    assert accepted_version(Standing(SUBJECT, tuple(acts)), "example", AT) == version


def test_nobody_accepted_nothing():
    assert accepted_version(None, "example", AT) is None


def test_the_same_standing_is_read_once():
    standing = Standing(SUBJECT, (accepted(1),))
    assert stands.look(EXAMPLE, standing, AT) is stands.look(EXAMPLE, standing, AT + timedelta(days=1))
    assert stands.look(EXAMPLE, standing, AT) is not stands.look(EXAMPLE, replace(standing), AT)
    other = replace(EXAMPLE)
    assert stands.look(EXAMPLE, standing, AT) is not stands.look(other, standing, AT)


def test_before_its_time_an_act_does_not_count_and_that_is_not_remembered():
    standing = Standing(SUBJECT, (Act(kind=ActKind.DECLARED_ADULT, policy="example", at=AT),))
    assert stands.look(EXAMPLE, standing, AT).adult.at(AT)
    assert not stands.look(EXAMPLE, standing, AT - timedelta(seconds=1)).adult.at(AT)
    assert stands.look(EXAMPLE, standing, AT).adult.at(AT)


def test_what_is_remembered_stays_bounded():
    for _ in range(2 * stands._KEPT):
        stands.look(EXAMPLE, Standing(SUBJECT), AT)
        assert len(stands._memory) <= stands._KEPT


def test_a_standing_is_not_mistaken_for_one_that_had_its_place_in_memory():
    """Ids are reused as soon as a value is gone; what is remembered keeps its value."""
    full = (
        Act(kind=ActKind.DECLARED_ADULT, policy="example", at=AT),
        Act(kind=ActKind.FOUND_MINOR, policy="example", at=AT),
    )
    for n in range(2000):
        standing = Standing(SUBJECT, full[: 1 + n % 2])
        assert stands.look(EXAMPLE, standing, AT).adult.at(AT) == (n % 2 == 0)
        del standing


def test_a_time_without_zone_is_unfit_wherever_it_stands():
    naive = Act(kind=ActKind.SWITCHED_OFF, policy="elsewhere", at=AT.replace(tzinfo=None))
    with pytest.raises(stands.Unfit):
        stands.read(EXAMPLE, Standing(SUBJECT, (accepted(1), naive)), AT)


def test_times_at_the_edges_do_not_break_the_decision():
    ask = Ask(
        verb=Verb.USE,
        policy="example",
        function="flow",
        items=frozenset({"crossing"}),
        purpose="show",
        subject=SUBJECT,
        actor=Actor(ActorKind.SUBJECT, str(SUBJECT)),
        region="CN",
        at=datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
        measured=datetime.min.replace(tzinfo=timezone(timedelta(hours=12))),
    )
    decision = decide(EXAMPLE, Standing(SUBJECT, (accepted(1),)), ask)
    assert not isinstance(decision, Allow)
    assert decision == Deny(Reason.AGE_UNKNOWN, frozenset({"example/audience"}))
