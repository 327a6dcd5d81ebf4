"""The fast gate answers as the specification does, on whatever can be generated.

``TROTH_SPEC_EXAMPLES`` sets how many (policy, standing, ask) are compared; by default the tier stays quick.
"""

from __future__ import annotations

import os
import random

from hypothesis import HealthCheck, event, given, settings

import spec.gate
from spec.table import APPLIES, LIFTED, Check
from tests.spec import generate
from troth.gate.decide import decide
from troth.gate.rows import ROWS
from troth.terms import Allow, Basis, Deny, Reason, Verb

ASKS = 10
EXAMPLES = max(1, int(os.environ.get("TROTH_SPEC_EXAMPLES", "8000")) // (2 * ASKS))
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="TROTH_SPEC_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


def compare(dice: generate.Dice, *, arbitrary: bool) -> list[Reason | None]:
    policy = generate.policy(dice, arbitrary=arbitrary)
    tables = generate.compiled(policy)
    standing = generate.standing(dice, policy, arbitrary=arbitrary)
    seen: list[Reason | None] = []
    for _ in range(ASKS):
        ask = generate.ask(dice, policy, arbitrary=arbitrary)
        expected = spec.gate.decide(policy, standing, ask)
        assert decide(tables, standing, ask) == expected
        seen.append(expected.reason if isinstance(expected, Deny) else None)
        if isinstance(expected, Allow):
            seen += [drop.reason for drop in expected.dropped]
    return seen


@QUIET
@given(generate.dice)
def test_gate_agrees_with_spec_on_the_well_formed(dice):
    for reason in compare(dice, arbitrary=False):
        event(reason.value if reason else "allow")


@QUIET
@given(generate.dice)
def test_gate_agrees_with_spec_on_the_arbitrary(dice):
    for reason in compare(dice, arbitrary=True):
        event(reason.value if reason else "allow")


def test_what_is_generated_meets_every_reason_and_yes():
    chance = random.Random(7)  # noqa: S311
    seen = set()
    for _ in range(400):
        seen |= set(compare(generate.Dice(chance.randbytes(generate.BYTES)), arbitrary=False))
    assert seen == {*Reason, None}


def test_the_rows_of_the_gate_are_the_table_of_the_spec():
    for basis in Basis:
        for verb in Verb:
            applies = APPLIES[basis] - LIFTED[verb]
            row = ROWS[basis][verb]
            assert {check for check in Check if getattr(row, check.name.lower())} == applies
