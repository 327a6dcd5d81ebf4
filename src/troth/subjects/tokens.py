"""Tokens that are shown once and kept as hashes: sessions, staff, one-off links.

A token carries the opaque id of its row's owner before 256 random bits, so that the look-up names the owner
(the distribution key) and needs no index over everyone's hashes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass, field
from uuid import UUID

SECRET_BYTES = 32
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Token:
    """A token in its two forms: the text for its bearer, the hash for the table."""

    owner: UUID
    text: str = field(repr=False)
    hash: bytes = field(repr=False)


def new(owner: UUID) -> Token:
    """Make a token for ``owner``."""
    return _token(owner, secrets.token_bytes(SECRET_BYTES))


def read(text: str) -> Token | None:
    """Read a token as its bearer shows it; None when it cannot be one."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    if len(raw) != _ID_BYTES + SECRET_BYTES:
        return None
    return _token(UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:])


def _token(owner: UUID, secret: bytes) -> Token:
    text = base64.urlsafe_b64encode(owner.bytes + secret).decode("ascii")
    return Token(owner, text, hashlib.sha256(secret).digest())
