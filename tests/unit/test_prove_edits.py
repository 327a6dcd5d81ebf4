"""The edits that a proof must notice: each fits the code as it is, and names trials that there are."""

import ast

import pytest

from tests.mutants.edits import CHOSEN, FROM_THE_START, ROOT, fitting, table
from troth.app import policies
from troth.prove.case import Case
from troth.prove.scenarios import SCENARIOS

EDITS = table()


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_changes_one_place_and_leaves_code_that_still_reads(edit):
    text = (ROOT / edit.file).read_text(encoding="utf-8")
    edited = edit.applied(text)
    assert edited != text
    ast.parse(edited)
    with pytest.raises(ValueError, match="not once"):
        edit.applied(text.replace(edit.before, ""))


def test_edits_break_trials_that_there_are():
    assert {name for edit in EDITS for name in edit.breaks} <= {scenario.name for scenario in SCENARIOS}


def test_an_edit_fits_the_promises_whose_trials_it_breaks():
    names = {edit.name for edit in fitting(EDITS, "sunmi-camera", "sunmi-camera.fn.bind")}
    assert "any purpose will do" not in names
    starts_by_itself = fitting(EDITS, "sunmi-camera", "sunmi-camera.rights.other_way")
    assert "a function runs without being chosen" not in {edit.name for edit in starts_by_itself}
    assert fitting(EDITS, "sunmi-camera", "sunmi-camera.facts.no_such") == []


@pytest.mark.parametrize(
    ("function", "named"),
    [("cloud", CHOSEN), ("bind", FROM_THE_START), ("register", None)],
    ids=["chosen", "from the start", "the account"],
)
def test_what_keeps_only_chosen_functions_is_no_edit_for_others(function, named):
    compiled = policies.compiled("sunmi-camera")
    case = Case(compiled.policy.name, compiled, compiled.functions[function].clause)
    limited = {edit.functions for edit in EDITS if edit.functions and edit.concerns(case)}
    assert limited == ({named} if named else set())
