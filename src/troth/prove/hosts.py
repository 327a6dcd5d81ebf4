"""Where one gets an account for a policy that opens none: under another policy of the same maker.

Some policies are agreed to by who has an account already. In a trial that account is opened under the first
policy, by name, of the same controller that opens one. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from troth.subjects.names import REGISTER

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.terms import PolicyName


def hosts(proved: Iterable[Compiled], others: Iterable[Compiled]) -> Mapping[PolicyName, Compiled]:
    """Return the policy to open an account under, for each of those ``proved`` that opens none."""
    known = [*proved]
    openers = sorted((each for each in (*known, *others) if opens(each)), key=lambda each: each.policy.name)
    found: dict[PolicyName, Compiled] = {}
    for guest in known:
        near = [host for host in openers if _maker(host) == _maker(guest)]
        if near and not opens(guest):
            found[guest.policy.name] = near[0]
    return found


def opens(compiled: Compiled) -> bool:
    """Return whether accounts are opened under a policy."""
    return REGISTER in compiled.functions


def _maker(compiled: Compiled) -> str | None:
    return compiled.policy.controller.get("name")
