"""Each rule finds what it is for, says so at the place, and has a page."""

# ruff: noqa: E501 - one case, one line
from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from troth.policy.changes import compare
from troth.policy.check import RULES, SOURCES, check
from troth.policy.clauses import AttestedClause, Clause, Position
from troth.policy.compile import compile_policy
from troth.policy.load import PolicyRejected, load
from troth.policy.printed import printed
from troth.policy.problems import Finding, Severity
from troth.policy.text import notice
from troth.terms import ClauseId

ROOT = Path(__file__).parents[2]
GOOD = (ROOT / "tests" / "golden" / "policy" / "good.yaml").read_text(encoding="utf-8")
E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
ON_REFUSAL = "    on_refusal: {effect: service_unavailable, also: [cloud], decided_by: S12}\n"
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
    ("contents_told", E, "stored_in: CN\n", "stored_in: CN\ncontents: {topics: [rights, trackers]}\n",
     "corner-shop/contents"),
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
    ("abroad_complete", W, "stored_in: CN\n", "stored_in: US\n", "corner-shop"),
    ("abroad_complete", E, "stored_in: CN\n",
     "stored_in: CN\ncases: {abroad: {b: {needs: [consent]}}}\n", "corner-shop/cases/abroad/b"),
    ("abroad_complete", W, "stored_in: CN\n",
     "stored_in: CN\ncases: {abroad: {b: {needs: [consent, law]}}}\n", "corner-shop/cases/abroad/b"),
    ("basis_closed_list", W, "exempt: {use: [life]}", "exempt: {use: [stable]}", "corner-shop/exempt/use/stable"),
    ("basis_closed_list", E, "    basis: contract\n", "    basis: contract\n    choice: opt_out\n",
     "corner-shop/functions/register"),
    ("basis_closed_list", N, "    basis: separate_consent\n", "    basis: separate_consent\n    choice: opt_out\n",
     "corner-shop/functions/cloud"),
    ("breach_complete", W, "  regulator: {}\n", "", "corner-shop"),
    ("breach_complete", E, "[situation_and_impact, measures, self", "[measures, self",
     "corner-shop/breach/contents"),
    ("camera_and_face", E, "requires: [phone_number]", "requires: [phone_number, facial_features]",
     "corner-shop/functions/register/requires/facial_features"),
    ("camera_and_face", W, "[{item: network_log, keep: none, lang: zh}]",
     "[{item: facial_features, keep: none, about: bystander}]",
     "corner-shop/functions/cloud/when_used/facial_features"),
    ("cancel_clean", W, "by: [privacy_page], within: 1 day", "by: [phone], within: 1 day",
     "corner-shop/rights/cancel"),
    ("cancel_clean", N, "  - {after: account_cancelled, then: delete}\n", "", "corner-shop"),
    ("change_needs_consent", W, "changes: {less_rights: {by: [push], needs: consent}}\n", "", "corner-shop"),
    ("change_needs_consent", W, "major_changes: [rights]\n", "", "corner-shop"),
    ("change_needs_consent", E, "by: [push], needs: consent", "by: [push]",
     "corner-shop/changes/less_rights"),
    ("children_complete", E, "minimum_age: 18", "minimum_age: 6", "corner-shop/audience"),
    ("children_complete", W, "audience: {minimum_age: 18, found_minor: delete_promptly}\n", "", "corner-shop"),
    ("handler_has_consent", W, ON_REFUSAL, "    recipients:\n      bank: {items: [phone_number], purpose: complete_registration, kind: partner, title: {en: a bank, zh: 银行}}\n" + ON_REFUSAL,
     "corner-shop/functions/register/recipients/bank"),
    ("lists_not_prose", E, "en: an account,", "en: 'an account, etc.',", "corner-shop/functions/register"),
    ("lists_not_prose", E, "zh: 存储视频", "zh: 存储视频等", "corner-shop/functions/cloud/purposes/store_video"),
    ("notice_complete", E, "retention:\n" + RETENTION + "  - {after: account_cancelled, then: delete}\n", "", "corner-shop"),
    ("notice_complete", E, "  reply: {by: [email], within: 15 days, from: received, strength: generally}\n", "",
     "corner-shop"),
    ("personalisation_has_off", E, "requires: [phone_number]", "requires: [phone_number, user_profile]",
     "corner-shop/functions/register"),
    ("profile_explained", W, "requires: [device_serial]", "requires: [device_serial, user_profile]",
     "corner-shop/functions/cloud/requires/user_profile"),
    ("purposes_serve_aims", E, "verbs: [collect, use]}\n    on", "verbs: [collect, use], serves: none}\n    on",
     "corner-shop/functions/register/purposes/complete_registration"),
    ("purposes_serve_aims", W, "stored_in: CN\n", "stored_in: CN\naims: {run: {title: {en: run, zh: 运行}}}\n",
     "corner-shop/functions/register/purposes/complete_registration"),
    ("recipient_complete", W, ", kind: processor", "", "corner-shop/functions/cloud/recipients/repair_partner"),
    ("recipient_complete", N, "stored_in: CN\n", "stored_in: CN\ncases: {share: {p: {to: [partner]}}}\n",
     "corner-shop/cases/share/p"),
    ("refusal_stays_local", E, "on_refusal: no_effect", "on_refusal: service_unavailable",
     "corner-shop/functions/cloud/on_refusal"),
    ("refusal_stays_local", W, ", decided_by: S12", "", "corner-shop/functions/register/on_refusal"),
    ("retention_bounded", E, "after: purpose_ended", "after: collected", "corner-shop"),
    ("retention_bounded", W, RETENTION, "  - {after: purpose_ended, then: delete, keep: 900 days}\n",
     "corner-shop/retention/purpose_ended"),
    ("rights_within_law", W, "  copy: {by: [privacy_page], within: 15 days}\n", "", "corner-shop"),
    ("rights_within_law", W, "rights:\n",
     "deadlines: {d: {of: [complain], within: 3 months, from: received}}\nrights:\n", "corner-shop/deadlines/d"),
    ("rights_within_law", N, "rights:\n",
     "deadlines: {d: {of: [cancel], within: 30 working days, from: received}}\nrights:\n",
     "corner-shop/deadlines/d"),
    ("sensitive_needs_separate", E, "{item: email_address, basis: separate_consent}",
     "{item: email_address, basis: consent}", "corner-shop/functions/register/optional/email_address"),
    ("sensitive_needs_separate", N, "", "", "corner-shop/functions/register/requires/phone_number"),
    ("withdrawal_as_easy", E, "  withdraw: {by: [privacy_page], within: 15 days}\n", "", "corner-shop"),
    ("withdrawal_as_easy", W, "withdraw: {by: [privacy_page]", "withdraw: {by: [phone]",
     "corner-shop/rights/withdraw"),
]  # fmt: skip


