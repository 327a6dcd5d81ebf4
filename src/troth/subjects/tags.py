"""Keyed tags for what must be recognised but not read: a login being guessed at, a six-digit code.

A plain hash of either is a dictionary; the key lies in the keyring, outside the database.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.vault.keyring import EpochKind

if TYPE_CHECKING:
    from troth.vault.keyring import Keyring


class Tagged(StrEnum):
    """What a tag stands for; tags of different kinds never meet."""

    LOGIN = "login"
    SUBJECT = "subject"
    REGISTRATION = "registration"
    KNOWN = "known"
    CODE = "code"
    GUARDIAN = "guardian"


def tag(keyring: Keyring, what: Tagged, *parts: str) -> bytes:
    """Return the tag of ``parts`` under the current index key. A new epoch forgets counts and codes."""
    words = [word.encode(errors="surrogatepass") for word in ("troth subjects 1", what, *parts)]
    text = b"".join(len(word).to_bytes(4, "big") + word for word in words)
    return hmac.new(keyring.current(EpochKind.INDEX).key, text, hashlib.sha256).digest()
