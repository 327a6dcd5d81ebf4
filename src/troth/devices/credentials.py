"""What a device proves itself with: an opaque token that names it, and a secret.

Both are random, so a plain hash of the secret is enough: there is no dictionary of 256-bit numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 16
SECRET_BYTES = 32


def new_token() -> str:
    """Return a token: 128 random bits in hex. It says nothing about device or owner."""
    return secrets.token_hex(TOKEN_BYTES)


def new_secret() -> str:
    """Return a secret: 256 random bits in hex."""
    return secrets.token_hex(SECRET_BYTES)


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def proves(secret: str, stored: bytes) -> bool:
    """Return whether ``secret`` is the one whose hash was stored."""
    return hmac.compare_digest(secret_hash(secret), stored)
