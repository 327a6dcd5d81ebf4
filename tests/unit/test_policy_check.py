"""Each rule finds what it is for, says so at the place, and has a page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from troth.policy.check import RULES, check
from troth.policy.clauses import AttestedClause, Clause, Position
from troth.policy.compile import compile_policy
from troth.policy.load import PolicyRejected, load
from troth.policy.problems import Finding, Severity
from troth.terms import ClauseId

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "tests" / "golden" / "policy" / "good.yaml").read_text(encoding="utf-8")
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
ON_REFUSAL = "    on_refusal: {effect: service_unavailable, also: [cloud]}\n"
RETENTION = "  - {after: purpose_ended, then: anonymise, keep: 30 days, stated: for ever, decided_by: X05}\n"
REGISTRATION = "{title: {en: set up your account, zh: 完成注册}, by: [subject], verbs: [collect, use]}"

CASES = [
    ("accepted_before_anything", E, "acceptance: {shown_first: true}\n", "", "corner-shop"),
    ("accepted_before_anything", W, "shown_first: true", "shown_first: false", "corner-shop/acceptance"),
    ("clause_once", E, RETENTION, RETENTION + "  - {after: purpose_ended, then: delete}\n",
     "corner-shop/retention/purpose_ended"),
    ("clause_once", E, "requires: [phone_number]", "requires: [phone_number, email_address]",
     "corner-shop/functions/register/optional/email_address"),
    ("consent_is_asked", E, "starts: when_chosen", "starts: with_acceptance", "corner-shop/functions/cloud"),
    ("every_clause_enforced", N, "", "", "corner-shop/attested/training"),
    ("function_complete", E, ON_REFUSAL, "", "corner-shop/functions/register"),
    ("function_complete", W, "by: [subject], verbs: [collect, use]", "by: [subject], verbs: [use]",
     "corner-shop/functions/register"),
    ("functions_known", E, "also: [cloud]", "also: [clouds]", "corner-shop/functions/register/on_refusal"),
    ("functions_known", E, "functions: [cloud]", "functions: [fog]", "corner-shop/switches/cloud"),
    ("items_declared", E, "{items: [device_serial]", "{items: [phone_number]",
     "corner-shop/functions/cloud/recipients/repair_partner"),
    ("items_declared", E, "verbs: [use, share]}\n    on", "verbs: [use]}\n    on",
     "corner-shop/functions/cloud/recipients/repair_partner"),
    ("prohibition_unconditional", E, "[bystander]", "[{role: bystander, lang: en}]",
     "corner-shop/functions/cloud/never_about/bystander"),
    ("prohibition_unconditional", E, "unless: [agreement, legal_order]", "mod: may",
     "corner-shop/functions/cloud/holds/cloud_video/closed_to_controller"),
    ("promises_our_own", E, "shown_first: true", "shown_first: true, promises: [other.fn.x]",
     "corner-shop/acceptance"),
    ("right_has_deadline", W, "within: 1 day, ", "", "corner-shop/rights/cancel"),
    ("said_in_every_language", E, "{en: Cloud, zh: 云}", "{en: Cloud}", "corner-shop/switches/cloud"),
    ("said_in_every_language", E, "{en: Corner shop cameras, zh: 街角小店摄像机}", "{zh: 街角小店摄像机}",
     "corner-shop"),
    ("sane_dates", E, "effective: 2026-02-01", "effective: 2025-12-31", "corner-shop"),
    ("sane_dates", E, "published: 2026-01-01", "published: 1926-01-01", "corner-shop"),
    ("stated_is_decided", W, ", decided_by: X05", "", "corner-shop/retention/purpose_ended"),
    ("storage_place_named", W, "stored_in: CN\n", "", "corner-shop"),
]  # fmt: skip


def found(text: str) -> tuple[Finding, ...]:
    return check(load(text, "shop.yaml"))


@pytest.mark.parametrize(("rule", "severity", "old", "new", "clause"), CASES)
def test_the_rule_finds_it_at_its_place(rule, severity, old, new, clause):
    assert old in GOOD
    (finding,) = (
        each
        for each in found(GOOD.replace(old, new, 1))
        if each.rule == rule and (each.severity != N or severity == N)
    )
    assert (finding.severity, finding.problem.clause) == (severity, clause)
    assert finding.problem.file == "shop.yaml"
    assert str(finding).endswith(f"[{severity} {rule}]")


def test_a_good_policy_has_only_notes():
    assert {each.severity for each in found(GOOD)} == {N}


def test_a_language_not_promised_is_only_noted():
    text = GOOD.replace("languages: [en, zh]", "languages: [en]").replace(", zh: 账号", "")
    assert {each.severity for each in found(text) if each.rule == "said_in_every_language"} == {N}


def test_a_policy_without_functions_is_a_comment():
    text = GOOD[: GOOD.index("purposes:\n")] + "functions: {}\n"
    (finding,) = (each for each in found(text) if each.rule == "every_clause_enforced")
    assert finding.severity is E


def test_a_function_without_a_purpose_does_not_compile():
    text = GOOD.replace(GOOD[GOOD.index("purposes:\n") : GOOD.index("functions:\n")], "", 1)
    text = text.replace("    purposes:\n      complete_registration: " + REGISTRATION + "\n", "")
    with pytest.raises(PolicyRejected, match=r"functions/register: has no purpose"):
        compile_policy(load(text, "shop.yaml"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish(Clause):
    """A clause of a type that nothing enforces."""


def test_a_clause_that_nothing_enforces_is_an_error():
    policy = load(GOOD, "shop.yaml")
    wish = Wish(id=ClauseId("corner-shop/wish"), at=Position("shop.yaml", 9, 9))
    bare = AttestedClause(id=ClauseId("corner-shop/attested/x"), at=Position("shop.yaml", 9, 10), topic="x")
    rejected = [
        each.problem.clause for each in check(replace(policy, clauses=(wish, bare))) if each.severity is E
    ]
    assert {"corner-shop/wish", "corner-shop/attested/x"} <= set(rejected)


def test_a_policy_of_nothing_is_told_so():
    findings = check(replace(load(GOOD, "shop.yaml"), clauses=()))
    assert {each.problem.file for each in findings} == {"corner-shop"}


def test_errors_stop_the_compiler_and_warnings_do_not():
    assert compile_policy(load(GOOD.replace("within: 1 day, ", ""), "shop.yaml"))
    with pytest.raises(PolicyRejected) as caught:
        compile_policy(load(GOOD.replace("starts: when_chosen", "starts: with_acceptance"), "shop.yaml"))
    assert [each.clause for each in caught.value.problems] == ["corner-shop/functions/cloud"]


def test_every_rule_is_a_module_a_test_and_a_page():
    modules = {path.stem for path in (ROOT / "src/troth/policy/check").glob("*.py")} - {"__init__", "finding"}
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")}
    assert modules == set(RULES) == {case[0] for case in CASES}
    assert modules <= pages
    for rule in RULES:
        page = (ROOT / "docs/rules" / f"{rule}.md").read_text(encoding="utf-8")
        assert all(f"## {part}" in page for part in ("Avoid", "Prefer", "Why")), rule
