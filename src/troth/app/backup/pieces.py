"""Deleting again what people deleted one by one since a backup: the log names it, so whose it was is known.

What was corrected goes too: its new value is lost, and its old one was wrong. What names no row of this
backup came after it, or was another row then; what was removed with it is presumed like the rest (`lost`).
(docs/decisions/0034-what-was-deleted-by-itself.md)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.subjects.acts import on_file
from troth.vault import again, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from troth.app.backup.lost import Lost
    from troth.app.system import System
    from troth.db import Tx
    from troth.terms import Act, SubjectId
    from troth.vault.pieces import Gone


async def owners(system: System, since: Lost) -> Mapping[UUID, SubjectId]:
    """Return whose rows the log names, of those that are here. To be asked before anyone is erased."""
    async with system.db.transaction() as tx:
        return await pieces.owners(tx, [gone.piece for gone, _ in since.gone])


async def delete(system: System, since: Lost, whose: Mapping[UUID, SubjectId]) -> int:
    """Delete it; return how many of the entries there was still something for. Done again, it is the same."""
    done = 0
    for gone, act in since.gone:
        for subject in {whose[one] for one in gone.piece.ids if one in whose}:
            async with system.db.transaction() as tx:
                done += await _delete(tx, system, subject, gone, act)
    return done


async def _delete(tx: Tx, system: System, subject: SubjectId, gone: Gone, act: Act | None) -> bool:
    now = system.clock.now()
    if await ledger.standing(tx, subject, lock=True) is None:  # erased meanwhile
        return False
    await again.delete(tx, system.keyring, subject, gone, now)
    if act is not None and act.item in await on_file(tx, subject, gone.policy, gone.function):
        await ledger.record(tx, subject, replace(act, at=now))
    return True
