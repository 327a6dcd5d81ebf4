"""What the log calls something that its person deleted or corrected, so that a restore finds it in a backup.

Ids of rows, which say nothing to whoever does not have the rows. Of a reading its block, and a hash in the
place of its own id: that one a device chose, and may have made of anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from troth import ledger
from troth.db import Tx
from troth.ledger import EntryKind, NewEntry
from troth.terms import EntryId, FunctionName, ItemName, Permit, PolicyName, RecordId, SubjectId
from troth.vault.label import function_of
from troth.vault.sql import QUERIES


@dataclass(frozen=True, slots=True)
class Piece:
    """Where something lay. With ``reading`` it is one of its block; with several ids, all of a function."""

    block: UUID | None = None
    reading: str | None = None
    record: UUID | None = None
    media: UUID | None = None

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Return the ids by which its person is found."""
        return tuple(each for each in (self.block, self.record, self.media) if each is not None)

    def said(self) -> dict[str, str | int]:
        """Return the details of an entry."""
        named = {"block": self.block, "reading": self.reading, "record": self.record, "media": self.media}
        return {name: str(value) for name, value in named.items() if value is not None}


def of_reading(block: UUID, reading: UUID) -> Piece:
    """Return what one reading of a block is called."""
    return Piece(block=block, reading=sha256(block.bytes + reading.bytes).hexdigest())


def of_media(record: RecordId) -> Piece:
    """Return what one object of media is called."""
    return Piece(media=record)


async def of_item(tx: Tx, permit: Permit, item: ItemName) -> tuple[Piece, ...]:
    """Return what each document and object of an item is called that the permit's function holds."""
    params = {"subject": permit.ask.subject, "function": function_of(permit), "item": item}
    return tuple(await tx.rows(Piece, QUERIES["pieces_of_item"], params))


async def put_correction_on_record(tx: Tx, permit: Permit, before: tuple[RecordId, int]) -> EntryId:
    """Note that a document was corrected, so that no restore takes the value before for the right one."""
    record, version = before
    entry = NewEntry(
        kind=EntryKind.CORRECTED,
        at=permit.ask.at,
        policy=permit.ask.policy,
        version=permit.version,
        function=permit.ask.function,
        subject=permit.ask.subject,
        details={"record": str(record), "version": version + 1},
    )
    return await ledger.append(tx, entry)


async def of_function(tx: Tx, permit: Permit) -> Piece | None:
    """Return what all that the permit's function holds is called: the oldest of each kind; None: nothing."""
    params = {"subject": permit.ask.subject, "function": function_of(permit)}
    found = await tx.row(Piece, QUERIES["oldest_of_function"], params)
    return found if found is not None and found.ids else None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows have one of the ids."""

    id: UUID
    subject: SubjectId


async def owners(tx: Tx, pieces: Sequence[Piece]) -> Mapping[UUID, SubjectId]:
    """Return whose each id is; of what is not here, nothing. Looks through whole tables: for a restore."""
    ids = sorted({one for piece in pieces for one in piece.ids})
    if not ids:
        return {}
    return {
        row.id: SubjectId(row.subject) for row in await tx.rows(Owner, QUERIES["owners_of"], {"ids": ids})
    }


async def put_on_record(
    tx: Tx, permit: Permit, kind: EntryKind, piece: Piece, *, act: EntryId | None = None, whole: bool = False
) -> EntryId:
    """Note that the permit's function no longer has this; ``act``: the entry of what was removed with it."""
    ask, said = permit.ask, piece.said()
    said |= {"whole": 1} if whole else {}
    said |= {"act": str(act)} if act is not None else {}
    entry = NewEntry(
        kind=kind,
        at=ask.at,
        policy=ask.policy,
        version=permit.version,
        function=ask.function,
        subject=ask.subject,
        details=said,
    )
    return await ledger.append(tx, entry)


@dataclass(frozen=True, slots=True)
class Gone:
    """What a function no longer has, as the log says. ``act``: the entry of what was removed with it."""

    policy: PolicyName
    function: FunctionName
    piece: Piece
    act: str | None
    whole: bool
    """All that the function held, and not the piece alone."""
    version: int | None = None
    """Of a document that was corrected: the first version that is not outdated."""


def gone(said: Mapping[str, Any]) -> Gone | None:
    """Return what the text of an entry says is gone; None: it is about something else."""
    if said["kind"] not in {EntryKind.DELETED, EntryKind.CORRECTED}:
        return None
    details = said["details"]
    found = {name: UUID(details[name]) for name in ("block", "record", "media") if name in details}
    piece = Piece(**found, reading=details.get("reading"))
    function = FunctionName(said["function"])
    act, version = details.get("act"), details.get("version")
    return Gone(PolicyName(said["policy"]), function, piece, act, "whole" in details, version)
