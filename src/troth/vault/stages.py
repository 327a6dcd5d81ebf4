"""The stages of an erasure as data: what follows what, what dates it, which entry is evidence of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from troth.ledger import EntryKind
from troth.terms import SubjectId


class Stage(IntEnum):
    """How far an erasure has come. Each holds only what has been seen to hold."""

    PLANNED = 0  # recipients, return address and objects sealed under a one-off key
    REFUSED = 1  # keys and tags deleted: nothing opens, on any worker
    UNRECOVERABLE = 2  # the epochs that could open old rows are destroyed
    SWEPT = 3  # rows deleted everywhere, and looked for
    TOLD = 4  # recipients told and their acknowledgements in
    CERTIFIED = 5  # certificate signed
    BACKUPS = 6  # beyond the policy's horizon, and no copy of a key left that could open a backup


NEXT: Mapping[Stage, Stage] = {
    Stage.PLANNED: Stage.REFUSED,
    Stage.REFUSED: Stage.UNRECOVERABLE,
    Stage.UNRECOVERABLE: Stage.SWEPT,
    Stage.SWEPT: Stage.TOLD,
    Stage.TOLD: Stage.CERTIFIED,
    Stage.CERTIFIED: Stage.BACKUPS,
}

EVIDENCE: Mapping[Stage, EntryKind] = {
    Stage.PLANNED: EntryKind.ERASURE_PLANNED,
    Stage.REFUSED: EntryKind.ERASURE_REFUSED,
    Stage.UNRECOVERABLE: EntryKind.ERASURE_UNRECOVERABLE,
    Stage.SWEPT: EntryKind.ERASURE_SWEPT,
    Stage.TOLD: EntryKind.ERASURE_TOLD,
    Stage.CERTIFIED: EntryKind.CERTIFICATE,
    Stage.BACKUPS: EntryKind.ERASURE_BACKUPS,
}

CERTIFIABLE = frozenset(stage for stage in Stage if stage <= Stage.CERTIFIED)
"""What a certificate says of. The last stage comes later and has an addendum of its own."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """An erasure as it stands."""

    erasure: UUID
    subject: SubjectId
    stage: int
    planned_at: datetime
    refused_at: datetime | None
    unrecoverable_at: datetime | None
    swept_at: datetime | None
    told_at: datetime | None
    certified_at: datetime | None
    kek_epoch: int | None
    index_epoch: int | None
    plan: bytes | None = field(repr=False)
    plan_ends: datetime
    recipients: int
    evidence: Mapping[str, str]
    removed: Mapping[str, int]
    checked: Mapping[str, int]
    certificate: str | None
    horizon: datetime | None = None
    """When the policy wants backups of this subject out of reach; None: no policy says."""
    backups_at: datetime | None = None
    addendum: str | None = None

    def dates(self) -> Mapping[str, datetime]:
        """Return the moment of every stage reached, by the stage's name."""
        every = {
            Stage.PLANNED: self.planned_at,
            Stage.REFUSED: self.refused_at,
            Stage.UNRECOVERABLE: self.unrecoverable_at,
            Stage.SWEPT: self.swept_at,
            Stage.TOLD: self.told_at,
            Stage.CERTIFIED: self.certified_at,
            Stage.BACKUPS: self.backups_at,
        }
        return {stage.name.lower(): at for stage, at in every.items() if at is not None}
