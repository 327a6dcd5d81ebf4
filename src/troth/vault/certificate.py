"""The certificate of an erasure: what was done and when, checkable with the ledger's public key alone.

It says what was seen, stage by stage, and what it does not cover. Decides nothing about the erasure itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from troth.ledger.keys import Keys
from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.terms import SubjectId
from troth.vault.errors import CertificateBroken
from troth.vault.stages import CERTIFIABLE, Erasing, Stage

KIND = "troth-erasure+jws"
_FORM = 1
_LIMITS = (
    "backups made before 'unrecoverable' open with the epoch keys of their day, as long as those are kept",
    "the ledger keeps entries that no longer lead to the person",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a genuine certificate says. ``checked``: rows found in each place that was searched, all 0.

    ``held``: records that a law wants kept, which open for that duty alone, the last until ``held_until``.
    ``horizon``: from when on no backup is to open; an addendum says that it is so. None: no policy says when.
    """

    erasure: UUID
    subject: SubjectId
    stages: Mapping[str, datetime]
    evidence: Mapping[str, UUID]
    epochs_destroyed: Mapping[str, int]
    removed: Mapping[str, int]
    checked: Mapping[str, int]
    recipients: Mapping[str, datetime]
    limits: tuple[str, ...]
    head: str | None
    held: int = 0
    held_until: datetime | None = None
    horizon: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What a law keeps back from the erasure: how many records, until when the last of them."""

    records: int
    until: datetime | None


def sign(
    signer: Signer,
    row: Erasing,
    certified: datetime,
    recipients: Mapping[str, datetime],
    *,
    head: str | None,
    held: HeldBack,
    horizon: datetime | None = None,
) -> str:
    """Return the certificate of ``row``, whose other stages are all reached, as a compact JWS."""
    stages = dict(row.dates()) | {Stage.CERTIFIED.name.lower(): certified}
    payload: dict[str, object] = {
        "form": _FORM,
        "erasure": str(row.erasure),
        "subject": str(row.subject),
        "stages": {name: at.isoformat() for name, at in stages.items()},
        "evidence": dict(row.evidence),
        # Every epoch up to and including these is destroyed.
        "epochs_destroyed": {"kek": row.kek_epoch, "index": row.index_epoch},
        "removed": dict(row.removed),
        "checked": dict(row.checked),
        "recipients": {name: at.isoformat() for name, at in recipients.items()},
        "farewell_key_ends": row.plan_ends.isoformat(),
        "limits": list(_LIMITS),
        "head": head,
        "horizon": horizon and horizon.isoformat(),
        "held": {"records": held.records, "until": held.until and held.until.isoformat()},
    }
    return signer.token(payload, KIND)


def verify(token: str, key: PublicKey | Keys) -> Certificate:
    """Return what ``token`` says when ``key`` signed it and it is whole; raise `CertificateBroken`."""
    try:
        said = key.read(token, KIND)
    except NotGenuine:
        raise CertificateBroken from None
    try:
        found = _read(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CertificateBroken("signed by this key, but not in the form of a certificate") from None
    if set(found.stages) != {stage.name.lower() for stage in CERTIFIABLE} or any(found.checked.values()):
        raise CertificateBroken("signed by this key, but it does not say that everything is gone")
    return found


def _read(said: Mapping[str, Any]) -> Certificate:
    return Certificate(
        erasure=UUID(said["erasure"]),
        subject=SubjectId(UUID(said["subject"])),
        stages={name: datetime.fromisoformat(at) for name, at in said["stages"].items()},
        evidence={name: UUID(entry) for name, entry in said["evidence"].items()},
        epochs_destroyed={name: int(number) for name, number in said["epochs_destroyed"].items()},
        removed={name: int(rows) for name, rows in said["removed"].items()},
        checked={name: int(rows) for name, rows in said["checked"].items()},
        recipients={name: datetime.fromisoformat(at) for name, at in said["recipients"].items()},
        limits=tuple(said["limits"]),
        head=said["head"],
        held=int(said["held"]["records"]),
        held_until=datetime.fromisoformat(until) if (until := said["held"]["until"]) else None,
        # Certificates from before there was a sixth stage name none.
        horizon=datetime.fromisoformat(ends) if (ends := said.get("horizon")) else None,
    )
