"""Every way to try a clause, by its type. One family of types a module; none knows a maker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from troth.policy.clauses import Clause
from troth.prove.scenarios import (
    aims,
    arrival,
    cancelling,
    cookies,
    deadlines,
    deletions,
    endings,
    facts,
    functions,
    grounds,
    handling,
    holds,
    incidents,
    items,
    measures,
    minors,
    permissions,
    recipients,
    refusals,
    rights,
    sharing,
    storage,
    switches,
    transport,
    versions,
)
from troth.prove.trial import Scenario

SCENARIOS: Sequence[Scenario] = (
    *arrival.SCENARIOS,
    *functions.SCENARIOS,
    *items.SCENARIOS,
    *recipients.SCENARIOS,
    *switches.SCENARIOS,
    *grounds.SCENARIOS,
    *rights.SCENARIOS,
    *cancelling.SCENARIOS,
    *deadlines.SCENARIOS,
    *handling.SCENARIOS,
    *refusals.SCENARIOS,
    *deletions.SCENARIOS,
    *storage.SCENARIOS,
    *holds.SCENARIOS,
    *minors.SCENARIOS,
    *incidents.SCENARIOS,
    *sharing.SCENARIOS,
    *versions.SCENARIOS,
    *endings.SCENARIOS,
    *permissions.SCENARIOS,
    *measures.SCENARIOS,
    *transport.SCENARIOS,
    *aims.SCENARIOS,
    *cookies.SCENARIOS,
    *facts.SCENARIOS,
)


def by_type() -> Mapping[type[Clause], Sequence[Scenario]]:
    """Return the scenarios for each type of clause."""
    found: dict[type[Clause], list[Scenario]] = {}
    for scenario in SCENARIOS:
        found.setdefault(scenario.of, []).append(scenario)
    return found
