"""The farewell plan: what is still needed of a person after everything about them is refused.

Whom to tell, where to send the last word, which objects to delete. Sealed under a key of its own, which lies
in the keyring and ends with the plan. Does not carry the plan out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from troth.terms import SubjectId
from troth.vault import cipher
from troth.vault.blocks import decode_value, encode_value
from troth.vault.errors import KeyDestroyed, PlanLapsed
from troth.vault.keyring import Keyring
from troth.vault.label import Kind, Label

LINK_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """What a plan says. ``recipients`` are names that the policy lists; ``objects`` are opaque."""

    recipients: tuple[str, ...] = ()
    return_address: str | None = field(default=None, repr=False)
    objects: tuple[str, ...] = ()
    language: str = "en"
    link: str | None = field(default=None, repr=False)
    """The one-off link, for the last words to the person; `Erasure.begin` fills it in."""


def new_link() -> str:
    """Return a fresh one-off link token."""
    return secrets.token_urlsafe(LINK_BYTES)


def link_hash(link: str) -> bytes:
    """Return what is stored of a link: 256 random bits need no slow hash."""
    return hashlib.sha256(link.encode()).digest()


def once_more(hashed: bytes) -> bytes:
    """Return what is stored of a link that brought the certificate and will bring the addendum."""
    return hashlib.sha256(b"addendum|" + hashed).digest()


def seal(keyring: Keyring, subject: SubjectId, erasure: UUID, plan: Farewell) -> bytes:
    """Return ``plan`` sealed under the one-off key of ``erasure``, made now."""
    value: Mapping[str, object] = {
        "recipients": list(plan.recipients),
        "return_address": plan.return_address,
        "objects": list(plan.objects),
        "language": plan.language,
        "link": plan.link,
    }
    key = keyring.add_farewell(erasure)
    return cipher.seal(key, _label(subject, erasure).aad(), encode_value(value))


def unseal(keyring: Keyring, subject: SubjectId, erasure: UUID, sealed: bytes) -> Farewell:
    """Return the plan; raise `PlanLapsed` when its key has been destroyed."""
    try:
        key = keyring.farewell(erasure)
    except KeyDestroyed:
        raise PlanLapsed from None
    value = cast(
        "Mapping[str, Any]", decode_value(cipher.unseal(key, _label(subject, erasure).aad(), sealed))
    )
    return Farewell(
        recipients=tuple(value["recipients"]),
        return_address=value["return_address"],
        objects=tuple(value["objects"]),
        language=str(value.get("language", "en")),
        link=value.get("link"),
    )


def _label(subject: SubjectId, erasure: UUID) -> Label:
    return Label(kind=Kind.PLAN, subject=subject, record=erasure)
