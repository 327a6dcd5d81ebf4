"""The keys that one command trusts: from a file that someone kept, else from the keyring."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from troth.ledger.keys import Keys
    from troth.ledger.signing import PublicKey


def public_key(file: Path | None) -> PublicKey:
    """Return the key. Raises `NotGenuine` for a file that holds none, `BadSetting` where there is none."""
    from troth.app.settings import BadSetting, Settings
    from troth.app.system import SIGNING
    from troth.ledger.signing import PublicKey, Signer

    if file is not None:
        return PublicKey.parse(file.read_text(encoding="utf-8"))
    told = Settings.from_environ(os.environ)
    folder = told.keyring / SIGNING
    if not folder.exists():
        raise BadSetting(
            f"there is no key in {folder}: name a file with the public key, or set TROTH_KEYRING"
        )
    return Signer.load(folder, f"troth/{told.deployment}").public


def trusted(key: Path | None, jwks: Path | None, name: str | None) -> Keys:
    """Return the keys of a key set, or the one key. ``name`` is the log's, where the set doesn't say it."""
    from troth.ledger.keys import Keys, from_jwks

    if jwks is not None:
        return from_jwks(jwks.read_text(encoding="utf-8"), name)
    return Keys.only(public_key(key))
