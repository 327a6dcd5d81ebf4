"""What is special about the policy of the wearables: hardly anything is said, so hardly anything is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from tests.unit.policy_asks import NOW, TEXT, WHO, Asks, by
from troth.app import policies
from troth.gate.decide import decide
from troth.policy import answers, incidents, requests
from troth.policy.calendar import WorkingDays
from troth.policy.cases import Listed, Missing, Unlisted, judge
from troth.policy.check import check
from troth.policy.clauses import PERMISSION, Need
from troth.policy.problems import Severity
from troth.policy.statement_words import Act as Beyond
from troth.policy.statement_words import Condition, Matter
from troth.policy.text import notice
from troth.terms import (
    Act,
    ActKind,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Reason,
    Role,
    Standing,
    Verb,
)

KME = policies.compiled("kme-smart")
ME = by(ActorKind.SUBJECT)


_ASKS = Asks("kme-smart", {"role": Role.HOLDER})
ask, did = _ASKS.ask, _ASKS.did


SHOWN = (did(ActKind.SHOWN, **TEXT), did(ActKind.ACCEPTED, **TEXT))
AGREED = (did(ActKind.DECLARED_ADULT, age=18), *SHOWN)
SLEEPS = (
    *AGREED,
    did(ActKind.CHOSEN, function="sync", separate=True),
    did(ActKind.SUPPLIED, function="sync", need="device"),
)


def answer(asked: Ask, *acts: Act):
    return decide(KME, Standing(WHO, acts), asked)


def test_what_is_found_is_that_nobody_can_be_reached():
    more = {each for each in check(KME.policy) if each.severity is not Severity.NOTE}
    assert {(each.severity, each.rule) for each in more} == {(Severity.WARNING, "notice_complete")}
    who = next(part for part in notice(KME, "en").sections if part.kind == "who")
    assert [line.text for line in who.lines] == [
        "KME Smart",
        "a brand only, and nobody is named who answers for it",
    ]


def test_an_account_takes_an_address_or_a_number_and_nothing_else_unasked():
    register = KME.functions["register"]
    assert register.either == {"email_address", "phone_number"}
    for one in register.either:
        offered = ask("register", "create_account", one, "password", "imei", "geolocation", "device_info")
        assert answer(offered, *AGREED).items == {one, "password"}
    neither = ask("register", "create_account", "password")
    assert answer(neither, *AGREED).reason is Reason.REQUIRED_ITEM_MISSING


def test_a_device_is_activated_without_a_word_about_the_body():
    activation = KME.functions["activation"]
    assert {each.need for each in activation.items.values()} == {Need.OPTIONAL}
    assert activation.refusal.effect == "no_effect"
    chosen = (*AGREED, did(ActKind.CHOSEN, function="activation"))
    offered = ask("activation", "device_activation", "age", "height")
    assert answer(offered, *chosen).reason is Reason.ITEM_NOT_CHOSEN
    age = did(ActKind.CHOSEN, function="activation", item="age")
    height = did(ActKind.CHOSEN, function="activation", item="height")
    assert answer(offered, *chosen, age, height).items == {"age"}
    assert answer(offered, *chosen, age, replace(height, separate=True)).items == {"age", "height"}


def test_sleep_and_movement_wait_for_a_separate_consent():
    night = ask("sync", "synchronise_activities", "sleep_pattern", "movement_data")
    assert answer(night, *AGREED).reason is Reason.NOT_CHOSEN
    assert answer(night, *AGREED, did(ActKind.CHOSEN, function="sync")).reason is Reason.NOT_CHOSEN
    assert answer(night, *SLEEPS).items == {"sleep_pattern", "movement_data"}
    assert answer(night, *SHOWN, *SLEEPS[3:]).reason is Reason.GUARDIAN_MISSING


@pytest.mark.parametrize(
    ("switch", "stopped"),
    [("collection", {Verb.COLLECT}), ("use", {Verb.USE}), ("disclosure", {Verb.SHARE, Verb.DISCLOSE})],
)
def test_collection_use_and_disclosure_are_taken_back_each_on_its_own(switch, stopped):
    off = did(ActKind.SWITCHED_OFF, switch=switch)
    for verb in (Verb.COLLECT, Verb.USE):
        found = answer(ask("sync", "synchronise_activities", "sleep_pattern", verb=verb), *SLEEPS, off)
        assert isinstance(found, Allow) is (verb not in stopped)
    assert set(KME.switches[switch].verbs) == stopped
    assert not {"register", "requests"} & KME.switches[switch].functions


def test_a_place_is_known_only_while_the_phone_the_switch_and_the_person_say_so():
    where = ask("location", "location_functions", "geolocation")
    chosen = (
        *AGREED,
        did(ActKind.CHOSEN, function="location", separate=True),
        did(ActKind.CHOSEN, function="location", item="geolocation", separate=True),
    )
    granted = did(ActKind.SUPPLIED, function="location", need=f"{PERMISSION}location")
    assert answer(where, *chosen).reason is Reason.ITEM_NOT_CHOSEN
    assert answer(where, *chosen, granted).items == {"geolocation"}
    off = did(ActKind.SWITCHED_OFF, switch="location")
    assert answer(where, *chosen, granted, off).reason is Reason.SWITCHED_OFF
    revoked = did(ActKind.REMOVED, function="location", need=f"{PERMISSION}location")
    assert answer(where, *chosen, granted, revoked).reason is Reason.ITEM_NOT_CHOSEN


def test_whoever_is_invited_is_nobody_s_account():
    invited = ask("sharing", "invite_others", "third_person_info", role=Role.INVITEE)
    chosen = (*AGREED, did(ActKind.CHOSEN, function="sharing"))
    assert answer(invited, *chosen).reason is Reason.NEED_MISSING
    word = did(ActKind.SUPPLIED, function="sharing", need="permission_of_others")
    assert answer(invited, *chosen, word).items == {"third_person_info"}
    about_me = structs.replace(invited, role=Role.HOLDER)
    assert answer(about_me, *chosen, word).reason is Reason.ITEM_UNDECLARED
    marketing = structs.replace(invited, purpose="improve_services")
    assert answer(marketing, *chosen, word).reason is Reason.PURPOSE_UNDECLARED


def test_the_improvement_programme_is_off_until_chosen():
    programme = KME.functions["improvement"]
    assert (programme.clause.basis, programme.waits) == (Basis.CONSENT, True)
    assert [each.switch for each in programme.switches if not each.verbs] == ["improvement"]


def test_nothing_is_shared_without_consent_and_a_purpose():
    facts = frozenset(each.value for each in Condition)
    assert isinstance(judge(KME, Beyond.SHARE, "agreed", facts, receiver="anyone"), Listed)
    for lacking in ("consent", "stated_purpose"):
        found = judge(KME, Beyond.SHARE, "agreed", facts - {lacking}, receiver="anyone")
        assert isinstance(found, Missing)
        assert found.conditions == {lacking}
    assert isinstance(judge(KME, Beyond.DISCLOSE, "consent", facts), Unlisted)
    assert not any(table.recipients for table in KME.functions.values())


def test_requests_go_through_the_app_and_are_answered_in_fifteen_days():
    assert {right.deadline_days for right in KME.rights.values()} == {15}
    assert {way for right in KME.rights.values() for way in right.by} <= {"settings", "feedback"}
    assert {"copy", "delete", "cancel"} <= set(KME.rights)
    assert requests.grounds(KME) == ("duty",)
    assert answers.laws(KME, Matter.REQUESTS) == ("applicable_law",)


def test_what_the_text_does_not_say_is_taken_from_its_siblings():
    assert set(KME.regions) == {"CN"}
    assert incidents.handling(KME, NOW, WorkingDays()).report is not None
    assert KME.own_age == 18
