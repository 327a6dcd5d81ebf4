"""Whether the parts of a policy fit together. Each rule is a module here, a test and a page of `docs/rules`.

A rule sees the whole policy and yields findings; it changes nothing. An error stops the compiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from troth.policy.check import (
    accepted_before_anything,
    clause_once,
    consent_is_asked,
    every_clause_enforced,
    function_complete,
    functions_known,
    items_declared,
    prohibition_unconditional,
    promises_our_own,
    right_has_deadline,
    said_in_every_language,
    sane_dates,
    stated_is_decided,
    storage_place_named,
)
from troth.policy.clauses import Policy
from troth.policy.problems import Finding

Rule = Callable[[Policy], Iterator[Finding]]

_RULES = (
    accepted_before_anything,
    clause_once,
    consent_is_asked,
    every_clause_enforced,
    function_complete,
    functions_known,
    items_declared,
    prohibition_unconditional,
    promises_our_own,
    right_has_deadline,
    said_in_every_language,
    sane_dates,
    stated_is_decided,
    storage_place_named,
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.RULE: rule.judge for rule in _RULES})


def check(policy: Policy) -> tuple[Finding, ...]:
    """Return what every rule finds, in the order of the file."""
    found = {finding for judge in RULES.values() for finding in judge(policy)}
    return tuple(sorted(found, key=lambda each: (each.problem, each.rule)))
