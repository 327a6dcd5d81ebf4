"""A gate that remembers answers as one that does not, whatever was asked before and whenever."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from msgspec import structs

from tests.spec import generate
from tests.spec.test_gate_agrees import QUIET
from tests.spec.test_versions_agree import cases
from troth.gate import memory
from troth.gate.memory import Memory
from troth.gate.versions import answer
from troth.terms import Allow

STEP = timedelta(microseconds=1)


def times(d, standing, ask):
    """Asks that differ in when: at, just before and after the moments that the standing names, or not."""
    named = [m for act in (standing.acts if standing else ()) for m in (act.at, act.until) if m is not None]
    for _ in range(4):
        at, measured = (d.pick([*named, ask.at]) + d.pick([-STEP, 0 * STEP, STEP, 9 * STEP]) for _ in "12")
        yield structs.replace(ask, at=at, measured=None if d.rarely() else measured)


def tried(d) -> Counter[bool]:
    """Ask about one standing over and over; return how often it was a yes, and one that was remembered."""
    remembers, seen = Memory(), Counter()
    asked = list(cases(d))
    versions = {n: generate.compiled(policy) for n, policy in asked[0][0].items()}
    for _policies, standing, ask in asked:
        for each in times(d, standing, ask):
            expected = answer(versions, standing, each)
            first, again = (remembers.answer(versions, standing, structs.replace(each)) for _ in "12")
            assert first == again == expected
            seen[isinstance(expected.decision, Allow), first is again] += 1
    return seen


@QUIET
@given(generate.dice)
def test_a_memory_changes_no_answer(dice):
    tried(dice)


def test_yeses_are_remembered_and_noes_are_not():
    chance, seen = random.Random(7), Counter()  # noqa: S311
    for _ in range(600):
        seen += tried(generate.Dice(chance.randbytes(generate.BYTES)))
    assert seen[True, True] > 10
    assert seen[True, False] > 0  # asked of a moment itself, or of someone whom several versions bind
    assert seen[False, True] == 0


def test_another_standing_or_another_text_is_asked_anew(monkeypatch):
    policies, standing, ask = next(_remembered(random.Random(7)))  # noqa: S311
    asked = []
    monkeypatch.setattr(memory, "answer", lambda *given: asked.append(given) or answer(*given))
    versions, remembers = {n: generate.compiled(policy) for n, policy in policies.items()}, Memory()
    for _ in range(3):
        remembers.answer(versions, standing, ask)
    assert len(asked) == 1
    remembers.answer(versions, replace(standing), ask)
    remembers.answer({n: replace(compiled) for n, compiled in versions.items()}, standing, ask)
    assert len(asked) == 3


def _remembered(chance):
    while True:
        for policies, standing, ask in cases(generate.Dice(chance.randbytes(generate.BYTES))):
            remembers, versions = Memory(), {n: generate.compiled(policy) for n, policy in policies.items()}
            if remembers.answer(versions, standing, ask) is remembers.answer(versions, standing, ask):
                yield policies, standing, ask
