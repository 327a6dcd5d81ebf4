"""The addendum to a certificate of erasure: when the last key that could open a backup was gone.

Signed and dated like the certificate, which it names by its hash; checkable with the ledger's public key
alone. Decides nothing: whether the time has come is the erasure's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from troth.ledger.keys import Keys
from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.terms import SubjectId
from troth.vault.errors import CertificateBroken
from troth.vault.stages import Erasing

KIND = "troth-erasure-backups+jws"
_FORM = 1
_LIMITS = ("copies of keys that somebody made outside Troth are not known to it",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """What a genuine addendum says. ``certificate``: SHA-256 of the one it belongs to.

    ``horizon``: by when the policy wanted it; ``gone``: when it was seen. Every epoch up to and including
    ``epochs_destroyed`` was then destroyed here and in every copy that was laid apart for a restore.
    """

    erasure: UUID
    subject: SubjectId
    certificate: str
    horizon: datetime
    gone: datetime
    epochs_destroyed: Mapping[str, int]
    limits: tuple[str, ...]
    head: str | None

    def belongs_to(self, certificate: str) -> bool:
        """Return whether this is the addendum to that very certificate."""
        return self.certificate == _digest(certificate)


def sign(signer: Signer, row: Erasing, gone: datetime, *, head: str | None) -> str:
    """Return the addendum of ``row``, which is certified and beyond its horizon, as a compact JWS."""
    if row.certificate is None or row.horizon is None:
        raise CertificateBroken("an addendum needs a certificate and a horizon; neither was signed")
    payload: dict[str, object] = {
        "form": _FORM,
        "erasure": str(row.erasure),
        "subject": str(row.subject),
        "certificate": _digest(row.certificate),
        "horizon": row.horizon.isoformat(),
        "gone": gone.isoformat(),
        "epochs_destroyed": {"kek": row.kek_epoch, "index": row.index_epoch},
        "limits": list(_LIMITS),
        "head": head,
    }
    return signer.token(payload, KIND)


def verify(token: str, key: PublicKey | Keys) -> Addendum:
    """Return what ``token`` says when ``key`` signed it and it is whole; raise `CertificateBroken`."""
    try:
        said = key.read(token, KIND)
    except NotGenuine:
        raise CertificateBroken from None
    try:
        found = _read(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CertificateBroken("signed by this key, but not in the form of an addendum") from None
    if found.gone < found.horizon:
        raise CertificateBroken("signed by this key, but it is dated before its own horizon")
    return found


def _read(said: Mapping[str, Any]) -> Addendum:
    return Addendum(
        erasure=UUID(said["erasure"]),
        subject=SubjectId(UUID(said["subject"])),
        certificate=str(said["certificate"]),
        horizon=datetime.fromisoformat(said["horizon"]),
        gone=datetime.fromisoformat(said["gone"]),
        epochs_destroyed={name: int(number) for name, number in said["epochs_destroyed"].items()},
        limits=tuple(said["limits"]),
        head=said["head"],
    )


def _digest(certificate: str) -> str:
    return hashlib.sha256(certificate.encode()).hexdigest()
