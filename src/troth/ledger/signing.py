"""The key that speaks for this ledger, and what its public half can check.

Signs texts (heads) and documents as JWS (receipts, certificates). The private key is one file outside the
database; whoever has it can sign, so what it can't do is undo a head that is already in someone's hands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from troth.durable import settle
from troth.terms import TrothError

NOTE = 0x01
"""C2SP signature type: plain Ed25519 over a note's text."""
TIMED = 0x04
"""C2SP signature type: Ed25519 over a time and a note's text."""
_ALG = "Ed25519"  # the fully specified name (RFC 9864); "EdDSA" is deprecated
_NAME = re.compile(r"[!-*,-~]{1,200}")
CURRENT = "ledger.pem"
_NEXT = "ledger.next.pem"
_LONGEST = 100_000  # what the JWS library reads is a little more


class BadKeyFile(TrothError):
    """the ledger's key file is not usable: restore it from the backup of the keyring"""


class NotGenuine(TrothError):
    """this was not signed by the ledger's key"""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What others need to check this ledger: its name (the origin of its heads) and 32 bytes."""

    name: str
    raw: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("a ledger's name is printable ASCII without spaces and '+'")
        Ed25519PublicKey.from_public_bytes(self.raw)

    def key_id(self, kind: int = NOTE) -> bytes:
        """Return the four bytes that name this key in a signature line of ``kind``."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([kind]) + self.raw).digest()[:4]

    def __str__(self) -> str:
        """Return the key as one line, in the form of C2SP verifier keys."""
        packed = base64.b64encode(bytes([NOTE]) + self.raw).decode()
        return f"{self.name}+{self.key_id().hex()}+{packed}"

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read what `str` made; raise `NotGenuine` for anything else."""
        name, _, rest = line.strip().partition("+")
        key_id, _, packed = rest.partition("+")
        try:
            data = base64.b64decode(packed, validate=True)
            key = cls(name, data[1:])
        except (binascii.Error, ValueError) as exc:
            raise NotGenuine("not a ledger's public key: write NAME+ID+KEY on one line") from exc
        if data[:1] != bytes([NOTE]) or key.key_id().hex() != key_id:
            raise NotGenuine("not a ledger's public key: its id does not fit its bytes")
        return key

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether this key's owner signed ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def read(self, token: str, kind: str) -> Mapping[str, Any]:
        """Return what the JWS ``token`` of ``kind`` says; raise `NotGenuine`."""
        jwk = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": _b64url(self.raw)})
        try:
            found = jws.deserialize_compact(token, jwk, algorithms=[_ALG])
            said: object = json.loads(found.payload or b"")
        except (JoseError, ValueError) as exc:
            raise NotGenuine from exc
        if found.headers().get("typ") != kind:
            raise NotGenuine(f"signed by the ledger's key, but not as a {kind}")
        if not isinstance(said, dict):
            raise NotGenuine(f"signed by the ledger's key, but a {kind} is a JSON object")
        return cast("Mapping[str, Any]", said)


class Signer:
    """The private half. ``name`` is the origin of the heads: ``troth/<deployment>``.

    One that was loaded follows its file: once the key is rotated, the new one signs.
    """

    __slots__ = ("_file", "_jwk", "_key", "_public")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._file: tuple[Path, tuple[int, int]] | None = None
        self._take(name, key)

    def _take(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = PublicKey(name, key.public_key().public_bytes_raw())
        self._jwk = OKPKey.import_key(
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": _b64url(self._public.raw),
                "d": _b64url(key.private_bytes_raw()),
            }
        )

    @classmethod
    def load(cls, folder: Path, name: str) -> Self:
        """Read the key in ``folder``, making folder and key when there is none; raise `BadKeyFile`.

        Two processes that start at once agree on one key.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls._at(folder / CURRENT, name)

    @classmethod
    def next(cls, folder: Path, name: str) -> Self:
        """Return the key that comes after the current one, made when there is none; raise `BadKeyFile`."""
        return cls._at(folder / _NEXT, name)

    @classmethod
    def _at(cls, path: Path, name: str) -> Self:
        if not path.exists():
            _create(path)
        made = cls(name, _read(path))
        made._file = (path, _mark(path))
        return made

    @property
    def public(self) -> PublicKey:
        """What others check this signer's work with."""
        self._follow()
        return self._public

    def settle(self, key: PublicKey) -> bool:
        """Be the signer of ``key``, which the log says is the current one; whether that is possible.

        Finishes a rotation that was cut short after the log knew of it. The former key is gone then.
        """
        if self.public == key or self._file is None:
            return self.public == key
        path = self._file[0].with_name(_NEXT)
        if not path.exists() or PublicKey(key.name, _read(path).public_key().public_bytes_raw()) != key:
            return False
        path.replace(self._file[0])
        settle(path.parent)
        return self.public == key

    def _follow(self) -> None:
        if self._file is None:
            return
        path, known = self._file
        try:
            mark = _mark(path)
        except OSError:
            return  # moved away: this process goes on with what it has
        if mark != known:
            self._take(self._public.name, _read(path))
            self._file = (path, mark)

    def sign(self, message: bytes) -> bytes:
        """Return the 64 bytes of an Ed25519 signature."""
        self._follow()
        return self._key.sign(message)

    def token(self, payload: Mapping[str, object], kind: str) -> str:
        """Return ``payload`` as a compact JWS of type ``kind``, so that one kind never passes for another."""
        header = {"alg": _ALG, "kid": self.public.key_id().hex(), "typ": kind}
        text = rfc8785.dumps(cast("dict[str, Any]", dict(payload)))
        if len(text) > _LONGEST:
            raise ValueError(
                f"a {kind} of {len(text)} bytes could not be read back: name long lists by their hash"
            )
        return jws.serialize_compact(header, text, self._jwk, algorithms=[_ALG])


def _read(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise BadKeyFile(
            f"{path}: others than its owner can read it; run chmod 600 on it, then rotate the key"
        )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as exc:
        raise BadKeyFile(f"{path}: {BadKeyFile.__doc__}") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKeyFile(f"{path}: not an Ed25519 key; {BadKeyFile.__doc__}")
    return key


def _mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _create(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, path)  # fails where another process was first: then theirs is the key
        except FileExistsError:
            return
    finally:
        scratch.unlink()
    settle(path.parent)


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
