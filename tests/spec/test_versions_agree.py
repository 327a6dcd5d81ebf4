"""Several versions at once: the fast code answers as the specification, and a later text never widens."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import event, given

import spec.gate
import spec.versions
from spec.case import Case
from spec.table import Check
from tests.spec import generate
from tests.spec.test_gate_agrees import QUIET
from tests.spec.test_gate_invariants import FEW, not_keeping, passed
from troth.gate.decide import accepted_version, decide
from troth.gate.versions import answer
from troth.policy import clauses as says
from troth.terms import Act, ActKind, Allow, Deny, Reason, Standing

ASKS = 5
VERSIONED = [ActKind.SHOWN, ActKind.ACCEPTED, ActKind.CONTINUED, ActKind.CHOSEN, ActKind.ENDED]


def another(d: generate.Dice, policy: says.Policy, version: int) -> says.Policy:
    """A later version: some clauses gone, some of a policy that has nothing else to do with it."""
    other = generate.policy(d)
    known = {c.id for c in policy.clauses}
    fixed = (says.AcceptanceClause, says.FunctionClause, says.RefusalClause, says.PurposeClause)
    kept = [c for c in policy.clauses if isinstance(c, fixed) or d.often()]
    functions = {c.function for c in policy.clauses if isinstance(c, says.FunctionClause)}
    new = [c for c in other.clauses if c.id not in known and getattr(c, "function", None) in functions]
    return generate.policy_of([*kept, *d.some(new)], version=version)


def cases(d: generate.Dice):
    first = generate.policy(d)
    policies = {1: first, 2: another(d, first, 2)}
    standing = generate.standing(d, first)
    if standing is not None:
        acts = list(standing.acts)
        for _ in range(d.below(6)):
            kind = d.pick([k for k in VERSIONED if k is not ActKind.ENDED or d.rarely()])
            text = generate.SHOWN | {"version": d.pick([2, 2, 1, 3 if d.rarely() else 2])}
            more = {"function": d.pick(generate.FUNCTIONS), "separate": d.often()}
            more |= {"item": d.pick([None, *generate.ITEMS])} if kind is ActKind.CHOSEN else {}
            acts.append(Act(kind=kind, policy="pol", at=d.time(), **text | more))
        standing = replace(standing, acts=tuple(acts))
    for _ in range(ASKS):
        yield policies, standing, generate.ask(d, first)


def both(policies, standing, ask):
    """The one answer of both."""
    compiled = {version: generate.compiled(policy) for version, policy in policies.items()}
    expected = spec.versions.answer(policies, standing, ask)
    assert answer(compiled, standing, ask).decision == expected
    return expected


@QUIET
@given(generate.dice)
def test_versions_agree_with_spec(dice):
    for policies, standing, ask in cases(dice):
        decision = both(policies, standing, ask)
        event(decision.reason.value if isinstance(decision, Deny) else "allow")


def test_what_is_generated_meets_several_versions_at_once():
    chance, seen = random.Random(5), set()  # noqa: S311
    for _ in range(300):
        for policies, standing, ask in cases(generate.Dice(chance.randbytes(generate.BYTES))):
            decision = both(policies, standing, ask)
            alone = {v: spec.gate.decide(p, standing, ask) for v, p in policies.items()}
            seen.add((isinstance(decision, Allow), decision in alone.values()))
    assert {(True, True), (True, False), (False, True), (False, False)} <= seen


@FEW
@given(generate.dice)
def test_a_version_that_was_not_accepted_opens_nothing(dice):
    for policies, standing, ask in cases(dice):
        acts = tuple(a for a in (standing.acts if standing else ()) if a.version in (None, 1))
        old = Standing(ask.subject, acts)
        if any(a.kind is ActKind.ACCEPTED and a.at <= ask.at for a in acts):
            assert both(policies, old, ask) == spec.gate.decide(policies[1], old, ask)


@FEW
@given(generate.dice)
def test_going_on_never_widens_what_was_accepted(dice):
    for policies, standing, ask in cases(dice):
        if standing is None:
            continue
        before = both(policies, standing, ask)
        text = generate.SHOWN | {"version": 2}
        on = [Act(kind=kind, policy="pol", at=generate.T0, **text) for kind in VERSIONED[:3:2]]
        after = both(policies, replace(standing, acts=(*standing.acts, *on)), ask)
        event(f"{type(before).__name__} to {type(after).__name__}")
        assert passed(after) <= passed(before)


def turns_on_choice(policy, standing, ask) -> bool:
    """Whether such an ask asks what was chosen; a right of one's own or a law's duty does not."""
    case = Case(policy, standing, ask)
    return not case.those(says.FunctionClause) or case.needs(Check.CHOICE)


@FEW
@given(generate.dice)
def test_a_choice_never_stretches_beyond_the_text_it_was_made_under(dice):
    for policies, standing, ask in cases(dice):
        if standing is None or not turns_on_choice(policies[2], standing, ask):
            continue
        acts = tuple(replace(a, version=1) if a.kind is ActKind.CHOSEN else a for a in standing.acts)
        text = generate.SHOWN | {"version": 2}
        agreed = [Act(kind=kind, policy="pol", at=generate.T0, **text) for kind in VERSIONED[:2]]
        if not any(a.kind is ActKind.CHOSEN and (a.function, a.item) == (ask.function, None) for a in acts):
            continue
        after = both(policies, replace(standing, acts=(*acts, *agreed)), ask)
        first = [replace(a, version=1) for a in agreed]
        restated = [replace(a, version=1) if a.version == 2 else a for a in acts]
        under_the_old = spec.gate.decide(policies[1], replace(standing, acts=(*restated, *first)), ask)
        event(type(after).__name__)
        assert passed(after) <= passed(under_the_old)


@FEW
@given(generate.dice)
def test_what_any_version_that_binds_uses_and_does_not_keep_is_not_kept(dice):
    for policies, standing, ask in cases(dice):
        for spared in policies:
            sparing = {v: not_keeping(p) if v == spared else p for v, p in policies.items()}
            before, after = both(policies, standing, ask), both(sparing, standing, ask)
            assert passed(after) == passed(before)
            assert isinstance(before, Deny) or before.unkept <= after.unkept <= after.items
            if isinstance(after, Allow) and spared == accepted_version(standing, ask.policy, ask.at):
                event("the accepted one keeps nothing")
                assert after.unkept == after.items


def test_an_error_while_deciding_denies_under_several_versions():
    policy = generate.policy(generate.Dice(b""))
    no = Deny(Reason.ERROR, frozenset())
    ask = generate.ask(generate.Dice(b""), policy)
    unknown = Standing(
        ask.subject,
        (Act(kind=ActKind.ACCEPTED, policy="pol", at=generate.T0, **generate.SHOWN | {"version": 7}),),
    )
    for versions, standing in (({}, None), ({1: policy}, unknown), ({1: policy}, 1)):
        compiled = {version: generate.compiled(each) for version, each in versions.items()}
        assert answer(compiled, standing, ask).decision == no
        assert answer(compiled, standing, ask).compiled is None
        assert spec.versions.answer(versions, standing, ask) == no
    tables = generate.compiled(policy)
    assert answer({1: tables}, None, ask).decision == decide(tables, None, ask)
    assert answer({1: tables}, None, ask).compiled is tables
