"""Gate cases as data, answered by the specification and by the gate. `make bless` rewrites them."""

from __future__ import annotations

import os

import pytest

import spec.gate
import spec.versions
from tests.spec import gate_json
from troth.gate.decide import decide
from troth.gate.versions import answer
from troth.policy.compile import compile_policy
from troth.terms import Reason

FILES = gate_json.files()
CASES = [(name, n) for name, file in FILES.items() for n in range(len(file["cases"]))]
NAMES = {name for file in FILES.values() for name in gate_json.names(file)}
POLICIES = {name: gate_json.policy(name) for name in NAMES}
COMPILED = {name: compile_policy(policy) for name, policy in POLICIES.items()}


def by_spec(file, standing, ask):
    versions = {POLICIES[name].version: POLICIES[name] for name in gate_json.names(file)}
    if "policies" in file:
        return spec.versions.answer(versions, standing, ask)
    return spec.gate.decide(versions[1], standing, ask)


def by_gate(file, standing, ask):
    versions = {POLICIES[name].version: COMPILED[name] for name in gate_json.names(file)}
    if "policies" in file:
        return answer(versions, standing, ask).decision
    return decide(versions[1], standing, ask)


@pytest.fixture(scope="module", autouse=True)
def blessed():
    if os.environ.get("TROTH_BLESS"):
        for name, file in FILES.items():
            for case in file["cases"]:
                standing, ask = gate_json.question(file, case)
                case["expected"] = gate_json.said(by_spec(file, standing, ask))
            (gate_json.FOLDER / f"{name}.json").write_text(gate_json.text(file), encoding="utf-8")


def test_golden_names_are_told_apart():
    names = [case["name"] for file in FILES.values() for case in file["cases"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "n"), CASES, ids=str)
def test_golden_decision(name, n):
    file, case = FILES[name], FILES[name]["cases"][n]
    standing, ask = gate_json.question(file, case)
    expected = case["expected"]
    assert gate_json.said(by_gate(file, standing, ask)) == expected, case["name"]
    assert gate_json.said(by_spec(file, standing, ask)) == expected


def test_golden_cases_meet_every_reason():
    expected = [case["expected"] for file in FILES.values() for case in file["cases"]]
    seen = {each["deny"] for each in expected if "deny" in each}
    seen |= {drop["reason"] for each in expected for drop in each.get("dropped", ())}
    assert seen == {reason.value for reason in Reason}
