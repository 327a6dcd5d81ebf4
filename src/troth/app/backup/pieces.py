"""Deleting again what people deleted one by one since a backup: the log names it, so whose it was is known.

What was corrected goes too: its new value is lost, and its old one was wrong. Of a document that is put on
record about its person, who has to give it again. What names no row of this backup came after it, or was
another row then; what was removed with it is presumed like the rest (`lost`).
(docs/decisions/0034-what-was-deleted-by-itself.md, docs/decisions/0039-what-was-corrected.md)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.ledger import EntryKind, NewEntry
from troth.subjects import needs
from troth.subjects.acts import on_file
from troth.terms import Act, ActKind, ItemName
from troth.vault import again, pieces
from troth.vault.label import named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from troth.app.backup.lost import Lost
    from troth.app.system import System
    from troth.db import Tx
    from troth.terms import SubjectId
    from troth.vault.pieces import Gone


async def owners(system: System, since: Lost) -> Mapping[UUID, SubjectId]:
    """Return whose rows the log names, of those that are here. To be asked before anyone is erased."""
    async with system.db.transaction() as tx:
        return await pieces.owners(tx, [gone.piece for gone, _ in since.gone])


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many of the entries there was still something for; how many documents, by item, were outdated."""

    pieces: int
    outdated: Mapping[ItemName, int]


async def delete(system: System, since: Lost, whose: Mapping[UUID, SubjectId]) -> Deleted:
    """Delete it; return how much. Done again, it is the same."""
    done, outdated = 0, Counter[ItemName]()
    for gone, act in since.gone:
        for subject in {whose[one] for one in gone.piece.ids if one in whose}:
            async with system.db.transaction() as tx:
                if gone.version is None or gone.piece.record is None:
                    done += await _delete(tx, system, subject, gone, act)
                else:
                    record = gone.piece.record, gone.version
                    outdated.update(await _delete_outdated(tx, system, subject, record))
    return Deleted(done, dict(sorted(outdated.items())))


async def _delete(tx: Tx, system: System, subject: SubjectId, gone: Gone, act: Act | None) -> bool:
    now = system.clock.now()
    standing = await ledger.standing(tx, subject, lock=True)
    if standing is None:  # erased meanwhile
        return False
    await again.delete(tx, system.keyring, subject, gone, now)
    item = None if act is None else act.item
    if act is not None and item in await on_file(tx, subject, gone.policy, gone.function):
        await ledger.record(tx, subject, replace(act, at=now))
    if item is not None:
        compiled = await system.desk.accepted(tx, subject, gone.policy)
        await needs.lapse(tx, standing, compiled, item, now)
    return True


async def _delete_outdated(
    tx: Tx, system: System, subject: SubjectId, record: tuple[UUID, int]
) -> frozenset[ItemName]:
    """Delete a document's earlier value for every function; each is told to be without it."""
    now = system.clock.now()
    if await ledger.standing(tx, subject, lock=True) is None:  # erased meanwhile
        return frozenset()
    held = await again.delete_outdated(tx, subject, *record, now)
    for each in held:
        policy, function, item = *named(each.function), ItemName(each.item)
        if item in await on_file(tx, subject, policy, function):
            gone = Act(kind=ActKind.REMOVED, policy=policy, at=now, function=function, item=item)
            await ledger.record(tx, subject, gone)
        entry = NewEntry(
            kind=EntryKind.OUTDATED,
            at=now,
            policy=policy,
            function=function,
            subject=subject,
            details={"item": item},
        )
        await ledger.append(tx, entry)
    return frozenset(ItemName(each.item) for each in held)
