"""What is special about the policy of the locks and intercoms: orders, draws, the microphone, signing in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from tests.unit.policy_asks import NOW, TEXT, WHO, Asks, by
from troth.app import policies
from troth.gate.decide import decide
from troth.policy import answers, deadlines, incidents, keeping, requests
from troth.policy.calendar import WorkingDays
from troth.policy.cases import Listed, Missing, judge
from troth.policy.check import check
from troth.policy.clauses import PERMISSION, Keep, Need
from troth.policy.problems import Severity
from troth.policy.statement_words import Condition, Matter, Owner, RefuseGround, Touched
from troth.policy.text import notice
from troth.policy.words import Right
from troth.terms import (
    LEGAL_TIME,
    Act,
    ActKind,
    Actor,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Deny,
    Reason,
    Reference,
    Standing,
    Verb,
)

KMUUN = policies.compiled("kmuun")
ALL = frozenset(each.value for each in Condition)
ME = by(ActorKind.SUBJECT)
CLERK = Actor(ActorKind.STAFF, "clerk")


_ASKS = Asks("kmuun")
ask, did = _ASKS.ask, _ASKS.did


SHOWN = (did(ActKind.SHOWN, **TEXT), did(ActKind.ACCEPTED, **TEXT))
AGREED = (did(ActKind.DECLARED_ADULT, age=18), *SHOWN)


def choosing(function: str, *items: str, separate: bool = False) -> tuple[Act, ...]:
    chosen = [did(ActKind.CHOSEN, function=function, separate=separate)]
    return (*chosen, *(did(ActKind.CHOSEN, function=function, item=i, separate=separate) for i in items))


def supplying(function: str, *needs: str) -> tuple[Act, ...]:
    return tuple(did(ActKind.SUPPLIED, function=function, need=need) for need in needs)


def answer(asked: Ask, *acts: Act):
    return decide(KMUUN, Standing(WHO, acts), asked)


def test_nothing_is_left_but_carriers_who_decide_for_themselves():
    more = {each for each in check(KMUUN.policy) if each.severity is not Severity.NOTE}
    assert {(each.severity, each.problem.clause) for each in more} == {
        (Severity.WARNING, "kmuun/functions/purchase/recipients/carriers"),
    }


def test_a_fingerprint_and_an_identity_document_are_extras_with_a_consent_of_their_own():
    register = KMUUN.functions["register"]
    assert register.required == {"phone_number", "password", "verification_code"}
    for item in ("fingerprint", "id_number"):
        clause = register.items[item]
        assert (clause.need, clause.basis) == (Need.OPTIONAL, Basis.SEPARATE_CONSENT)
    offered = ask(
        "register", "create_account", "phone_number", "password", "verification_code", "fingerprint"
    )
    assert answer(offered, *AGREED).items == register.required
    plain = did(ActKind.CHOSEN, function="register", item="fingerprint")
    assert "fingerprint" not in answer(offered, *AGREED, plain).items
    assert "fingerprint" in answer(offered, *AGREED, replace(plain, separate=True)).items


def test_an_invoice_takes_an_address_or_a_number_and_is_refused_with_neither():
    acts = (*AGREED, *choosing("invoice"))
    for one in ("email_address", "phone_number"):
        assert answer(ask("invoice", "deliver_invoice", one), *acts).items == {one}
    refused = answer(ask("invoice", "deliver_invoice", "nickname"), *acts)
    assert isinstance(refused, Deny)
    assert (refused.reason, refused.effect) == (Reason.REQUIRED_ITEM_MISSING, "function_unavailable")


def test_a_prize_draw_checks_the_name_only_with_separate_consent():
    drawn = ask("events", "hand_out_prizes", "real_person_check", "contact_info")
    assert answer(drawn, *AGREED, *choosing("events")).reason is Reason.ITEM_NOT_CHOSEN
    both = choosing("events", "real_person_check", "contact_info", separate=True)
    assert answer(drawn, *AGREED, *both).items == {"real_person_check", "contact_info"}


def test_no_sound_without_the_microphone():
    talk = ask("intercom", "remote_intercom", "intercom_audio")
    acts = (
        *AGREED,
        *choosing("intercom", separate=True),
        *supplying("intercom", "device", "permission_of_others"),
    )
    microphone = supplying("intercom", f"{PERMISSION}microphone")
    assert answer(talk, *acts).reason is Reason.ITEM_NOT_CHOSEN
    assert answer(talk, *acts, *microphone).items == {"intercom_audio"}
    gone = did(ActKind.REMOVED, function="intercom", need=f"{PERMISSION}microphone")
    assert answer(talk, *acts, *microphone, gone).reason is Reason.ITEM_NOT_CHOSEN
    off = did(ActKind.SWITCHED_OFF, switch="microphone")
    assert answer(talk, *acts, *microphone, off).reason is Reason.SWITCHED_OFF


@pytest.mark.parametrize("function", ["intercom", "snapshot"])
def test_others_are_recorded_only_after_a_word_that_they_allowed_it(function):
    assert set(KMUUN.functions[function].needs) == {"device", "permission_of_others"}
    assert answers.response(KMUUN, "authorise_others") == "statement_asked"


def test_signing_in_through_others_leaves_the_password_as_it_was():
    assert KMUUN.functions["login"].waits
    assert set(KMUUN.functions["login"].recipients) == {"wechat", "apple", "google", "competent_authority"}
    assert "login" not in KMUUN.functions["register"].gone_with
    offered = ask("login", "authenticate_user", "device_info", "account_info")
    assert answer(offered, *AGREED).reason is Reason.NOT_CHOSEN
    to_wechat = structs.replace(offered, verb=Verb.SHARE, recipient="wechat")
    assert isinstance(answer(to_wechat, *AGREED, *choosing("login")), Allow)
    with_phone = structs.replace(to_wechat, items=frozenset({"phone_number"}))
    assert answer(with_phone, *AGREED, *choosing("login")).reason is Reason.RECIPIENT_UNLISTED


def test_the_push_service_of_a_phone_s_maker_is_called_on_its_phones_alone():
    asked = ask(
        "push_of_phone_maker", "timely_notifications", "device_info", actor=Actor(ActorKind.SERVICE, "push")
    )
    chosen = (*AGREED, *choosing("push_of_phone_maker"))
    assert answer(asked, *chosen).reason is Reason.NEED_MISSING
    on_such_a_phone = supplying("push_of_phone_maker", "phone_of_that_maker")
    assert isinstance(answer(asked, *chosen, *on_such_a_phone), Allow)


def test_an_order_outlives_the_account_for_three_years_and_for_the_law_alone():
    done = datetime(2026, 1, 10, tzinfo=UTC)
    (held,) = keeping.holds(KMUUN, "order_details", "order_completed", done)
    assert held.until == datetime(2029, 1, 11, tzinfo=LEGAL_TIME)
    assert keeping.holds(KMUUN, "mailing_address", "order_completed", done) == ()
    gone = (*AGREED, did(ActKind.CANCELLED))
    items = ("order_details", "mailing_address", "order_number")
    wanted = ask("purchase", "lawful_demand", *items, verb=Verb.USE, actor=CLERK)
    by_law = structs.replace(
        wanted, basis=Basis.LEGAL_DUTY, reference=Reference("express_law", "tax office, letter 12")
    )
    found = answer(by_law, *gone)
    assert found.items == {"order_details", "order_number"}
    assert {(each.item, each.reason) for each in found.dropped} == {("mailing_address", Reason.CANCELLED)}
    assert isinstance(answer(wanted, *gone), Deny)
    mine = structs.replace(wanted, purpose="support_transactions", actor=ME)
    assert isinstance(answer(mine, *gone), Deny)


def test_people_under_eighteen_have_a_guardian_who_read_it():
    registering = ask("register", "create_account", "phone_number", "password", "verification_code")
    assert answer(registering, *SHOWN).reason is Reason.GUARDIAN_MISSING
    assert KMUUN.audience is None
    assert KMUUN.own_age == 18
    verified = did(ActKind.GUARDIAN_VERIFIED)
    consented = did(ActKind.GUARDIAN_CONSENTED, until=NOW + timedelta(days=900), **TEXT)
    assert isinstance(answer(registering, *SHOWN, verified, consented), Allow)
    assert answer(registering, verified, consented, *SHOWN).reason is Reason.GUARDIAN_MISSING
    assert not answers.marketed_to(KMUUN, 17)


def test_fifteen_working_days_from_receipt():
    friday = datetime(2026, 3, 6, 1, tzinfo=UTC)
    days = WorkingDays(announced=frozenset({2026}))
    for right in (Right.ACCESS, Right.CANCEL, Right.REPLY):
        due, _ = deadlines.due(KMUUN, right, {"received": friday}, days)
        assert due == datetime(2026, 3, 28, tzinfo=LEGAL_TIME)  # the end of the 27th


def test_advertising_uses_no_cookie_until_someone_agrees():
    assert answers.recognises(KMUUN, "advertising", use="advertising")
    assert not answers.recognises(KMUUN, "cookies", use="advertising")
    assert KMUUN.functions["advertising_choice"].clause.basis is Basis.CONSENT
    assert KMUUN.functions["advertising_choice"].waits
    assert answers.set_by(KMUUN, "cookies", Owner.THIRD_PARTY)
    assert not answers.set_by(KMUUN, "cookies", Owner.AFFILIATE)


def test_who_works_for_us_deletes_afterwards():
    assert isinstance(judge(KMUUN, "delegate", "specialists", ALL, receiver="processor"), Listed)
    lacking = judge(KMUUN, "delegate", "specialists", ALL - {"deleted_afterwards"}, receiver="processor")
    assert isinstance(lacking, Missing)
    assert lacking.conditions == {"deleted_afterwards"}


def test_what_the_text_does_not_say_is_taken_from_its_siblings():
    told = incidents.handling(KMUUN, NOW, WorkingDays())
    assert set(told.channels) == {"email", "letter", "phone", "push"}
    assert told.report is not None
    assert requests.complaint(KMUUN).regulators
    assert {right.deadline_days for right in KMUUN.rights.values()} == {None}


def test_a_request_is_refused_on_the_listed_grounds_alone():
    assert [each for each in RefuseGround if answers.may_refuse(KMUUN, each)] == [
        "duty",
        "security",
        "public",
        "harm",
    ]
    assert answers.laws(KMUUN, Matter.RETENTION) == ("e_commerce_law",)
    assert len(answers.laws(KMUUN, Matter.REQUESTS)) == 2


def test_a_new_owner_makes_a_change_a_major_one():
    assert [each for each in Touched if answers.major(KMUUN, [each])] == [
        "model",
        "objects",
        "rights",
        "department",
    ]


def test_the_self_check_names_each_measure_and_whether_it_is_kept():
    checked = answers.self_check(KMUUN)
    assert set(checked) == {"tls", "encryption", "isolation", "audit", "self_check"}
    assert all(checked.values())
    assert answers.self_check(policies.compiled("kaiconn")) is None


def test_who_is_reached_is_told_without_a_number_that_there_is_not():
    who = next(part for part in notice(KMUUN, "en").sections if part.kind == "who")
    assert [line.text for line in who.lines] == [
        "Chonel Industrial (Shanghai) Co., Ltd.",
        "with affiliates",
        "app-admin@kmuun.com; the data protection officer",
    ]


def test_proof_of_identity_is_looked_at_and_not_kept():
    assert KMUUN.functions["requests"].items["identity_proof"].keep is Keep.NONE
    assert requests.proofs(KMUUN, "copy", signed_in=False).all_of == {"identity"}
