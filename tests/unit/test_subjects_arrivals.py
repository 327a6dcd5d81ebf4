"""Rows of a file under each policy that has accounts: what counts, what is left out, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from troth.app import policies
from troth.policy.text import notice
from troth.subjects.arrivals import Desk, Refused
from troth.subjects.names import PASSWORD, REGISTER, VERIFICATION_CODE
from troth.subjects.registration import login_items
from troth.terms import ActKind, PolicyName, Region, SubjectId

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WHO = SubjectId(UUID(int=1))
SIX = (
    "kaiconn",
    "kamoer",
    "kme-smart",
    "kmuun",
    "sunmi-camera",
    "sunmi-device",
)  # the seventh has no accounts
MORE = {
    "user_name": {"value": "wang"},
    "android_id": {"value": "f00dfeed00c0ffee"},
    "mac_address": {"value": "02:00:5e:00:53:01"},
    "ip_address": {"value": "192.0.2.7"},
}


def desk(name: str) -> Desk:
    compiled = policies.compiled(PolicyName(name))
    return Desk(PolicyName(name), {compiled.policy.version: compiled}, Region("CN"), NOW)


def row(name: str, **more: object) -> dict[str, object]:
    compiled = policies.compiled(PolicyName(name))
    language = compiled.policy.languages[0]
    accepted = {
        "version": compiled.policy.version,
        "language": language,
        "at": "2026-02-01T08:00:00+08:00",
        "text_hash": notice(compiled, language).text_hash,
    }
    taken = compiled.functions[REGISTER].items
    items = {item: value for item, value in MORE.items() if item in taken}
    return {
        "phone": "+8613800138000",
        "email": "wang@example.org",
        "adult": True,
        "accepted": accepted,
        "items": items,
        **more,
    }


@pytest.mark.parametrize("name", SIX)
def test_under_each_policy_they_come_with_what_is_known_and_without_what_registering_adds(name: str) -> None:
    compiled = policies.compiled(PolicyName(name))
    new = desk(name).read(row(name), WHO)
    assert new.logins.keys() == login_items(compiled)
    assert not new.values.keys() & {PASSWORD, VERIFICATION_CODE}
    assert {act.item for act in new.acts if act.kind is ActKind.SUPPLIED} == new.values.keys()


def test_what_a_policy_needs_and_a_row_lacks_is_said() -> None:
    with pytest.raises(Refused) as refused:
        desk("kamoer").read(row("kamoer", items={}), WHO)
    assert refused.value.reason == "required_item_missing"


def test_what_nobody_asked_for_is_left_out_and_said() -> None:
    new = desk("sunmi-camera").read(row("sunmi-camera", items={"shoe_size": {"value": "42"}}), WHO)
    assert "item_undeclared" in new.without
    assert "shoe_size" not in new.values


def test_a_choice_from_before_the_acceptance_does_not_count() -> None:
    told = row("sunmi-camera")
    early = {**told["accepted"], "function": "customer_flow", "at": "2026-01-31T08:00:00+08:00"}
    new = desk("sunmi-camera").read({**told, "chosen": [early]}, WHO)
    assert "choice_before_acceptance" in new.without
    assert not [act for act in new.acts if act.kind is ActKind.CHOSEN]
