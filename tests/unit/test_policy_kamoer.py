"""What only this policy says, from its text to the gate: no profile, chosen advertising, applicants."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from msgspec import structs

from tests.unit.policy_asks import NOW, TEXT, WHO, Asks, by
from troth.app import policies
from troth.gate.decide import decide
from troth.policy import answers, cases
from troth.policy.check import check
from troth.policy.clauses import Keep, Need
from troth.policy.problems import Severity
from troth.policy.statement_words import Condition, MinorGround, Repurposed, Stop, Topic
from troth.policy.text import notice
from troth.policy.vocabulary import VOCABULARY, Category
from troth.subjects.registration import Registration, read
from troth.terms import (
    Act,
    ActKind,
    ActorKind,
    Allow,
    Basis,
    Reason,
    Reference,
    Role,
    Standing,
    Verb,
)

KAMOER = policies.compiled("kamoer")
DOCUMENT = Reference("news", "editor-12")


_ASKS = Asks("kamoer")
ask, did = _ASKS.ask, _ASKS.did


def agreed(*more: Act, age: int = 14) -> Standing:
    declared = did(ActKind.DECLARED_ADULT, age=age)
    return Standing(WHO, (declared, did(ActKind.SHOWN, **TEXT), did(ActKind.ACCEPTED, **TEXT), *more))


def chose(function: str, item: str | None = None) -> Act:
    return did(ActKind.CHOSEN, function=function, item=item, separate=True, **TEXT)


def test_it_has_nothing_but_notes_and_what_its_text_says_more_than_the_law():
    more = {each for each in check(KAMOER.policy) if each.severity is not Severity.NOTE}
    assert {(each.rule, each.problem.clause.removeprefix("kamoer/")) for each in more} == {
        ("basis_closed_list", "exempt/collect/stable"),  # these two are waived, with the reason
        ("basis_closed_list", "exempt/use/stable"),
        ("handler_has_consent", "functions/purchase/recipients/logistics"),
        ("handler_has_consent", "functions/purchase/recipients/payment"),
        ("basis_closed_list", "exempt/collect/academic"),
        ("basis_closed_list", "exempt/use/academic"),
    }


def test_one_writes_to_it_and_cannot_call():
    assert "phone" not in KAMOER.policy.controller
    for language, said in (("en", "E-mail: sales@kamoer.com"), ("zh", "邮箱：sales@kamoer.com")):
        who = next(each for each in notice(KAMOER, language).sections if each.kind == "who")
        told = [f"{line.label}{': ' if language == 'en' else '：'}{line.text}" for line in who.lines]
        assert said in told


def test_what_the_text_leaves_open_is_told_as_open_and_what_is_never_done_as_never():
    lines = [line.text for section in notice(KAMOER, "en").sections for line in section.lines]
    assert "updated 2022-12-19" in lines
    assert "never, whoever would agree" in lines


def test_the_ten_topics_that_it_announces_are_told_of():
    told = answers.contents(KAMOER)
    assert set(told) == set(Topic)
    assert all(told.values())
    shown = notice(KAMOER, "en")
    lines = {line.clause for section in shown.sections for line in section.lines}
    assert all(set(clauses) & (lines | {s.clause for s in shown.sections}) for clauses in told.values())


def test_nothing_is_shown_by_a_profile_and_none_is_taken():
    assert answers.barred(KAMOER, Repurposed.PERSONALISED_DISPLAY)
    assert not answers.barred(KAMOER, Repurposed.UNSTATED)
    assert answers.asks_first(KAMOER, Repurposed.PERSONALISED_DISPLAY)
    taken = {item for table in KAMOER.functions.values() for item in table.items}
    assert not [item for item in taken if VOCABULARY[item].category is Category.DERIVED]


def test_the_extras_of_an_account_are_each_a_choice_and_none_is_missed():
    register = KAMOER.functions["register"]
    assert register.required == {"phone_number", "email_address", "user_name", "password"}
    extras = {item for item, each in register.items.items() if each.need is Need.OPTIONAL}
    assert extras == {"real_name", "birth_date", "gender", "region", "industry"}
    everything = ask("register", "create_account", *register.required, *extras)
    plain = decide(KAMOER, agreed(), everything)
    assert isinstance(plain, Allow)
    assert plain.items == register.required
    chosen = decide(KAMOER, agreed(chose("register", "region")), everything)
    assert chosen.items == register.required | {"region"}


@pytest.mark.parametrize("missing", sorted(KAMOER.functions["purchase"].required))
def test_an_order_that_lacks_one_item_is_refused_naming_it(missing):
    items = KAMOER.functions["purchase"].required - {missing}
    said = decide(KAMOER, agreed(chose("purchase")), ask("purchase", "complete_transaction", *items))
    assert said.reason is Reason.REQUIRED_ITEM_MISSING
    assert f"kamoer/functions/purchase/requires/{missing}" in said.because


def test_nobody_of_the_shop_reads_an_order_and_the_carrier_gets_three_items():
    bought = agreed(chose("purchase"))
    for purpose in ("complete_transaction", "deliver"):
        look = ask("purchase", purpose, "id_number", verb=Verb.USE, actor=by(ActorKind.STAFF))
        assert decide(KAMOER, bought, look).reason is Reason.ACTOR_FORBIDDEN
    parcel = ask(
        "purchase",
        "deliver",
        "real_name",
        "phone_number",
        "mailing_address",
        verb=Verb.SHARE,
        actor=by(ActorKind.SERVICE),
        recipient="logistics",
    )
    assert isinstance(decide(KAMOER, bought, parcel), Allow)
    more = structs.replace(parcel, items=parcel.items | {"id_number"})
    assert decide(KAMOER, bought, more).reason is Reason.RECIPIENT_UNLISTED


def test_without_the_place_the_rest_still_works():
    reading = ask("use", "normal_realisation", "geolocation", "device_config")
    without = decide(KAMOER, agreed(), reading)
    assert without.items == {"device_config"}
    assert {(each.item, each.reason) for each in without.dropped} == {("geolocation", Reason.ITEM_NOT_CHOSEN)}


def test_no_advertising_before_it_is_chosen_and_unsubscribing_ends_the_counting_too():
    mail = ask(
        "ads", "information_and_advertising", "contact_info", verb=Verb.USE, actor=by(ActorKind.SERVICE)
    )
    opened = ask("ads_email_tracking", "know_preferences", "email_tracking", actor=by(ActorKind.SERVICE))
    assert decide(KAMOER, agreed(), mail).reason is Reason.NOT_CHOSEN
    both = (chose("ads"), chose("ads", "contact_info"), chose("ads_email_tracking"))
    assert isinstance(decide(KAMOER, agreed(*both), mail), Allow)
    assert isinstance(decide(KAMOER, agreed(*both), opened), Allow)
    left = agreed(*both, did(ActKind.WITHDRAWN, function="ads"))
    assert decide(KAMOER, left, mail).reason is Reason.WITHDRAWN
    assert decide(KAMOER, left, opened).reason is Reason.WITHDRAWN
    assert answers.recognises(KAMOER, "similar", use="know_preferences")
    assert not answers.recognises(KAMOER, "similar", ended=[Stop.UNSUBSCRIBED])


def test_pictures_are_kept_only_with_authorisation_and_only_while_the_function_runs():
    plain = KAMOER.functions["machine_learning"].items["ml_images"]
    assert plain.keep is Keep.NONE
    kept = ask("ml_images", "improve_algorithm", "ml_images")
    runs, consents = chose("machine_learning"), (chose("ml_images"), chose("ml_images", "ml_images"))
    seen = decide(KAMOER, agreed(runs), ask("machine_learning", "recognise", "ml_images"))
    assert isinstance(seen, Allow)
    assert seen.unkept == {"ml_images"}
    assert decide(KAMOER, agreed(runs), kept).reason is Reason.NOT_CHOSEN
    assert decide(KAMOER, agreed(*consents), kept).reason is Reason.ITEM_NOT_CHOSEN
    assert isinstance(decide(KAMOER, agreed(runs, *consents), kept), Allow)


def test_an_applicant_needs_no_account_and_is_never_advertised_to():
    cv = ask("jobs", "communicate_on_job_opportunities", "resume", role=Role.APPLICANT)
    assert decide(KAMOER, Standing(WHO, ()), cv).reason is Reason.NOT_CHOSEN
    applied = Standing(WHO, (chose("jobs"),))
    assert isinstance(decide(KAMOER, applied, cv), Allow)
    for_ads = structs.replace(cv, purpose="information_and_advertising")
    assert decide(KAMOER, applied, for_ads).reason is Reason.PURPOSE_UNDECLARED


def test_what_is_sensitive_goes_public_only_after_a_warning_and_a_second_yes():
    post = ask("sensitive_public", "publish", "published_content", "religious_belief", verb=Verb.DISCLOSE)
    ready = (chose("sensitive_public"),)
    warned = did(ActKind.SUPPLIED, function="sensitive_public", need="publishing_notice")
    collect = structs.replace(post, verb=Verb.COLLECT)
    assert decide(KAMOER, agreed(*ready), collect).reason is Reason.NEED_MISSING
    once = decide(KAMOER, agreed(*ready, warned), post)
    assert once.items == {"published_content"}
    twice = decide(KAMOER, agreed(*ready, warned, chose("sensitive_public", "religious_belief")), post)
    assert twice.items == post.items


@pytest.mark.parametrize(("born", "grown"), [(date(2012, 3, 2), True), (date(2012, 3, 3), False)])
def test_under_fourteen_a_guardian_is_asked(born, grown):
    form = Registration(
        policy="kamoer", version=1, language="en", text_hash=notice(KAMOER, "en").text_hash, agreed=True,
        password="a long enough password 77", phone="+8613800000001", email="a@shop.example", birth_date=born,
    )  # fmt: skip
    acts = read(form, KAMOER, NOW).acts
    items = KAMOER.functions["register"].required
    said = decide(KAMOER, Standing(WHO, acts), ask("register", "create_account", *items))
    assert isinstance(said, Allow) is grown
    if not grown:
        assert said.reason is Reason.GUARDIAN_MISSING
        assert ActKind.FOUND_MINOR not in {act.kind for act in acts}


def test_a_childs_data_is_used_on_one_of_three_grounds_and_never_for_marketing():
    assert [answers.minors_data(KAMOER, [each]) for each in MinorGround] == [True] * 3
    assert not answers.minors_data(KAMOER, [])
    assert answers.minors_data(policies.compiled("kaiconn"), [])
    assert not answers.marketed_to(KAMOER, 13)


def test_no_sdk_before_its_whole_entry_is_published():
    facts = {each.value for each in Condition}
    call = ("call_sdk", "product_function")
    assert isinstance(cases.judge(KAMOER, *call, facts, receiver="sdk"), cases.Listed)
    missing = cases.judge(KAMOER, *call, facts - {"full_entry"}, receiver="sdk")
    assert missing.conditions == {"full_entry"}


def test_abroad_needs_what_the_text_says_and_the_law_adds():
    facts = {each.value for each in Condition}
    for lacking in ("assessment", "separate_consent", "equal_protection", "request"):
        said = cases.judge(KAMOER, "abroad", "country_of_use", facts - {lacking})
        assert said.conditions == {lacking}


def test_news_is_a_ground_and_no_text_has_one_that_is_not_listed():
    grounds = {ground for _, ground in KAMOER.exempt}
    assert len(grounds) == 12
    assert "news" in grounds
    press = ask("requests", "answer_request", "request_details", verb=Verb.USE, actor=by(ActorKind.STAFF))
    for ground, opens in (("news", True), ("emergency_public", False)):
        case = structs.replace(press, basis=Basis.EXEMPTION, reference=replace(DOCUMENT, ground=ground))
        assert isinstance(decide(KAMOER, agreed(), case), Allow) is opens


def test_six_risks_have_a_control():
    assert len(answers.controls(KAMOER)) == 6
    assert all(answers.controls(KAMOER).values())
