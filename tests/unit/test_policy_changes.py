"""What a next version touches, and whether it may take rights away."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from troth.app import policies
from troth.policy.changes import compare, telling
from troth.policy.compile import compile_policy
from troth.policy.problems import PolicyRejected
from troth.policy.statement_words import Touched

CAMERA = policies.compiled("sunmi-camera")
CLAUSES = CAMERA.policy.clauses


def later(clauses):
    return compile_policy(replace(CAMERA.policy, version=2, clauses=tuple(clauses)))


def test_the_same_clauses_change_nothing_wherever_they_stand():
    moved = [replace(each, promises=(), stated="otherwise", decided_by=None) for each in reversed(CLAUSES)]
    change = compare(CAMERA, later(moved))
    assert not change.touched
    assert not change.lessens
    assert not change.clauses


@given(st.sampled_from([each.id for each in CLAUSES if "/rights/" in each.id]))
def test_a_right_that_is_gone_lessens_rights_and_is_a_major_change(gone):
    try:
        after = later(each for each in CLAUSES if each.id != gone)
    except PolicyRejected:
        return
    change = compare(CAMERA, after)
    assert gone in change.lessens
    assert Touched.RIGHTS in change.touched
    told = telling(CAMERA, change)
    assert told.asks
    assert told.channels == ("email", "sms", "page_tip")


def test_a_new_contact_is_major_and_takes_nothing_away():
    changed = [
        replace(each, value="other@example.org") if each.id.endswith("/contacts/email") else each
        for each in CLAUSES
    ]
    change = compare(CAMERA, later(changed))
    assert change.clauses <= {each.id for each in CLAUSES}
    assert not change.lessens
    assert not telling(CAMERA, change).asks


@given(st.sampled_from([each.id for each in CLAUSES]))
def test_what_is_added_and_what_is_taken_away_touch_the_same(one):
    try:
        other = later(each for each in CLAUSES if each.id != one)
    except PolicyRejected:
        return
    assert compare(CAMERA, other).touched == compare(other, CAMERA).touched
