"""No clause of a policy could go, or be turned round, without anybody noticing."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

import pytest

from tests.unit.promise_catalogue import entries, folder
from troth.app import policies
from troth.gate.decide import decide
from troth.policy.answers import controls
from troth.policy.clauses import ItemClause, Need
from troth.policy.enforcement import CONTROLS, ENFORCED_BY, Seen, enforcement
from troth.policy.load import load
from troth.policy.mutation import Missed, examine, survivors, turn
from troth.policy.period import Period, Unit
from troth.policy.promises import NotKept, carried, kept, measured, report, tally, unwritten
from troth.policy.statement_words import Measure, Risk
from troth.policy.statements import ProtectionClause, Statement
from troth.prove.points import POINTS

POLICIES = {name: policies.compiled(name).policy for name in policies.names()}


@cache
def spare(name):
    return survivors(examine(POLICIES[name], decide, keys=False))


@pytest.mark.parametrize("name", POLICIES)
def test_every_clause_would_be_missed(name):
    assert spare(name) == frozenset()


def test_every_key_that_is_turned_round_is_noticed():
    assert [each for each in examine(POLICIES["sunmi-camera"], decide) if each.seen is None] == []


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"sunmi-camera"}))
def test_a_sample_of_the_keys_of_the_other_policies(name):
    """One clause in twelve; `make mutants` tries them all."""
    policy = POLICIES[name]
    step = 1 if os.environ.get("TROTH_MUTANTS") else 12
    found = examine(policy, decide, only={clause.id for clause in policy.clauses[::step]})
    assert [each for each in found if each.seen is None] == []


def test_a_clause_that_another_makes_superfluous_is_found_out():
    """A longer deadline beside a shorter one changes nothing, and counts as nothing."""
    policy = POLICIES["kaiconn"]
    short = next(c for c in policy.clauses if c.id.endswith("/deadlines/access"))
    long = replace(short, id=f"{short.id}_late", name="access_late", within=Period(90, Unit.DAYS))
    both = replace(policy, clauses=(*policy.clauses, long))
    assert survivors(examine(both, decide, keys=False, only={long.id, short.id})) == {long.id}


def test_what_is_only_told_does_not_count_as_kept():
    told = Missed("x/y", None, Seen.DECISION, Seen.OUTPUT)
    again = Missed("x/z", None, Seen.ANSWER, Seen.OUTPUT, restates=True)
    nowhere = Missed("x/n", None, Seen.ANSWER, None, restates=True)
    key = Missed("x/k", "title", Seen.DECISION, None)
    assert survivors(iter([told, again, nowhere, key])) == {"x/y", "x/n"}


@pytest.mark.parametrize(
    ("value", "turned"),
    [
        (True, False), (3, 4), (Period(3, Unit.DAYS), Period(4, Unit.DAYS)), (Need.REQUIRED, Need.EITHER),
        (("a", "b"), ("b",)), (frozenset("ab"), frozenset("b")), ({"en": "x"}, {"en": "not x"}),
        ({"ssid": "zh"}, {"ssid": "en"}), ((), None), ("text", None), (None, None),
    ],
)  # fmt: skip
def test_turning_a_value_round(value, turned):
    assert turn(value) == turned


def test_every_type_of_clause_says_where_it_is_kept():
    def types(of):
        return {of, *(each for sub in of.__subclasses__() for each in types(sub))}

    abstract = {"Clause", "Statement", "AttestedClause", "Wish"}
    by_name = {"ProtectionClause"}  # each measure says its own
    assert {each.__name__ for each in types(Statement.__mro__[1])} - abstract - by_name <= {
        each.__name__ for each in ENFORCED_BY
    }
    assert all(each.by for each in ENFORCED_BY.values())


def test_a_policy_may_be_examined_without_promises_at_all():
    policy = load(*policies.builtin("sunmi-camera"))
    bare = replace(policy, clauses=tuple(replace(each, promises=()) for each in policy.clauses))
    assert carried(bare) == {}
    assert any(isinstance(each, ItemClause) for each in bare.clauses)


def test_the_row_of_a_policy():
    policy = POLICIES["sunmi-camera"]
    promises = ("sunmi-camera.fn.bind", "sunmi-camera.protect.team", "sunmi-camera.protect.classify",
                "sunmi-camera.breach.content", "sunmi-camera.rights.fee", "sunmi-camera.no.such")  # fmt: skip
    rows = kept(policy, promises, survives={f"{policy.name}/requests/free"})
    assert [each.reason for each in rows] == [
        None, NotKept.ATTESTED, NotKept.KEPT_IN_CODE, None,
        NotKept.NOTHING_CHANGES, NotKept.NO_CLAUSE,
    ]  # fmt: skip
    row = tally(rows, proven={"sunmi-camera.fn.bind"})
    assert row == {
        "promises": 6,
        "expressed": 5,
        "enforced": 2,
        "proven": 1,
        "attested": 1,
        "not_kept": {"kept_in_code": 1, "no_clause": 1, "nothing_changes": 1},
    }
    printed = report({"one": row, "two": row})
    assert printed["policies"] == {"one": row, "two": row}
    assert printed["total"]["promises"] == 12
    assert printed["total"]["not_kept"]["no_clause"] == 2


def test_measuring_a_policy_by_the_promises_of_its_text():
    camera = POLICIES["sunmi-camera"]
    seen = []

    def watch(examined):
        seen.extend(examined)
        return iter(seen)

    bind, missing = measured(camera, decide, ["sunmi-camera.fn.bind", "sunmi-camera.no.such"], watch)
    assert (bind.reason, missing.reason) == (None, NotKept.NO_CLAUSE)
    assert seen
    own = measured(camera, decide)
    assert len(own) == sum(each.expressed for each in own) == len(carried(camera)) == 97


def test_a_text_without_a_policy_keeps_nothing():
    row = tally(unwritten(["kmuun.a", "kmuun.b"]), proven={"kmuun.a"})
    assert (row["expressed"], row["enforced"], row["proven"]) == (0, 0, 0)
    assert row["not_kept"] == {"not_written": 2}


@pytest.mark.skipif(folder() is None, reason="no catalogue beside the repository")
@pytest.mark.parametrize(
    ("name", "promises", "enforced"),
    [
        ("sunmi-camera", 97, 91),
        ("kaiconn", 214, 203),
        ("kamoer", 139, 132),
        ("kmuun", 104, 101),
        ("kme-smart", 39, 32),
        ("sunmi-rules", 38, 36),
        ("sunmi-device", 67, 65),
    ],
)
def test_how_many_promises_are_enforced(name, promises, enforced):
    ids = [each["id"] for each in entries(name) if each["mod"] != "gap"]
    rows = kept(POLICIES[name], ids, spare(name))
    row = tally(rows)
    assert (row["promises"], row["expressed"]) == (promises, promises)
    assert row["enforced"] >= enforced
    assert set(row["not_kept"]) <= {"kept_in_code", "nothing_keeps_it", "workflow_missing"}


def test_every_risk_has_controls_that_the_proof_can_take_out():
    points = {each.name for each in POINTS}
    assert set(CONTROLS) == set(Risk)
    assert all(names and set(names) <= points for names in CONTROLS.values())
    register = controls(policies.compiled("kaiconn"))
    assert set(register) == set(Risk) - {Risk.THEFT, Risk.LOSS}
    assert register[Risk.LEAK] == CONTROLS[Risk.LEAK]


def test_every_measure_says_what_keeps_it():
    for measure in Measure:
        clause = ProtectionClause(id=f"x/protection/{measure}", at=None, name=measure)
        assert enforcement(clause).by


@pytest.mark.parametrize(
    ("measures", "reason"),
    [
        ((Measure.CLIENT, Measure.AUDIT), NotKept.NOTHING_KEEPS_IT),
        ((Measure.AUDIT, Measure.LIABILITY), None),
        ((Measure.AUDIT,), NotKept.KEPT_IN_CODE),
        ((Measure.CLIENT, Measure.RISKS), None),
    ],
)
def test_the_worst_reason_is_told(measures, reason):
    clauses = tuple(
        ProtectionClause(id=f"x/protection/{each}", at=None, name=each, promises=("x.y",))
        for each in measures
    )
    (told,) = kept(replace(POLICIES["kaiconn"], clauses=clauses), ["x.y"], survives=())
    assert told.reason is reason
