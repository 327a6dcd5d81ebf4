"""The sentences of `spec/`, each as a test of its name. They hold for the specification and for the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, event, given, settings
from msgspec import structs

import spec.gate
from tests.spec import generate
from tests.spec.test_gate_agrees import EXAMPLES, QUIET
from troth.gate.decide import decide
from troth.policy import clauses as says
from troth.policy.statements import CaseClause
from troth.terms import (
    Act,
    ActKind,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Decision,
    Deny,
    Reason,
    Role,
    Standing,
    Verb,
)

ASKS = 8
FEW = settings(QUIET, max_examples=max(1, EXAMPLES // 8))
FEWER = settings(QUIET, max_examples=max(1, EXAMPLES // 16))
FORBIDS = (says.NeverAboutClause, says.ClosedClause)
LIMITS = (*FORBIDS, says.SwitchClause, says.NeedClause, says.AudienceClause)
"""Clauses that only ever take away."""
CLOSING = [
    ActKind.ENDED,
    ActKind.WITHDRAWN,
    ActKind.SWITCHED_OFF,
    ActKind.FOUND_MINOR,
    ActKind.REMOVED,
    ActKind.CANCELLED,
]


def answer(policy: says.Policy, standing: Standing | None, ask: Ask) -> Decision:
    """The one answer of both."""
    decision = spec.gate.decide(policy, standing, ask)
    assert decide(generate.compiled(policy), standing, ask) == decision
    return decision


def passed(decision: Decision) -> frozenset:
    return decision.items if isinstance(decision, Allow) else frozenset()


def cases(dice):
    policy = generate.policy(dice)
    standing = generate.standing(dice, policy)
    for _ in range(ASKS):
        yield policy, standing, generate.ask(dice, policy)


def without(policy: says.Policy, *gone: says.Clause) -> says.Policy:
    return replace(policy, clauses=tuple(c for c in policy.clauses if c not in gone))


@FEW
@given(generate.dice)
def test_no_rule_no_access(dice):
    for policy, standing, ask in cases(dice):
        for kind in (says.FunctionClause, says.ItemClause):
            assert isinstance(answer(without(policy, *of(policy, kind)), standing, ask), Deny)
        if ask.basis is not Basis.OWN_RIGHT:
            bare = without(policy, *of(policy, says.PurposeClause), *of(policy, CaseClause))
            decision = answer(bare, standing, ask)
            own = next((c.basis for c in of(policy, says.FunctionClause) if c.function == ask.function), None)
            assert isinstance(decision, Deny) or (ask.basis or own) is Basis.OWN_RIGHT
    assert isinstance(spec.gate.decide(replace(policy, clauses=()), standing, ask), Deny)


def of(policy: says.Policy, kind: type) -> list:
    return [c for c in policy.clauses if isinstance(c, kind)]


@FEW
@given(generate.dice)
def test_a_forbid_beats_any_permit(dice):
    for policy, standing, ask in cases(dice):
        before = answer(policy, standing, ask)
        never = generate.clause(
            says.NeverAboutClause, "forbid/role", mod="must_not", function=ask.function, role=ask.role
        )
        here = without(policy, *(c for c in of(policy, says.NeverAboutClause) if c.function == ask.function))
        after = answer(replace(here, clauses=(never, *here.clauses)), standing, ask)
        assert isinstance(after, Deny)
        if isinstance(before, Allow):
            event("was allowed")
            assert after == Deny(Reason.ROLE_FORBIDDEN, frozenset({never.id}))
            if ask.actor.kind in {ActorKind.STAFF, ActorKind.SERVICE}:
                item = min(ask.items)
                shut = generate.clause(
                    says.ClosedClause,
                    "forbid/item",
                    mod="must_not",
                    function=ask.function,
                    item=item,
                    verbs=frozenset(Verb),
                    unless=frozenset(),
                )
                free = without(
                    policy,
                    *(
                        c
                        for c in of(policy, says.ClosedClause)
                        if (c.function, c.item) == (ask.function, item)
                    ),
                )
                after = answer(replace(free, clauses=(*free.clauses, shut)), standing, ask)
                assert after == Deny(Reason.CLOSED_TO_CONTROLLER, frozenset({shut.id}))


@FEW
@given(generate.dice)
def test_the_order_of_clauses_never_matters(dice):
    for policy, standing, ask in cases(dice):
        turned = replace(policy, clauses=tuple(reversed(policy.clauses)))
        sorted_ = replace(policy, clauses=tuple(sorted(policy.clauses, key=lambda c: c.id)))
        assert (
            answer(policy, standing, ask) == answer(turned, standing, ask) == answer(sorted_, standing, ask)
        )


@FEW
@given(generate.dice)
def test_adding_a_forbid_never_opens(dice):
    for policy, standing, ask in cases(dice):
        gone = [c for c in of(policy, LIMITS) if dice.below(2)]
        less = without(policy, *gone)
        with_forbids, without_them = answer(policy, standing, ask), answer(less, standing, ask)
        assert passed(with_forbids) <= passed(without_them)
        event(f"{type(without_them).__name__} to {type(with_forbids).__name__}")


@FEW
@given(generate.dice)
def test_withdrawing_never_opens(dice):
    for policy, standing, ask in cases(dice):
        if standing is None:
            continue
        acts = list(standing.acts)
        for _ in range(1 + dice.below(2)):
            taken_back = generate.act(dice, kind=dice.pick(CLOSING))
            acts.insert(len(acts) if dice.often() else dice.below(len(acts) + 1), taken_back)
        after = answer(policy, replace(standing, acts=tuple(acts)), ask)
        before = answer(policy, standing, ask)
        if passed(after):  # a recipient who may not have all that was asked may have what is left of it
            just_that = answer(policy, standing, structs.replace(ask, items=passed(after)))
            assert passed(after) <= passed(before) | passed(just_that)
        event(f"{type(before).__name__} to {type(after).__name__}")


@FEW
@given(generate.dice)
def test_a_withdrawal_counts_at_once_whatever_time_it_carries(dice):
    for policy, standing, ask in cases(dice):
        if standing is None:
            continue
        taken_back = generate.act(dice, kind=dice.pick(CLOSING))
        today, tomorrow = (
            replace(standing, acts=(*standing.acts, replace(taken_back, at=at)))
            for at in (ask.at, ask.at + timedelta(days=1))
        )
        assert answer(policy, today, ask) == answer(policy, tomorrow, ask)


@FEW
@given(generate.dice)
def test_what_was_measured_before_a_withdrawal_never_comes_in_after_it(dice):
    policy = generate.policy(dice)
    standing = generate.standing(dice, policy)
    assume(standing is not None)
    again = [act for act in standing.acts if act.kind not in CLOSING]
    back = [Act(kind=ActKind.ENDED, policy="pol", at=act.at, version=1) for act in standing.acts[-1:]]
    anew = [replace(act, at=max(act.at, standing.acts[-1].at)) for act in again]
    standing = replace(standing, acts=(*standing.acts, *back, *anew))
    for _ in range(ASKS):
        ask = generate.ask(dice, policy)
        decision = answer(policy, standing, ask)
        agreed = (ask.basis or Basis.CONTRACT) in {Basis.CONTRACT, Basis.CONSENT, Basis.SEPARATE_CONSENT}
        own = {c.basis for c in of(policy, says.FunctionClause) if c.function == ask.function}
        if agreed and own <= {Basis.CONTRACT, Basis.CONSENT, Basis.SEPARATE_CONSENT}:
            early = min(ask.measured or ask.at, ask.at) < back[0].at
            if early and ask.verb is not Verb.FORGET:
                event(type(decision).__name__)
                assert isinstance(decision, Deny)


@FEW
@given(generate.dice)
def test_nothing_opens_after_cancellation(dice):
    for policy, standing, ask in cases(dice):
        if standing is None:
            continue
        end = Act(kind=ActKind.CANCELLED, policy="other", at=ask.at)
        acts = list(standing.acts)
        acts.insert(dice.below(len(acts) + 1), end)
        decision = answer(policy, replace(standing, acts=tuple(acts)), ask)
        own = {c.basis for c in of(policy, says.FunctionClause) if c.function == ask.function}
        beyond = {Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT} & {ask.basis, *own}
        assert isinstance(decision, Deny) or beyond or ask.verb is Verb.FORGET


@FEW
@given(generate.dice)
def test_an_error_while_deciding_denies(dice):
    policy = generate.policy(dice)
    standing, ask = generate.standing(dice, policy), generate.ask(dice, policy)
    no = Deny(Reason.ERROR, frozenset())
    tables = generate.compiled(policy)
    for broken in (
        structs.replace(ask, at=None),
        structs.replace(ask, items=None),
        structs.replace(ask, measured=0.5),
        None,
        object(),
    ):
        assert isinstance(decide(tables, standing, broken), Deny)
        assert isinstance(spec.gate.decide(policy, standing, broken), Deny)
    for broken in (Standing(ask.subject, (None,)), Standing(ask.subject, None), 1):
        assert decide(tables, broken, ask) == spec.gate.decide(policy, broken, ask) == no
    assert decide(None, standing, ask) == spec.gate.decide(None, standing, ask) == no
    assert decide(tables, standing, structs.replace(ask, at=ask.at.replace(tzinfo=None))) == no
    if standing:
        assert decide(tables, replace(standing, subject=generate.DEVICES[0]), ask) == no


@FEW
@given(generate.dice)
def test_what_was_not_allowed_when_measured_is_refused(dice):
    for policy, standing, ask in cases(dice):
        if standing is None or ask.measured is None or ask.measured > ask.at:
            continue
        # As it goes where clocks agree: what was done later carries a later time.
        acts = tuple(sorted(standing.acts, key=lambda act: act.at))
        now = answer(policy, replace(standing, acts=acts), ask)
        by_then = tuple(act for act in acts if act.at <= ask.measured)
        then = answer(
            policy, replace(standing, acts=by_then), structs.replace(ask, at=ask.measured, measured=None)
        )
        event(f"{type(then).__name__} then, {type(now).__name__} now")
        assert passed(now) <= passed(then)


@FEW
@given(generate.dice)
def test_dropping_is_per_item(dice):
    for policy, standing, ask in cases(dice):
        decision = answer(policy, standing, ask)
        if not isinstance(decision, Allow):
            continue
        assert decision.items | {drop.item for drop in decision.dropped} == ask.items
        assert not decision.items & {drop.item for drop in decision.dropped}
        for drop in decision.dropped:
            rest = answer(policy, standing, structs.replace(ask, items=ask.items - {drop.item}))
            assert rest == replace(decision, dropped=decision.dropped - {drop})
        more = answer(policy, standing, structs.replace(ask, items=ask.items | {"never heard of"}))
        assert passed(more) == decision.items
        assert {d.item for d in more.dropped} == {d.item for d in decision.dropped} | {"never heard of"}


@FEW
@given(generate.dice)
def test_what_does_not_have_its_form_is_never_admitted(dice):
    for policy, standing, ask in cases(dice):
        fit = structs.replace(ask, items=ask.items - ask.unfit, unfit=frozenset())
        before, after = passed(answer(policy, standing, fit)), passed(answer(policy, standing, ask))
        event(f"{bool(before)} without it, {bool(after)} with it")
        assert after in {frozenset(), before}  # nothing where it is closed to who asks, even unread
        assert not after & ask.unfit
        assert isinstance(answer(policy, standing, structs.replace(ask, unfit=ask.items)), Deny)


def not_keeping(policy: says.Policy) -> says.Policy:
    """The same policy, except that no function keeps anything."""
    clauses = [
        replace(c, keep=says.Keep.NONE) if isinstance(c, says.ItemClause) else c for c in policy.clauses
    ]
    return replace(policy, clauses=tuple(clauses))


@FEW
@given(generate.dice)
def test_what_is_used_and_not_kept_is_never_stored(dice):
    for policy, standing, ask in cases(dice):
        decision, spared = answer(policy, standing, ask), answer(not_keeping(policy), standing, ask)
        if isinstance(decision, Allow):
            none = {
                c.item
                for c in of(policy, says.ItemClause)
                if c.function == ask.function and c.keep is says.Keep.NONE
            }
            event(f"{len(none & decision.items)} of them not kept")
            assert decision.unkept == decision.items & none
            assert spared == replace(decision, unkept=decision.items)
        else:
            assert spared == decision


@FEWER
@given(generate.dice)
def test_the_explanation_names_exactly_the_deciding_clauses(dice):
    for policy, standing, ask in cases(dice):
        decision = answer(policy, standing, ask)
        event(decision.reason.value if isinstance(decision, Deny) else "allow")
        if isinstance(decision, Allow):
            a_yes_rests_on_what_it_names(policy, standing, ask, decision)
            continue
        for c in policy.clauses:
            if isinstance(c, LIMITS):
                kept = answer(without(policy, c), standing, ask) == decision
                assert kept == (c.id not in decision.because)


def a_yes_rests_on_what_it_names(policy, standing, ask, decision: Allow) -> None:
    dropped = {drop.clause for drop in decision.dropped}
    gone = {drop.item for drop in decision.dropped}
    items = [c for c in of(policy, says.ItemClause) if c.function == ask.function and c.item in gone]
    along = {c.only_while for c in items}
    dropped |= {c.id for c in (*items, *(f for f in of(policy, says.FunctionClause) if f.function in along))}
    structure = (says.RefusalClause, says.AcceptanceClause)
    named = [c for c in policy.clauses if c.id in decision.because | dropped or isinstance(c, structure)]
    unnamed = [c for c in policy.clauses if c not in named]
    assert answer(replace(policy, clauses=tuple(named)), standing, ask) == decision
    for c in unnamed:
        assert answer(without(policy, c), standing, ask) == decision
    permits = (says.FunctionClause, says.PurposeClause, says.RecipientClause, says.ItemClause)
    permits += (says.DutyClause, says.ExemptClause)
    for c in named:
        if isinstance(c, permits) and c.id in decision.because:
            less = answer(without(policy, c), standing, ask)
            assert less != decision
            if isinstance(c, says.ItemClause):
                assert c.item not in passed(less)
            elif getattr(c, "function", ask.function) == ask.function:
                assert isinstance(less, Deny)


def test_a_role_that_is_not_forbidden_does_not_open_anything():
    """A role changes nothing but who may act: the standing asked for is always the account's."""
    dice = generate.Dice(bytes(range(256)) * 4)
    for policy, standing, ask in cases(dice):
        plain = without(policy, *of(policy, says.NeverAboutClause))
        guest = structs.replace(ask, role=Role.GUEST, actor=structs.replace(ask.actor, id=str(ask.subject)))
        assert answer(plain, standing, guest) == answer(
            plain, standing, structs.replace(guest, role=Role.HOLDER)
        )
