"""Whom tokens lead to, as far as this process has seen: whose rows to lock before devices are looked up.

A token leads to one subject for as long as it leads anywhere: every binding makes a new one. So what is kept
here can be over and never another's; whether it is over, is read under the lock. Decides nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from troth.db import Tx, arrays
from troth.devices.bound import Source
from troth.devices.sql import QUERIES
from troth.terms import SubjectId

MOST = 50_000
"""How many tokens one process keeps: some ten megabytes."""


class _Led(NamedTuple):
    token: str
    subject: SubjectId


class Owners:
    """One process's memory of them, the longest unused given up first."""

    def __init__(self, most: int = MOST) -> None:
        self._known: OrderedDict[str, SubjectId] = OrderedDict()
        self._most = most

    async def of(self, tx: Tx, tokens: Iterable[str]) -> frozenset[SubjectId]:
        """Return the subjects to whom ``tokens`` lead, or led."""
        known = self._known
        found: dict[str, SubjectId] = {}
        new: list[str] = []
        for token in tokens:
            subject = known.get(token)
            if subject is None:
                new.append(token)
            else:
                known.move_to_end(token)
                found[token] = subject
        if new:
            rows = await tx.rows(_Led, QUERIES["led"], {"tokens": arrays.texts(new)})
            found |= {row.token: row.subject for row in rows}
            known |= found
            while len(known) > self._most:
                known.popitem(last=False)
        return frozenset(found.values())

    def forget(self, tokens: Iterable[str], found: Mapping[str, Source]) -> None:
        """Let go of those of ``tokens`` that no device shows any more."""
        for token in tokens:
            if token not in found:
                self._known.pop(token, None)
