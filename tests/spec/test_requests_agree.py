"""Requests: the invariants of `spec/requests.py` by name, and the fast code against it."""

# ruff: noqa: E501, PERF401, PLR0917 - clauses are drawn one by one
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spec import requests as spec
from tests.spec import generate
from troth.app import policies
from troth.policy import requests as fast
from troth.policy.clauses import AcceptanceClause, RightClause
from troth.policy.period import Period, Unit
from troth.policy.statement_words import Proof, RefuseGround, RequestRule, Unreasonable
from troth.policy.statements import DeadlineClause, RefuseGroundClause, RequestClause
from troth.policy.words import Channel, Right

RIGHTS = [Right.ACCESS.value, Right.CANCEL.value, Right.COMPLAIN.value]
WORDS = {
    "by": [each.value for each in Channel],
    "proofs": [each.value for each in Proof],
    "grounds": [each.value for each in Unreasonable],
    "rights": RIGHTS,
}
GROUNDS = [each.value for each in (*RefuseGround, *Unreasonable)]
REAL = {name: policies.compiled(name) for name in ("sunmi-camera", "kaiconn")}


def some(key):
    return st.lists(st.sampled_from(WORDS[key]), unique=True, max_size=3).map(tuple)


@st.composite
def clauses(draw):
    made = [generate.clause(AcceptanceClause, "acceptance", shown_first=True)]
    for right in draw(st.lists(st.sampled_from(RIGHTS), unique=True)):
        made.append(
            generate.clause(
                RightClause, f"rights/{right}", right=right, by=draw(some("by")), proofs=draw(some("proofs"))
            )
        )
    for rule in draw(st.lists(st.sampled_from(RequestRule), unique=True)):
        fields = {key: draw(some(key)) for key in WORDS}
        made.append(generate.clause(RequestClause, f"requests/{rule.value}", name=rule.value, **fields))
    for ground in draw(st.lists(st.sampled_from(RefuseGround), unique=True, max_size=3)):
        made.append(generate.clause(RefuseGroundClause, f"refuse_when/{ground.value}", name=ground.value))
    if draw(st.booleans()):
        made.append(
            generate.clause(
                DeadlineClause, "deadlines/d", name="d", of=tuple(draw(st.lists(st.sampled_from(RIGHTS), min_size=1, unique=True))),
                within=Period(7, Unit.DAYS), counted_from="applied", revocable=draw(st.none() | st.booleans()),
            )
        )  # fmt: skip
    return made


SHOWN = st.frozensets(st.sampled_from(WORDS["proofs"]))
RIGHT = st.sampled_from(RIGHTS)


@given(clauses(), RIGHT, st.sampled_from(WORDS["by"]), SHOWN, st.booleans(), st.sampled_from(GROUNDS))
def test_requests_agree_with_the_specification(made, right, channel, shown, flag, ground):
    policy = generate.policy_of(made)
    compiled = generate.compiled(policy)
    ways = fast.ways_in(compiled, right)
    assert (channel in ways) == spec.comes_in(policy, right, channel)
    needed = fast.proofs(compiled, right, signed_in=flag)
    assert needed.enough(shown) == spec.may_begin(policy, right, shown, signed_in=flag)
    assert needed.enough(shown) == (
        not needed.wanted(shown) or (needed.all_of <= shown and not needed.any_of.isdisjoint(shown))
    )
    clause = fast.ground_of(compiled, ground)
    assert (clause is not None) == spec.may_refuse(policy, ground)
    assert (fast.may_cost(compiled, repeated=flag) is not None) == spec.may_cost(policy, repeated=flag)
    assert (fast.taken_back(compiled, right) is not None) == spec.can_be_taken_back(policy, right)
    named = [*ways.values(), clause, fast.may_cost(compiled, repeated=flag), fast.taken_back(compiled, right)]
    assert {each for each in named if each} <= compiled.clauses.keys()


@given(clauses(), st.sampled_from(WORDS["by"]))
def test_a_right_that_the_policy_does_not_list_is_not_asked_for(made, channel):
    policy = generate.policy_of([one for one in made if not isinstance(one, RightClause)])
    assert not any(spec.comes_in(policy, right, channel) for right in RIGHTS)


@given(clauses(), st.text(max_size=12))
def test_no_ground_but_a_listed_one_refuses(made, ground):
    listed = {
        word
        for one in made
        for word in ((one.name,) if isinstance(one, RefuseGroundClause) else getattr(one, "grounds", ()))
    }
    assert not spec.may_refuse(generate.policy_of(made), ground) or ground in listed


@given(clauses(), RIGHT)
def test_nothing_is_handled_at_the_desk_without_a_proof(made, right):
    assert not spec.may_begin(generate.policy_of(made), right, (), signed_in=False)


@given(clauses())
def test_a_first_request_costs_nothing(made):
    assert not spec.may_cost(generate.policy_of(made), repeated=False)


@given(clauses(), clauses(), RIGHT, st.sampled_from(WORDS["by"]))
def test_one_more_way_in_never_closes_another(made, more, right, channel):
    before, after = (spec.comes_in(generate.policy_of(rows), right, channel) for rows in (made, made + more))
    assert after or not before


@pytest.mark.parametrize(
    ("name", "right", "ways"),
    [
        ("sunmi-camera", "cancel", {"privacy_page", "phone", "email"}),
        ("kaiconn", "cancel", {"settings", "phone"}),
        ("kaiconn", "relatives", {"phone"}),
        ("kaiconn", "explain", {"phone", "email"}),
        ("kaiconn", "scope", set()),
        ("sunmi-camera", "complain", set()),
    ],
)
def test_how_the_real_policies_are_reached(name, right, ways):
    assert set(fast.ways_in(REAL[name], right)) == ways


def test_what_the_real_policies_ask_for_first():
    kaiconn = REAL["kaiconn"]
    relatives = fast.proofs(kaiconn, "relatives", signed_in=False)
    assert not relatives.enough({"identity", "death"})
    assert relatives.enough({"identity", "death", "kinship"})
    assert fast.proofs(kaiconn, "copy", signed_in=True).enough(())
    assert fast.proofs(REAL["sunmi-camera"], "cancel", signed_in=False).enough({"written_request"})


def test_what_a_refusal_of_the_real_policies_says():
    camera, kaiconn = REAL["sunmi-camera"], REAL["kaiconn"]
    assert set(fast.grounds(camera)) - set(fast.grounds(kaiconn)) == {"duty", "life"}
    assert fast.complaint(camera).regulators == (
        "cybersecurity",
        "telecommunications",
        "public_security",
        "market_regulation",
    )
    assert fast.complaint(kaiconn).ways == {"feedback": None, "phone": "0755 - 86965862"}
    assert fast.taken_back(kaiconn, "cancel") == "kaiconn/deadlines/cancellation"
    assert fast.taken_back(camera, "cancel") is None
    assert fast.spared(kaiconn, "consent") == "kaiconn/requests/tell_recipients"
    assert fast.spared(camera, "consent") is None
