"""The policies in force, by name and version.

Says which version is current; not which one someone accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from troth.policy.compiled import Compiled
from troth.terms import LEGAL_TIME, PolicyName, TrothError

if TYPE_CHECKING:
    from troth.terms import Clock


class NoSuchPolicy(TrothError):
    """no such policy, or no such version of it, is in force here: publish it first"""


class Policies:
    """A view of ``versions``: what is published later is seen at once, and current from its day on."""

    def __init__(
        self, versions: Mapping[PolicyName, Mapping[int, Compiled]], clock: Clock | None = None
    ) -> None:
        self._versions = versions
        self._clock = clock

    def __contains__(self, name: object) -> bool:
        return bool(name in self._versions)

    def versions(self, name: PolicyName) -> Mapping[int, Compiled]:
        """Return all versions of a policy. Raises `NoSuchPolicy`."""
        versions = self._versions.get(name)
        if not versions:
            raise NoSuchPolicy
        return versions

    def current(self, name: PolicyName) -> Compiled:
        """Return the latest version of a policy whose day has come. Raises `NoSuchPolicy`.

        Without a clock: the latest. Where no day has come, the first.
        """
        versions = self.versions(name)
        if self._clock is None or len(versions) == 1:
            return versions[max(versions)]
        today = self._clock.now().astimezone(LEGAL_TIME).date()
        come = [version for version, each in versions.items() if each.policy.effective <= today]
        return versions[max(come, default=min(versions))]

    def version(self, name: PolicyName, version: int) -> Compiled:
        """Return one version of a policy. Raises `NoSuchPolicy`."""
        found = self._versions.get(name, {}).get(version)
        if found is None or (found.policy.name, found.policy.version) != (name, version):
            raise NoSuchPolicy
        return found

    def all(self) -> tuple[Compiled, ...]:
        """Return every version of every policy."""
        return tuple(each for versions in self._versions.values() for each in versions.values())
