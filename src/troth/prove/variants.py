"""A policy with one clause taken away or turned, under a name of its own, so that many fit in one system.

The check that would refuse such a policy is left out: what matters is whether the proof notices at run time.
Pure; the same policy has the same variants in every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from troth.policy import mutation
from troth.policy.clauses import Clause, Policy
from troth.policy.compile import tables
from troth.policy.compiled import Compiled
from troth.terms import ClauseId, PolicyName

TAKEN_AWAY = "taken away"
_AT_MOST = 6
"""Ways to turn one clause: what six of them do not show, a seventh will not."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One change of one clause; ``name`` is what the policy is called with it, ``how`` what was changed."""

    name: PolicyName
    clause: ClauseId
    how: str
    compiled: Compiled


def variants(compiled: Compiled) -> tuple[Variant, ...]:
    """Return every variant that has a meaning: one without tables (a clause they all hang on) has none."""
    return tuple(_made(compiled.policy))


def _made(policy: Policy) -> Iterator[Variant]:
    for number, clause in enumerate(policy.clauses):
        for way, mutant in enumerate(_ways(policy, clause)):
            name = PolicyName(f"{policy.name}-m{number}x{way}")
            try:
                compiled = tables(replace(mutant.policy, name=name))
            except Exception:  # noqa: BLE001, S112 - a policy without the clause has no meaning at all
                continue
            yield Variant(name, clause.id, mutant.key or TAKEN_AWAY, compiled)


def _ways(policy: Policy, clause: Clause) -> list[mutation.Mutant]:
    return list(mutation.mutants(policy, clause))[:_AT_MOST]