def found(text: str) -> tuple[Finding, ...]:
    return check(load(text, "shop.yaml"))


@pytest.mark.parametrize(("rule", "severity", "old", "new", "clause"), CASES)
def test_the_rule_finds_it_at_its_place(rule, severity, old, new, clause):
    assert old in GOOD
    before = {str(each.problem) for each in found(GOOD)} if old else set()
    here = [
        each
        for each in found(GOOD.replace(old, new, 1))
        if (each.rule, each.severity, each.problem.clause) == (rule, severity, clause)
        and (severity != N or str(each.problem) not in before)
    ]
    assert here
    assert here[0].problem.file == "shop.yaml"
    assert str(here[0]).endswith(f"[{severity} {rule}]")


def test_where_nothing_is_shown_by_a_profile_none_is_made():
    """Not even one that the person chose."""
    text = GOOD.replace("requires: [device_serial]", "requires: [device_serial, user_profile]", 1)
    never = "stored_in: CN\nrepurposing: {personalised_display: {needs: never}}\n"
    item = "corner-shop/functions/cloud/requires/user_profile"

    def made(text: str) -> list[Finding]:
        return [each for each in found(text) if each.rule == "personalisation_has_off"]

    assert made(text) == []
    assert [each.problem.clause for each in made(text.replace("stored_in: CN\n", never, 1))] == [item]


STABLE = "exempt: {use: [{ground: stable, waive: {basis_closed_list: faults of the product itself}}]}"


def test_a_waived_finding_is_shown_with_its_reason():
    text = GOOD.replace("exempt: {use: [life]}", STABLE)
    (finding,) = (each for each in found(text) if each.rule == "basis_closed_list" and each.severity is W)
    assert (finding.problem.clause, finding.waived) == (
        "corner-shop/exempt/use/stable",
        "faults of the product itself",
    )
    assert str(finding).endswith("[warning basis_closed_list] waived: faults of the product itself")
    assert not [each for each in found(text) if each.rule == "waiver_needed"]


@pytest.mark.parametrize(
    "waived",
    [
        GOOD.replace("exempt: {use: [life]}", STABLE.replace("stable", "life")),  # nothing is found there
        GOOD.replace("exempt: {use: [life]}", STABLE.replace("basis_closed_list", "no_such_rule")),
        GOOD.replace(  # an error, which no reason waives
            "    on_refusal: no_effect\n",
            "    on_refusal: {effect: service_unavailable, waive: {refusal_stays_local: we like it so}}\n",
        ),
    ],
    ids=["nothing found", "no rule", "an error"],
)
def test_a_waiver_that_waives_nothing_is_a_finding(waived):
    assert [each for each in found(waived) if each.rule == "waiver_needed" and each.severity is W]
    assert not [each for each in found(waived) if each.waived]


@pytest.mark.parametrize("why", ["''", "{}", "[x]", ""])
def test_a_waiver_without_a_reason_does_not_load(why):
    with pytest.raises(PolicyRejected, match="basis_closed_list"):
        load(GOOD.replace("exempt: {use: [life]}", STABLE.replace("faults of the product itself", why)), "s")


def test_a_waiver_is_printed_and_changes_nothing_that_people_are_told():
    text = GOOD.replace("exempt: {use: [life]}", STABLE)
    policy = load(text, "shop.yaml")
    assert load(printed(policy), "shop.yaml").digest == policy.digest
    bare = load(text.replace(", waive: {basis_closed_list: faults of the product itself}", ""), "shop.yaml")
    assert policy.digest != bare.digest
    assert notice(compile_policy(policy), "en").text_hash == notice(compile_policy(bare), "en").text_hash
    assert not compare(compile_policy(bare), compile_policy(policy)).clauses


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
    modules = {path.stem for path in (ROOT / "src/troth/policy/check").glob("*.py")} - {
        "__init__",
        "finding",
        "waiver_needed",
    }
    pages = {path.stem for path in (ROOT / "docs/rules").glob("*.md")}
    assert modules == set(RULES) == {case[0] for case in CASES}
    assert modules <= pages
    for rule in RULES:
        page = (ROOT / "docs/rules" / f"{rule}.md").read_text(encoding="utf-8")
        assert all(f"## {part}" in page for part in ("Avoid", "Prefer", "Why")), rule
        assert all(source in page for source in SOURCES[rule]), rule


def test_eighteen_rules_come_from_the_law():
    assert len([rule for rule, sources in SOURCES.items() if sources]) == 18
