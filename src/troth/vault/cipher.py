"""The only place that encrypts: AES-256-GCM with random nonces, bound to a label.

Decides nothing about who may. Callers reach these functions through the module (`cipher.seal`), so that the
proof can put them out of action in a scratch process and see that the byte scan notices.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from troth.vault.errors import Unsealable

if TYPE_CHECKING:
    from cryptography.utils import Buffer

KEY_BYTES = 32
Ready = AESGCM
"""A key-encryption key that is ready to unwrap many keys."""
_NONCE = 12
_TAG = 16
WRAPPED_BYTES = _NONCE + KEY_BYTES + _TAG


def new_key() -> bytes:
    """Return a fresh random 256-bit key."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, aad: bytes, plaintext: bytes) -> bytes:
    """Return nonce, ciphertext and tag of ``plaintext``, bound to ``aad``."""
    return _encrypt(key, aad, plaintext)


def unseal(key: bytes, aad: bytes, sealed: bytes) -> bytes:
    """Return what `seal` was given; raise `Unsealable` when key, label or bytes differ."""
    return _decrypt(key, aad, sealed)


def seal_chunk(key: bytes, aad: bytes, number: int, plaintext: Buffer, *, last: bool) -> bytes:
    """Return chunk ``number`` of a stream with its tag. A key seals one stream, once: nonces are counted."""
    return AESGCM(key).encrypt(_counted(number, last=last), plaintext, aad)


def unseal_chunk(key: bytes, aad: bytes, number: int, sealed: Buffer, *, last: bool) -> bytes:
    """Return what `seal_chunk` was given; raise `Unsealable` when key, label, place or bytes differ."""
    try:
        return AESGCM(key).decrypt(_counted(number, last=last), sealed, aad)
    except InvalidTag:
        raise Unsealable from None


def ready(kek: bytes) -> Ready:
    """Return ``kek`` made ready once, for who unwraps many keys with it."""
    return AESGCM(kek)


def wrap(kek: bytes, aad: bytes, key: bytes) -> bytes:
    """Return ``key`` encrypted by a key-encryption key, bound to ``aad``; always 60 bytes."""
    return _encrypt(kek, aad, key)


def unwrap(kek: bytes | Ready, aad: bytes, wrapped: bytes) -> bytes:
    """Return the key that `wrap` was given; raise `Unsealable` when anything differs."""
    return _decrypt(kek, aad, wrapped)


def _counted(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])


def _encrypt(key: bytes, aad: bytes, plaintext: bytes) -> bytes:
    # Random 96-bit nonces: one key must seal fewer than 2**32 messages. A data key lives for one subject
    # and function; a KEK for one epoch.
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def _decrypt(key: bytes | Ready, aad: bytes, sealed: bytes) -> bytes:
    if len(sealed) < _NONCE + _TAG:
        raise Unsealable
    try:
        return (AESGCM(key) if isinstance(key, bytes) else key).decrypt(sealed[:_NONCE], sealed[_NONCE:], aad)
    except InvalidTag:
        raise Unsealable from None
