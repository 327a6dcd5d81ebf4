"""`troth explain`: a clause in words, and the gate's answer with the clauses that decided it, offline."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from troth.app import policies
from troth.edges.cli.app import app
from troth.edges.cli.standing import NoSuchAct, NoTime, Teller, moment
from troth.policy.clauses import ClosedClause
from troth.policy.explained import explain, nearest, told
from troth.policy.phrases import PHRASES
from troth.policy.words import Language
from troth.terms import ActKind, Reason

CAMERA = policies.compiled("sunmi-camera")
BEFORE = datetime(2026, 3, 1, tzinfo=UTC)


def troth(*words):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["explain", *map(str, words)])


def asked(*words):
    found = troth("--json", "--at", "2026-03-02", *words)
    return found.exit_code, json.loads(found.output)


@pytest.mark.parametrize("name", policies.names())
def test_every_clause_has_words_and_something_that_keeps_it(name):
    compiled = policies.compiled(name)
    says = told(compiled)
    for clause in compiled.clauses.values():
        assert any(says[clause.id][language] for language in Language), clause.id
    attested = [each for each in compiled.clauses.values() if "/attested/" in each.id]
    assert [explain(compiled, each).enforced for each in attested] == [None] * len(attested)


def test_every_answer_of_the_gate_has_words():
    words = {"answer.allow", *(f"answer.{reason}" for reason in Reason)}
    for language in Language:
        assert words <= set(PHRASES[language])


def test_a_clause_is_told_with_its_place_promises_and_what_leans_on_it():
    found = troth("sunmi-camera/functions/bind/requires/mac_address")
    assert found.exit_code == 0
    for part in ("policies/sunmi-camera.yaml:", "MAC address", "MAC 地址", "item", "required",
                 "sunmi-camera.fn.bind", "gate:"):  # fmt: skip
        assert part in found.output
    told = json.loads(troth("sunmi-camera/functions/cashier_audit/on_refusal", "--json").output)
    assert told["fields"]["also"] == ["jobbery"]
    assert "S12" in told["decided_by"]
    jobbery = json.loads(troth("sunmi-camera/functions/jobbery", "--json").output)
    how = {each["clause"]: each["how"] for each in jobbery["leaning"]}
    assert how["sunmi-camera/functions/cashier_audit/on_refusal"] == "costs it, too, when refused"
    assert how["sunmi-camera/functions/jobbery/needs/store"] == "is part of the function"


@pytest.mark.parametrize(
    ("policy", "clause", "leaning", "how"),
    [
        (
            "sunmi-camera",
            "aims/provide_services",
            "functions/bind/purposes/connect_cameras",
            "serves the aim",
        ),
        (
            "kaiconn",
            "permissions/app_list",
            "functions/device_stats/when_used/app_list",
            "comes through it alone",
        ),
        ("sunmi-camera", "stored_in/CN", "functions/bind", "runs only where this is met"),
        ("sunmi-camera", "rights/access", "requests/self_service", "holds for its requests"),
        ("sunmi-camera", "controller/email", "rights/access", "goes this way"),
        ("sunmi-camera", "duties/disclose/express_law", None, None),
    ],
)
def test_what_leans_on_a_clause(policy, clause, leaning, how):
    compiled = policies.compiled(policy)
    leans = explain(compiled, compiled.clauses[f"{policy}/{clause}"]).leaning
    found = {each.clause: each.how for each in leans}
    assert found.get(f"{policy}/{leaning}") == how
    assert how or not found


def test_a_ground_is_leaned_on_by_what_it_opens():
    closed = next(each for each in CAMERA.clauses.values() if isinstance(each, ClosedClause))
    opened = replace(closed, unless=frozenset({"express_law"}))
    compiled = replace(CAMERA, clauses={**CAMERA.clauses, closed.id: opened})
    leans = explain(compiled, compiled.clauses["sunmi-camera/duties/disclose/express_law"]).leaning
    assert [(each.clause, each.how) for each in leans] == [(closed.id, "opens on this ground")]


def test_a_misspelt_clause_is_answered_with_the_nearest():
    found = troth("sunmi-camera/functions/bind/requires/mac_adress")
    assert found.exit_code == 2
    assert "sunmi-camera/functions/bind/requires/mac_address" in found.output
    assert "did you mean 'sunmi-camera'" in troth("sunmi-camra/functions/bind").output
    assert nearest(CAMERA, "sunmi-camera/stored_in") == ("sunmi-camera/stored_in/CN",)
    assert nearest(CAMERA, "mac_address") == nearest(CAMERA, "x/mac_address") != ()
    assert nearest(CAMERA, "\x00" * 5000) == ()


def test_yes_names_the_clauses_that_agreed():
    status, answer = asked("--ask", "collect", "--policy", "sunmi-camera", "--function", "bind")
    assert (status, answer["decision"], answer["reason"]) == (0, "allow", None)
    chain = [each["clause"] for each in answer["because"]]
    assert chain[0] == "sunmi-camera/audience"
    assert chain[-1] == "sunmi-camera/stored_in/CN"
    assert answer["ask"]["purpose"] == "connect_cameras"
    assert [each["kind"] for each in answer["did"]] == ["declared_adult", "shown", "accepted"]


def test_no_names_the_clause_and_the_cost():
    status, answer = asked("--ask", "use", "--function", "cloud", "--who", "all", "--did", "withdrawn:cloud")
    assert (status, answer["reason"], answer["effect"]) == (1, "withdrawn", "function_unavailable")
    assert answer["says"]["zh"].startswith("不可以")
    assert [each["clause"] for each in answer["because"]] == [
        "sunmi-camera/functions/cloud",
        "sunmi-camera/functions/cloud/on_refusal",
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--function", "bind", "--policy", "sunmi-camera", "--region", "US"), "region_forbidden"),
        (("--function", "cloud", "--who", "nobody"), "not_accepted"),
        (("--function", "cloud"), "not_chosen"),
        (("--function", "cloud", "--did", "cancelled"), "cancelled"),
        (("--function", "cloud", "--did", "found_minor@2026-03-01T10:00+08:00"), "underage"),
        (("--function", "personalised", "--policy", "sunmi-camera", "--role", "bystander"), "role_forbidden"),
        (("--function", "cloud", "--purpose", "fun"), "purpose_undeclared"),
        (("--function", "cloud", "--who", "all", "--measured", "2026-03-03"), "measured_in_future"),
        (
            ("--function", "customer_flow", "--who", "all", "--did", "removed:camera/customer_flow"),
            "need_missing",
        ),
        (
            ("--function", "cloud", "--who", "all", "--basis", "exemption", "--reference", "x:1"),
            "basis_unlisted",
        ),
        (
            ("--function", "cloud", "--who", "all", "--device", "d", "--item", "mac_address"),
            "required_item_missing",
        ),
    ],
)
def test_the_parts_of_an_ask_reach_the_gate(words, reason):
    status, answer = asked("--ask", "collect", *words)
    assert (status, answer["reason"]) == (1, reason)


def test_a_lawful_demand_needs_its_document_and_a_share_its_recipient():
    ask = ("--policy", "sunmi-camera", "--function", "bind", "--basis", "legal_duty")
    with_paper = (*ask, "--reference", "express_law:case-17")
    assert asked("--ask", "disclose", *with_paper)[0] == 0
    assert asked("--ask", "disclose", *ask)[1]["reason"] == "reference_missing"
    assert asked("--ask", "share", *with_paper, "--recipient", "competent_authority")[0] == 0
    assert asked("--ask", "share", *with_paper, "--recipient", "anyone")[1]["reason"] == "recipient_unlisted"
    assert "competent_authority" in troth("--ask", "share", *with_paper, "--recipient", "anyone").output


def test_a_standing_comes_from_a_file_in_yaml_or_json(tmp_path):
    acts = [
        {"act": "declared_adult", "at": "2026-01-01"},
        {"act": "shown", "at": "2026-01-01", "language": "en"},
        {"act": "accepted", "at": "2026-01-01", "language": "en"},
        {"act": "chosen", "at": "2026-02-01T08:00", "function": "cloud"},
        {"act": "supplied", "at": "2026-02-01T08:00", "need": "camera"},
    ]
    as_json, as_yaml = tmp_path / "acts.json", tmp_path / "acts.yaml"
    as_json.write_text(json.dumps(acts))
    as_yaml.write_text("\n".join(f"- {json.dumps(act)}" for act in acts))
    ask = ("--ask", "collect", "--function", "cloud")
    for file in (as_json, as_yaml):
        assert asked(*ask, "--standing", file)[0] == 0
        assert asked(*ask, "--standing", file, "--measured", "2026-01-15")[1]["reason"] == "not_chosen"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("act: shown", "acts.yaml:1:1: standing: no list"),
        ("- {act: shwn}", "did you mean 'shown'"),
        ("- {act: chosen, function: clod}", "did you mean 'cloud'"),
        ("- {act: chosen, function: cloud, at: soon-ish-now}", "write a time such as"),
        ("- {act: chosen, functon: cloud}", "acts.yaml:1:17"),
        ("- [", "acts.yaml"),
    ],
)
def test_a_bad_standing_is_refused_with_its_place(tmp_path, text, says):
    file = tmp_path / "acts.yaml"
    file.write_text(text)
    found = troth("--ask", "collect", "--function", "cloud", "--standing", file)
    assert found.exit_code != 0
    assert says in found.output + str(found.exception)


def test_acts_in_a_word():
    teller = Teller(CAMERA, BEFORE)
    act = teller.from_word("chosen:personalised/user_profile@2026-01-02T03:04")
    assert (act.kind, act.function, act.item) == (ActKind.CHOSEN, "personalised", "user_profile")
    assert act.at == moment("2026-01-02T03:04+08:00")
    assert teller.from_word("cancelled").at == BEFORE
    for word in ("chosn:cloud", "cancelled:cloud", "withdrawn:clowd", "switched_off:x", "supplied:camra"):
        with pytest.raises(NoSuchAct, match="write"):
            teller.from_word(word)
    with pytest.raises(NoTime):
        teller.from_word("cancelled@2026-13-45")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "name a clause"),
        (("--ask", "collect"), "--function"),
        (("--ask", "collect", "--function", "bnd"), "did you mean"),
        (("--ask", "collect", "--function", "bind", "--policy", "sunmi-cam"), "sunmi-camera"),
        (("--ask", "collect", "--function", "cloud", "--item", "mac_adress"), "'mac_address'"),
    ],
)
def test_an_unclear_question_is_not_answered(words, says):
    found = troth(*words)
    assert found.exit_code == 2
    assert says in found.output


def test_words_in_one_language():
    text = troth("--ask", "collect", "--function", "cloud", "--lang", "zh").output
    assert "不可以" in text
    assert " en " not in text
