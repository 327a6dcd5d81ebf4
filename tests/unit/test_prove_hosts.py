"""Which policy an account is opened under, for one that opens none."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from troth.app import policies
from troth.prove.hosts import hosts, opens
from troth.subjects.age import declared_elsewhere
from troth.terms import Act, ActKind, Standing

RULES, CAMERA, DEVICE, KMUUN = (
    policies.compiled(name) for name in ("sunmi-rules", "sunmi-camera", "sunmi-device", "kmuun")
)
AT = datetime(2026, 4, 1, 9, tzinfo=UTC)


def test_a_policy_without_accounts_is_agreed_to_from_an_account_of_the_same_maker():
    assert not opens(RULES)
    assert hosts([RULES], [KMUUN, DEVICE, CAMERA]) == {"sunmi-rules": CAMERA}
    assert hosts([RULES, DEVICE], []) == {"sunmi-rules": DEVICE}
    assert hosts([RULES], [KMUUN]) == {}, "nobody else's account will do"


def test_a_policy_with_accounts_needs_no_other():
    assert hosts([CAMERA, KMUUN], [DEVICE]) == {}


@pytest.mark.parametrize(
    ("acts", "ages"),
    [
        ([("one", 14), ("two", 18)], [18]),
        ([("one", 18), ("beside", 18)], []),
        ([("one", None)], []),
        ([("one", 18), ("found", None)], []),
        ([], []),
    ],
    ids=["the highest", "said here already", "of no stated age", "found to be a minor", "nothing said"],
)
def test_an_age_that_was_declared_is_the_persons_under_every_policy(acts, ages):
    declared = Act(kind=ActKind.DECLARED_ADULT, policy=CAMERA.policy.name, at=AT)
    said = tuple(
        replace(declared, kind=ActKind.FOUND_MINOR)
        if policy == "found"
        else replace(declared, policy=policy, age=age)
        for policy, age in acts
    )
    assert list(declared_elsewhere(Standing("someone", said), "beside")) == ages
