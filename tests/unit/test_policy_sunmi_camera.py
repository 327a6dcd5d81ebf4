"""The first policy loads, is clean, and compiles to the tables that the gate needs."""

from __future__ import annotations

from troth.app import policies
from troth.policy.check import check
from troth.policy.clauses import Keep, Need, Starts
from troth.policy.load import load
from troth.policy.problems import Severity
from troth.terms import Basis, Role

CAMERA = policies.compiled("sunmi-camera")


def test_it_has_nothing_but_notes_and_what_is_still_to_be_kept():
    more = {each for each in check(CAMERA.policy) if each.severity is not Severity.NOTE}
    assert {(each.severity, each.problem.clause) for each in more} == {
        (Severity.WARNING, "sunmi-camera/functions/personalised/optional/user_profile"),  # never explained
    }


def test_every_promise_is_carried_under_its_own_name():
    carried = {promise for clause in CAMERA.policy.clauses for promise in clause.promises}
    assert {
        "sunmi-camera.fn.register",
        "sunmi-camera.fn.bind",
        "sunmi-camera.fn.customer_flow",
        "sunmi-camera.fn.store_guard",
        "sunmi-camera.fn.personalised",
        "sunmi-camera.minors.under18",
        "sunmi-camera.store.china",
        "sunmi-camera.rights.cancel.irreversible",
        "sunmi-camera.facts.acceptance",
    } <= carried


def test_binding_takes_the_four_items_and_no_other():
    bind = CAMERA.functions["bind"]
    assert bind.required == {"device_model", "mac_address", "device_serial", "ip_address"}
    assert set(bind.items) == bind.required
    assert bind.clause.starts is Starts.WITH_ACCEPTANCE


def test_store_functions_wait_to_be_chosen_and_need_a_camera():
    for name in ("customer_flow", "store_guard", "visits"):
        table = CAMERA.functions[name]
        assert table.clause.starts is Starts.WHEN_CHOSEN
        assert set(table.needs) == {"camera"}
        assert table.required == {"store_name", "store_address"}
        assert table.refusal.effect == "function_unavailable"


def test_personalised_is_off_until_chosen_and_never_about_bystanders():
    table = CAMERA.functions["personalised"]
    assert table.clause.basis is Basis.CONSENT
    assert (table.clause.stated, table.clause.decided_by) == (
        "opt_out",
        "S14, sunmi-camera.gap.profile_default",
    )
    assert set(table.never_about) == {Role.BYSTANDER}
    assert {each.need for each in table.items.values()} == {Need.OPTIONAL}


def test_switches_stop_the_stream_of_a_device_and_stand_on():
    for name in ("customer_flow", "store_guard"):
        (switch,) = CAMERA.functions[name].switches
        assert (switch.switch, switch.scope, switch.default_on) == (name, "device", True)


def test_the_rest_of_it():
    assert set(CAMERA.regions) == {"CN"}
    assert CAMERA.audience is not None
    assert CAMERA.audience.minimum_age == 18
    assert CAMERA.acceptance.shown_first
    assert CAMERA.rights["cancel"].irreversible
    assert {right.deadline_days for right in CAMERA.rights.values()} == {15}
    kept = {each.keep for table in CAMERA.functions.values() for each in table.items.values()}
    assert kept == {Keep.NONE, Keep.STORED}
    assert CAMERA.functions["filming"].items["facial_features"].keep is Keep.NONE


def test_the_same_text_has_the_same_digest():
    text, file = policies.builtin("sunmi-camera")
    assert load(text, file).digest == load(text, "elsewhere.yaml").digest == CAMERA.policy.digest
