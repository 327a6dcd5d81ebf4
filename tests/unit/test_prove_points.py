"""Every enforcement point is one that some trial would miss; those that none names are listed, with why."""

import ast
from pathlib import Path

import pytest

from troth.prove import scenarios
from troth.prove.points import POINTS
from troth.prove.report import catalogue
from troth.prove.scenarios import SCENARIOS

TRIALS = {scenario.name for scenario in SCENARIOS}
TOLD_ONLY = {
    "code": "no clause says what binds a device; trials bind one of their own only to meet a need",
    "forms": "trials give values of the right form: what may ride inside one is the vocabulary's to say",
    "once": "what is sent twice is not a matter of any policy; the devices of trials send once",
    "till's own": "no clause says what kind of device sends what; trials send with the one that fits",
    "till rules": "what a function computes is not a policy's to say; the story holds a day against them",
    "alarm": "that a movement at night is a message, is the story's; trials look at what is collected",
    "seen by its owner": "the ledger that it is read from is tried; the list is looked at in the story",
    "evidence": "bending the ledger's tables would bend them for all other trials of the system",
}
"""Points that no trial names; the story tries each, and `test_sabotage` takes each out of it."""
UNSEEN = {
    "basis": "an unlisted ground falls back on the function's own basis, so the check for a choice says no",
    "person": "who has left is erased with all their standing, so a check before it, or the one for what was"
    " agreed to, says no; the cases of the gate, its specification and its mutants hold it instead",
}
"""Points behind others: nobody at a door can tell whether they are there."""


def seen_in_trials():
    """Return every text that stands alone in a scenario: reasons of refusals that a trial asks for, too."""
    found = set()
    for file in Path(scenarios.__file__).parent.glob("*.py"):
        nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        found |= {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
def test_a_point_names_only_trials_that_there_are(point):
    assert point.trials <= TRIALS


def test_every_point_is_named_by_a_trial_or_listed_with_why_not():
    asked_for = seen_in_trials()
    unnamed = {
        point.name
        for point in POINTS
        if not point.trials and asked_for.isdisjoint(str(reason) for reason in point.reasons)
    }
    assert unnamed == {*TOLD_ONLY, *UNSEEN}


def test_what_no_trial_names_is_tried_by_the_story():
    assert {point.name for point in POINTS if point.step} >= set(TOLD_ONLY)


def test_every_point_and_every_trial_has_a_name_in_chinese():
    words = catalogue()
    assert {point.name for point in POINTS} <= words["struck"].keys()
    assert words["trials"].keys() >= TRIALS
