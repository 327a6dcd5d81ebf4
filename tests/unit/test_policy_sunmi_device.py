"""What only this policy says, from its text to the gate: no account needed, a SIM card, no sharing at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import structs

from tests.unit.policy_asks import NOW, TEXT, WHO, Asks, by
from troth.app import policies
from troth.gate.decide import decide
from troth.policy import answers, cases
from troth.policy.check import check
from troth.policy.clauses import Need
from troth.policy.problems import Severity
from troth.policy.statement_words import Condition, Owner, Receiver
from troth.policy.text import notice
from troth.subjects.registration import Registration, read
from troth.terms import (
    Act,
    ActKind,
    ActorKind,
    Allow,
    Basis,
    DeviceId,
    Reason,
    Reference,
    Standing,
    Verb,
)

DEVICES = policies.compiled("sunmi-device")
THIS, OTHER = DeviceId(UUID(int=8)), DeviceId(UUID(int=9))
ACCOUNT = {"phone_number", "email_address", "password"}


_ASKS = Asks("sunmi-device")
ask, did = _ASKS.ask, _ASKS.did


def chose(function: str, item: str | None = None) -> Act:
    return did(ActKind.CHOSEN, function=function, item=item, separate=True, **TEXT)


def agreed(*more: Act) -> Standing:
    """Who ticked "Agree" on a device and has no account."""
    ticked = did(ActKind.DECLARED_ADULT, age=18), did(ActKind.SHOWN, **TEXT), did(ActKind.ACCEPTED, **TEXT)
    return Standing(WHO, (*ticked, *more))


def test_it_has_nothing_but_notes():
    assert {each.severity for each in check(DEVICES.policy)} == {Severity.NOTE}


WORK = {
    "sim": (ask("sim", "steady_service", "sim_card_info"),
            (chose("sim"), did(ActKind.SUPPLIED, function="sim", need="sim_card"))),
    "safety": (ask("safety", "safety_and_reliability", "app_crash"),
               (chose("safety"), chose("safety", "app_crash"))),
    "support": (ask("support", "contact_user", "evidence_info"), (chose("support"),)),
    "requests": (ask("requests", "receive_request", "request_details"), ()),
}  # fmt: skip


@pytest.mark.parametrize("function", sorted(set(DEVICES.functions) - {"register"}))
def test_without_an_account_every_other_function_works(function):
    asked, acts = WORK[function]
    assert isinstance(decide(DEVICES, agreed(*acts), asked), Allow)


def test_an_account_takes_three_items_and_only_once_it_is_chosen():
    opening = ask("register", "register_account", *ACCOUNT, "nickname")
    assert decide(DEVICES, agreed(), opening).reason is Reason.NOT_CHOSEN
    opened = decide(DEVICES, agreed(chose("register")), opening)
    assert opened.items == ACCOUNT
    assert {each.reason for each in opened.dropped} == {Reason.ITEM_UNDECLARED}
    assert DEVICES.functions["register"].refusal.effect == "no_effect"


@pytest.mark.parametrize("missing", sorted(ACCOUNT))
def test_an_account_that_lacks_something_is_refused_naming_it(missing):
    opening = ask("register", "register_account", *(ACCOUNT - {missing}))
    said = decide(DEVICES, agreed(chose("register")), opening)
    assert said.reason is Reason.REQUIRED_ITEM_MISSING
    assert f"sunmi-device/functions/register/requires/{missing}" in said.because


def test_opening_an_account_is_choosing_it():
    form = Registration(
        policy="sunmi-device", version=1, language="en", text_hash=notice(DEVICES, "en").text_hash,
        agreed=True, password="a long enough password 77", phone="+8613800000001", email="a@shop.example",
        declares_adult=True,
    )  # fmt: skip
    acts = read(form, DEVICES, NOW).acts
    assert [act.function for act in acts if act.kind is ActKind.CHOSEN] == ["register"]
    camera = policies.compiled("sunmi-camera")
    told = notice(camera, "en").text_hash
    there = read(replace(form, policy="sunmi-camera", text_hash=told), camera, NOW).acts
    assert ActKind.CHOSEN not in {act.kind for act in there}
    undecided = read(replace(form, agreed=False), DEVICES, NOW).acts
    assert ActKind.CHOSEN not in {act.kind for act in undecided}


def test_without_a_card_in_it_nothing_of_a_card_is_taken():
    asked, (chosen, inserted) = WORK["sim"]
    assert decide(DEVICES, agreed(chosen), asked).reason is Reason.NEED_MISSING
    whole = structs.replace(
        asked, items=frozenset({"sim_card_info", "phone_number", "data_card_number", "imei"})
    )
    taken = decide(DEVICES, agreed(chosen, inserted), whole)
    assert taken.items == whole.items - {"imei"}
    removed = replace(inserted, kind=ActKind.REMOVED, at=NOW - timedelta(minutes=1))
    assert decide(DEVICES, agreed(chosen, inserted, removed), asked).reason is Reason.NEED_MISSING


def test_safety_logs_wait_for_a_yes_and_a_no_warns_of_the_risk():
    table = DEVICES.functions["safety"]
    assert (table.clause.basis, table.clause.stated) == (Basis.CONSENT, "opt_out")
    assert {each.need for each in table.items.values()} == {Need.OPTIONAL}
    said = decide(DEVICES, agreed(), WORK["safety"][0])
    assert (said.reason, said.effect) == (Reason.NOT_CHOSEN, "higher_risk")
    lines = [line.text for section in notice(DEVICES, "en").sections for line in section.lines]
    assert "nothing stops; running it is less safe" in lines


def test_each_kind_of_log_has_a_switch_for_each_device():
    stops = DEVICES.functions["safety"].stops
    assert {item: len(switches) for item, switches in stops.items()} == dict.fromkeys(stops, 1)
    assert set(stops) == set(DEVICES.functions["safety"].items)
    assert {each.scope for each in DEVICES.switches.values()} == {"device"}
    acts = (chose("safety"), chose("safety", "app_crash"), chose("safety", "network_log"))
    off = did(ActKind.SWITCHED_OFF, switch="crash_reports", device=THIS)
    both = structs.replace(WORK["safety"][0], items=frozenset({"app_crash", "network_log"}))
    here, there = structs.replace(both, device=THIS), structs.replace(both, device=OTHER)
    assert decide(DEVICES, agreed(*acts, off), here).items == {"network_log"}
    assert decide(DEVICES, agreed(*acts, off), there).items == both.items


def test_a_complaint_without_a_way_to_answer_is_taken_all_the_same():
    said = decide(DEVICES, agreed(chose("support")), WORK["support"][0])
    assert isinstance(said, Allow)
    assert DEVICES.functions["support"].refusal.effect == "degraded"


@pytest.mark.parametrize("act", ["share", "transfer", "disclose"])
def test_nobody_gets_anything_but_on_an_express_law(act):
    facts = {each.value for each in Condition}
    for receiver in Receiver:
        said = cases.judge(DEVICES, act, "law", facts - {"express_law"}, receiver=receiver)
        assert said.conditions == {"express_law"}
        assert isinstance(cases.judge(DEVICES, act, "law", facts, receiver=receiver), cases.Listed)
        assert isinstance(cases.judge(DEVICES, act, "consent", facts, receiver=receiver), cases.Unlisted)
    assert {kind.kind for table in DEVICES.functions.values() for kind in table.recipients.values()} == {
        "authority"
    }


def test_the_authority_gets_what_a_law_expressly_says():
    demand = ask(
        "requests",
        "lawful_demand",
        "request_details",
        verb=Verb.SHARE,
        actor=by(ActorKind.STAFF),
        recipient="competent_authority",
        basis=Basis.LEGAL_DUTY,
        reference=Reference("express_law", "case-4"),
    )
    assert isinstance(decide(DEVICES, agreed(), demand), Allow)
    assert decide(DEVICES, agreed(), structs.replace(demand, basis=None)).reason is not None
    order = structs.replace(demand, reference=Reference("legal_order", "case-4"))
    assert decide(DEVICES, agreed(), order).reason is Reason.BASIS_UNLISTED


def test_its_devices_are_governed_and_no_others():
    assert answers.governs(DEVICES, Owner.CONTROLLER, "SUNMI device")
    assert not answers.governs(DEVICES, Owner.CONTROLLER, "Face Sense Camera")
    assert not answers.governs(DEVICES, Owner.THIRD_PARTY, "SUNMI device")
