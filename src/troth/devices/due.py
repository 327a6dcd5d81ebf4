"""Functions that look by themselves, and for whom something came in since they looked. Decides nothing.

A row is added in the transaction that stores, and taken away in the one that has looked: both hold the
subject, so that nothing comes in unseen between the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from troth.db import Tx
from troth.devices.sql import QUERIES
from troth.terms import FunctionName, PolicyName, SubjectId

WATCHING = frozenset({FunctionName("store_guard")})
"""The functions that look by themselves."""


@dataclass(frozen=True, slots=True)
class Due:
    """For whom which function should look, and since when."""

    subject: SubjectId
    policy: PolicyName
    function: FunctionName
    at: datetime


async def note(tx: Tx, found: Iterable[Due]) -> None:
    """Say that there is something to look at. What is said already stays as it is."""
    for each in found:
        row = {"subject": each.subject, "policy": each.policy, "function": each.function, "at": each.at}
        await tx.run(QUERIES["note_due"], row)


async def first(tx: Tx, limit: int) -> list[Due]:
    """Return those who wait longest."""
    return await tx.rows(Due, QUERIES["first_due"], {"limit": limit})


async def done(tx: Tx, each: Due) -> None:
    """Note that it was looked at."""
    where = {"subject": each.subject, "policy": each.policy, "function": each.function}
    await tx.run(QUERIES["done_due"], where)


async def forget(tx: Tx, subject: SubjectId) -> None:
    """Drop what waits for somebody who is gone."""
    await tx.run(QUERIES["forget_due"], {"subject": subject})
