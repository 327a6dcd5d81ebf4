"""Whether the parts of a policy fit together. Each rule is a module here, a test and a page of `docs/rules`.

A rule sees the whole policy and yields findings; it changes nothing. An error stops the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from troth.policy.check import (
    abroad_complete,
    accepted_before_anything,
    basis_closed_list,
    breach_complete,
    camera_and_face,
    cancel_clean,
    change_needs_consent,
    children_complete,
    clause_once,
    consent_is_asked,
    contents_told,
    every_clause_enforced,
    function_complete,
    functions_known,
    handler_has_consent,
    items_declared,
    lists_not_prose,
    notice_complete,
    personalisation_has_off,
    profile_explained,
    prohibition_unconditional,
    promises_our_own,
    purposes_serve_aims,
    recipient_complete,
    refusal_stays_local,
    retention_bounded,
    right_has_deadline,
    rights_within_law,
    said_in_every_language,
    sane_dates,
    sensitive_needs_separate,
    stated_is_decided,
    storage_place_named,
    waiver_needed,
    withdrawal_as_easy,
)
from troth.policy.clauses import Policy
from troth.policy.problems import Finding

Rule = Callable[[Policy], Iterator[Finding]]

_RULES = (
    abroad_complete,
    accepted_before_anything,
    basis_closed_list,
    breach_complete,
    camera_and_face,
    cancel_clean,
    change_needs_consent,
    children_complete,
    clause_once,
    consent_is_asked,
    contents_told,
    every_clause_enforced,
    function_complete,
    functions_known,
    handler_has_consent,
    items_declared,
    lists_not_prose,
    notice_complete,
    personalisation_has_off,
    profile_explained,
    prohibition_unconditional,
    promises_our_own,
    purposes_serve_aims,
    recipient_complete,
    refusal_stays_local,
    retention_bounded,
    right_has_deadline,
    rights_within_law,
    said_in_every_language,
    sane_dates,
    sensitive_needs_separate,
    stated_is_decided,
    storage_place_named,
    withdrawal_as_easy,
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.RULE: rule.judge for rule in _RULES})

SOURCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {rule.RULE: getattr(rule, "SOURCES", ()) for rule in _RULES}
)
"""The laws that a rule comes from, by the ids of the table of laws; empty: our own demand."""


def check(policy: Policy) -> tuple[Finding, ...]:
    """Return what every rule finds, waived or not, in the order of the file."""
    found = {finding for judge in RULES.values() for finding in judge(policy)}
    return tuple(sorted(waiver_needed.settle(policy, found), key=lambda each: (each.problem, each.rule)))
