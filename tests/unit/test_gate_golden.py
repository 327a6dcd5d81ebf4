"""Gate cases as data, answered by the specification and by the gate. `make bless` rewrites them."""

from __future__ import annotations

import os

import pytest

import spec.gate
from tests.spec import gate_json
from troth.gate.decide import decide
from troth.policy.compile import compile_policy
from troth.terms import Reason

FILES = gate_json.files()
CASES = [(name, n) for name, file in FILES.items() for n in range(len(file["cases"]))]
POLICIES = {file["policy"]: gate_json.policy(file["policy"]) for file in FILES.values()}
COMPILED = {name: compile_policy(policy) for name, policy in POLICIES.items()}


@pytest.fixture(scope="module", autouse=True)
def blessed():
    if os.environ.get("TROTH_BLESS"):
        for name, file in FILES.items():
            for case in file["cases"]:
                standing, ask = gate_json.question(file, case)
                case["expected"] = gate_json.said(spec.gate.decide(POLICIES[file["policy"]], standing, ask))
            (gate_json.FOLDER / f"{name}.json").write_text(gate_json.text(file), encoding="utf-8")


def test_golden_names_are_told_apart():
    names = [case["name"] for file in FILES.values() for case in file["cases"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "n"), CASES, ids=str)
def test_golden_decision(name, n):
    file, case = FILES[name], FILES[name]["cases"][n]
    standing, ask = gate_json.question(file, case)
    expected = case["expected"]
    assert gate_json.said(decide(COMPILED[file["policy"]], standing, ask)) == expected, case["name"]
    assert gate_json.said(spec.gate.decide(POLICIES[file["policy"]], standing, ask)) == expected


def test_golden_cases_meet_every_reason():
    expected = [case["expected"] for file in FILES.values() for case in file["cases"]]
    seen = {each["deny"] for each in expected if "deny" in each}
    seen |= {drop["reason"] for each in expected for drop in each.get("dropped", ())}
    assert seen == {reason.value for reason in Reason}
