"""Every exempt and every held entry of the catalogue is reachable, and only with its reference."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from msgspec import structs

from troth.app import policies
from troth.gate.decide import decide
from troth.policy import probes_gate as probes
from troth.policy.clauses import ClosedClause, DutyClause, ExemptClause, HoldClause
from troth.terms import ActKind, Actor, ActorKind, Allow, Basis, Deny, Reason, Reference, Standing, Verb

LISTED = (DutyClause, ExemptClause)


@cache
def compiled(name):
    return policies.compiled(name)


def entries(*kinds):
    return [
        pytest.param(name, clause, id=clause.id)
        for name in policies.names()
        for clause in compiled(name).policy.clauses
        if isinstance(clause, kinds)
    ]


def asks(tables, verb, basis, ground, *, functions=None):
    """All that staff or a service may ask with this ground, of someone who agreed to everything."""
    for function in functions or tables.functions:
        table = tables.functions[function]
        standing = Standing(probes.WHO, tuple(probes._everything(tables, table)))
        for purpose in table.purposes:
            for kind in (ActorKind.STAFF, ActorKind.SERVICE):
                for recipient in (None, *table.recipients):
                    ask = probes._ask(tables, table, purpose, verb, kind)
                    reference = Reference(ground, "document")
                    yield (
                        standing,
                        structs.replace(ask, basis=basis, reference=reference, recipient=recipient),
                    )


def first_allowed(tables, *about, **more):
    return next(
        ((s, a) for s, a in asks(tables, *about, **more) if isinstance(decide(tables, s, a), Allow)), None
    )


@pytest.mark.parametrize(("name", "clause"), entries(*LISTED))
def test_every_listed_ground_opens_its_verb_with_its_reference_only(name, clause):
    tables = compiled(name)
    basis = Basis.LEGAL_DUTY if isinstance(clause, DutyClause) else Basis.EXEMPTION
    found = first_allowed(tables, clause.verb, basis, clause.ground)
    assert found is not None, "no function lets anyone use this ground"
    standing, ask = found
    assert clause.id in decide(tables, standing, ask).because
    for reference in (None, Reference(clause.ground, " "), Reference("", "document")):
        answer = decide(tables, standing, structs.replace(ask, reference=reference))
        assert isinstance(answer, Deny)
        assert answer.reason in {Reason.REFERENCE_MISSING, Reason.BASIS_UNLISTED}
    # Neither agreement nor its absence matters; a bare standing is enough.
    bare = decide(tables, Standing(ask.subject, ()), ask)
    assert isinstance(bare, Allow)


@pytest.mark.parametrize(("name", "clause"), entries(ClosedClause))
def test_every_closed_item_opens_to_the_controller_for_its_grounds_only(name, clause):
    tables = compiled(name)
    table = tables.functions[clause.function]
    acts = [*probes._everything(tables, table)]
    supplied = replace(acts[0], kind=ActKind.SUPPLIED, function=clause.function)
    acts += [replace(supplied, item=item) for item in table.required]
    standing = Standing(probes.WHO, tuple(acts))
    verb = min(clause.verbs & {v for p in table.purposes.values() for v in p.verbs})
    opened = set()
    for ground in (*sorted(clause.unless), "life", None):
        for purpose in table.purposes:
            for kind in (ActorKind.STAFF, ActorKind.SERVICE):
                for tried in (verb, Verb.USE):
                    ask = probes._ask(tables, table, purpose, tried, kind)
                    reference = Reference(ground, "document") if ground else None
                    ask = structs.replace(ask, items=frozenset({clause.item}), reference=reference)
                    answer = decide(tables, standing, ask)
                    if isinstance(answer, Allow):
                        opened.add(ground)
                        assert ask.verb not in clause.verbs or ground in clause.unless
                    blank = structs.replace(ask, reference=Reference(ground or "", ""))
                    if ask.verb in clause.verbs:
                        assert isinstance(decide(tables, standing, blank), Deny)
    assert opened == set(clause.unless)


def test_every_hold_is_reached_after_cancellation_for_its_ground_only():
    """The first two policies hold nothing beyond the account, so nothing is reached in them."""
    for name in policies.names():
        tables = compiled(name)
        holds = [clause for clause in tables.policy.clauses if isinstance(clause, HoldClause)]
        held = {(clause.function, clause.item, ground) for clause in holds for ground in clause.opens_for}
        grounds = {g for _, g in (*tables.duties, *tables.exempt)}
        reached = set()
        for basis in (Basis.LEGAL_DUTY, Basis.EXEMPTION):
            for ground in grounds:
                for verb in Verb:
                    for standing, ask in asks(tables, verb, basis, ground):
                        gone = probes._gone(tables, standing)
                        answer = decide(
                            tables, gone, structs.replace(ask, actor=Actor(ask.actor.kind, "desk"))
                        )
                        if isinstance(answer, Allow) and verb is not Verb.FORGET:
                            reached |= {(ask.function, item, ground) for item in answer.items}
        assert reached == held
