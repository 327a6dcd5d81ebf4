"""The edits that a proof must notice: each fits the code as it is, and names trials that there are."""

import ast

import pytest

from tests.mutants.edits import ROOT, fitting, table
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
    assert fitting(EDITS, "sunmi-camera", "sunmi-camera.facts.no_such") == []
