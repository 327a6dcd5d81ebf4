"""What a person may say about a receiver: the cases that fit it, which ask them, and what they said last."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from tests.unit.test_policy_sunmi_camera import CAMERA
from troth.policy.statement_words import Condition
from troth.sharing.choices import choices
from troth.sharing.facts import Receiver, allowing
from troth.terms import Act, ActKind, Standing

POLICY, AT = "sunmi-camera", datetime(2026, 3, 1, tzinfo=UTC)


def receiver(**changed):
    fields = {"policy": POLICY, "receiver": "acme", "kind": "agents", "purpose": "service"}
    return Receiver(**fields | {"items": ["phone_number"], "papers": []} | changed)


def said(*kinds, purpose="service", policy=POLICY):
    acts = [Act(kind=each, policy=policy, at=AT, need=allowing("acme", purpose)) for each in kinds]
    return Standing(UUID(int=1), tuple(acts))


def cases(of):
    return {case.clause.rpartition("/")[2]: case for case in of.cases}


def test_a_receiver_has_the_cases_of_its_kind_and_of_everybody():
    (found,) = choices(CAMERA, [receiver()], None)
    names = cases(found)
    assert {"agents", "consented"} <= names.keys()
    assert not {"always", "developers", "groups_to_advertisers"} & names.keys()
    assert not any(case.act in {"disclose", "leave"} for case in found.cases)
    assert not names["agents"].asks
    assert names["consented"].asks
    assert found.separate
    assert found.asks
    assert Condition.AGREEMENT in found.always


def test_what_needs_their_word_asks_and_a_case_for_other_items_is_none_of_theirs():
    partner, advertiser = choices(CAMERA, [receiver(kind="partner"), receiver(kind="advertisers")], None)
    assert cases(partner)["new_purpose"].asks
    assert not cases(partner)["related_parties"].asks
    assert "groups_to_advertisers" not in cases(advertiser)
    (groups,) = choices(CAMERA, [receiver(kind="advertisers", items=["group_profile"])], None)
    assert "groups_to_advertisers" in cases(groups)


def test_the_last_word_counts_for_this_policy_and_purpose_alone():
    yes, no = ActKind.SUPPLIED, ActKind.REMOVED
    for standing, allowed in (
        (None, None),
        (said(yes), True),
        (said(yes, no), False),
        (said(no, yes), True),
        (said(yes, purpose="other"), None),
        (said(yes, policy="kamoer"), None),
    ):
        assert choices(CAMERA, [receiver()], standing)[0].allowed is allowed


def test_receivers_under_another_policy_are_not_shown():
    assert not choices(CAMERA, [receiver(policy="kamoer")], None)
