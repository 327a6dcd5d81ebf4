"""What is special about the rules for operation data: twelve switches, agents with devices of their own."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec import structs

from tests.unit.policy_asks import NOW, TEXT, WHO, Asks
from troth.app import policies
from troth.gate.decide import decide
from troth.policy import answers, keeping
from troth.policy.cases import Listed, Missing, judge
from troth.policy.check import check
from troth.policy.clauses import SUPPLIER, Need, Scope
from troth.policy.problems import Severity
from troth.policy.statement_words import Condition, Measure, Term
from troth.policy.statements import ProtectionClause
from troth.policy.values import VALUES
from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Allow,
    Ask,
    DeviceId,
    Reason,
    Standing,
    Verb,
)

RULES = policies.compiled("sunmi-rules")
DEVICE, OTHER = DeviceId(UUID(int=10)), DeviceId(UUID(int=11))
ALL = frozenset(RULES.functions["safety"].items)
MACHINE, SERVICE = Actor(ActorKind.DEVICE, str(DEVICE)), Actor(ActorKind.SERVICE, "troth")


_ASKS = Asks("sunmi-rules", {"actor": MACHINE, "device": DEVICE})
ask, did = _ASKS.ask, _ASKS.did


ACTIVATED = (did(ActKind.DECLARED_ADULT, age=18), did(ActKind.SHOWN, **TEXT), did(ActKind.ACCEPTED, **TEXT))


UPLOAD = ask("safety", "safe_and_stable_operation", *ALL)


def answer(asked: Ask, *acts: Act):
    return decide(RULES, Standing(WHO, acts), asked)


def test_nothing_but_notes_is_found():
    assert {each.severity for each in check(RULES.policy)} == {Severity.NOTE}


def test_eighteen_kinds_of_data_and_nothing_before_activation():
    assert len(ALL) == 18
    assert {each.need for each in RULES.functions["safety"].items.values()} == {Need.WHEN_USED}
    assert answer(UPLOAD, *ACTIVATED[:2]).reason is Reason.NOT_ACCEPTED
    assert answer(UPLOAD, *ACTIVATED).items == ALL
    more = answer(structs.replace(UPLOAD, items=ALL | {"phone_number"}), *ACTIVATED)
    assert {(each.item, each.reason) for each in more.dropped} == {("phone_number", Reason.ITEM_UNDECLARED)}


@pytest.mark.parametrize("name", sorted(RULES.switches))
def test_each_switch_stops_its_own_data_on_its_own_device(name):
    switch = RULES.switches[name]
    assert switch.default_on
    assert switch.scope is Scope.DEVICE
    (function,) = switch.functions
    table = RULES.functions[function]
    asked = structs.replace(
        UPLOAD,
        function=function,
        purpose=min(p for p, c in table.purposes.items() if Verb.COLLECT in c.verbs),
    )
    asked = structs.replace(asked, items=frozenset(table.items))
    acts = (*ACTIVATED, did(ActKind.CHOSEN, function=function, separate=True))
    off = did(ActKind.SWITCHED_OFF, switch=name, device=DEVICE)
    left = frozenset(table.items) - switch.items
    found = answer(asked, *acts, off)
    if left:
        assert found.items == left
        assert {(each.item, each.reason) for each in found.dropped} == {
            (item, Reason.SWITCHED_OFF) for item in switch.items
        }
    else:
        assert found.reason is Reason.SWITCHED_OFF
    assert answer(structs.replace(asked, device=OTHER), *acts, off).items == frozenset(table.items)
    on = did(ActKind.SWITCHED_ON, switch=name, device=DEVICE)
    assert answer(asked, *acts, off, on).items == frozenset(table.items)


def test_every_item_stands_under_one_switch():
    under = [item for switch in RULES.switches.values() for item in sorted(switch.items)]
    taken = ALL | {"geolocation", "print_info", "print_business_data"}
    assert len(RULES.switches) == 12
    assert sorted(under) == sorted(taken)


def test_places_and_prints_wait_to_be_chosen_whatever_the_text_says():
    for function, purpose in (("sales", "coverage"), ("print", "data_analysis_services")):
        asked = ask(function, purpose, *RULES.functions[function].items)
        assert answer(asked, *ACTIVATED).reason is Reason.NOT_CHOSEN
        chosen = did(ActKind.CHOSEN, function=function, separate=True)
        assert isinstance(answer(asked, *ACTIVATED, chosen), Allow)


def test_a_receipt_goes_in_without_a_name_or_a_number_on_it():
    sale = {"amount": 12.5, "currency": "CNY", "lines": 2}
    assert VALUES.misfit("print_business_data", sale) is None
    for more in ({"customer": "Li Lei"}, {"phone": "+8613800138000"}, {"member": "1234"}):
        assert VALUES.misfit("print_business_data", sale | more) is not None
    assert RULES.functions["print"].clause.constraints == ("identify_nobody",)


def test_an_agent_sees_the_apps_of_the_devices_that_it_supplied_and_of_no_others():
    asked = ask(
        "safety",
        "agent_understands_app_installation",
        "op_app_summary",
        verb=Verb.SHARE,
        actor=SERVICE,
        recipient="device_agent",
    )
    assert answer(asked, *ACTIVATED).reason is Reason.RECIPIENT_UNLISTED
    supplied = did(ActKind.SUPPLIED, need=f"{SUPPLIER}device_agent", device=DEVICE)
    assert isinstance(answer(asked, *ACTIVATED, supplied), Allow)
    assert (
        answer(structs.replace(asked, device=OTHER), *ACTIVATED, supplied).reason is Reason.RECIPIENT_UNLISTED
    )
    assert (
        answer(structs.replace(asked, device=None), *ACTIVATED, supplied).reason is Reason.RECIPIENT_UNLISTED
    )
    crash = structs.replace(asked, items=frozenset({"app_crash"}))
    assert answer(crash, *ACTIVATED, supplied).reason is Reason.RECIPIENT_UNLISTED
    given_up = did(ActKind.REMOVED, need=f"{SUPPLIER}device_agent", device=DEVICE)
    assert answer(asked, *ACTIVATED, supplied, given_up).reason is Reason.RECIPIENT_UNLISTED


def test_partners_are_registered_and_need_it():
    facts = frozenset(each.value for each in Condition)
    for receiver in ("affiliate", "partner", "agents"):
        assert isinstance(judge(RULES, "share", "partners", facts, receiver=receiver), Listed)
    assert isinstance(judge(RULES, "share", "partners", facts - {"registered"}, receiver="agents"), Missing)


def test_what_is_over_is_deleted_and_not_merely_made_anonymous():
    fate = keeping.fate(RULES, "safety", "op_storage", {"purpose_ended": NOW})
    assert fate is not None
    assert fate.then == "delete"
    assert {each.then for each in RULES.retention} == {"delete"}


def test_both_names_stand_in_the_policy_and_neither_disclaims():
    assert "Group" in RULES.all(type(RULES.clauses["sunmi-rules/controller"]))[0].legal_name["en"]
    assert RULES.one(ProtectionClause, Measure.LIABILITY) is not None


def test_operation_data_is_personal_while_it_is_joined_with_a_person():
    data = answers.covered(RULES, Term.OPERATION_DATA)
    assert len(data.items) == 21
    assert "personal_while_joined" in data.tests
    assert answers.covered(RULES, Term.USER).tests == ("full_capacity",)
