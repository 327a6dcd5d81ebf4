"""Doors to the versions of a policy: which there are to read, and what one changed. About no person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.app.looks import ClauseChange, VersionLine
from troth.gate import NoSuchPolicy
from troth.policy.difference import difference
from troth.policy.words import Language

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.terms import PolicyName


class VersionDoors(Doors):
    """Anyone may ask these."""

    async def versions(self, name: PolicyName) -> tuple[VersionLine, ...]:
        """Return the versions that may be read, the newest first. Raises `NoSuchPolicy`."""
        current = self._system.gate.policies.current(name).policy.version
        return tuple(
            VersionLine(
                each.policy.version,
                each.policy.published,
                each.policy.effective,
                each.policy.version == current,
            )
            for each in reversed(await self._readable(name))
        )

    async def what_changed(
        self, name: PolicyName, version: int, language: str
    ) -> tuple[ClauseChange, ...] | None:
        """Return how a version differs from the one before it that may be read; None: there is none before.

        Only what people are told of. Raises `NoSuchPolicy`.
        """
        readable = await self._readable(name)
        after = next((each for each in readable if each.policy.version == version), None)
        if after is None:
            raise NoSuchPolicy
        before = next((each for each in reversed(readable) if each.policy.version < version), None)
        if before is None:
            return None
        told = Language(language)
        lines = (
            ClauseChange(
                each.clause, each.how.value, each.lessens, each.before.get(told, ()), each.after.get(told, ())
            )
            for each in difference(before, after).clauses
        )
        return tuple(line for line in lines if line.before != line.after)

    async def _readable(self, name: PolicyName) -> tuple[Compiled, ...]:
        async with self._open() as tx:
            found = [
                await self._system.changes.readable(tx, name, version)
                for version in sorted(self._system.gate.policies.versions(name))
            ]
        return tuple(each for each in found if each is not None)
