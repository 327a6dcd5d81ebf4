"""The broker's question "who is this?" and our signed answer, in its own form of JWT.

Knows the fields of an authorization request and response (NATS ADR-26) and nothing else: who may connect is
decided by `troth.edges.devices.callout`. The question's signature is not checked: the account that it
arrives in has no other member than the broker and this service.

INVARIANT: a device without a function may publish nothing. The broker reads an empty list of allowed
subjects as "all", so that case is written as a denial of everything.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from troth.terms import Discreet, TrothError

_NKEYS: Any = import_module("nkeys")  # ships no types
_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
_VERSION = 2


class Unreadable(TrothError):
    """the broker's authorization request cannot be read: is its version supported?"""


class _Server(msgspec.Struct):
    id: str


class _Client(msgspec.Struct):
    id: int
    type: str = ""
    mqtt_id: str = ""


class _Connect(Discreet, frozen=True):
    user: str = ""
    password: str = msgspec.field(name="pass", default="")

    def __repr__(self) -> str:
        return "_Connect(...)"


class _Asked(msgspec.Struct):
    server_id: _Server
    user_nkey: str
    client_info: _Client
    connect_opts: _Connect


class _Request(msgspec.Struct):
    nats: _Asked


_decoder = msgspec.json.Decoder(_Request)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks to connect, as the broker saw it. The client's address is not read."""

    server: str
    connection: int
    nkey: str
    over: str
    username: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rights:
    """What a connection may do: as whom, in which account, on which subjects, until when (Unix time)."""

    user: str
    account: str
    publish: Sequence[str]
    hear: Sequence[str]
    until: int


def question(request: bytes) -> Question:
    """Read an authorization request. Raises `Unreadable`."""
    try:
        _, body, _ = request.split(b".")
        asked = _decoder.decode(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))).nats
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise Unreadable from error
    return Question(
        server=asked.server_id.id,
        connection=asked.client_info.id,
        nkey=asked.user_nkey,
        over=asked.client_info.type,
        username=asked.connect_opts.user,
        client_id=asked.client_info.mqtt_id,
        secret=asked.connect_opts.password,
    )


class Issuer:
    """The account key that signs answers; the broker's configuration names its public half."""

    def __init__(self, seed: bytes) -> None:
        self._pair = _NKEYS.from_seed(bytearray(seed.strip()))
        self.public: str = self._pair.public_key.decode()

    @classmethod
    def at(cls, path: Path) -> Issuer:
        """Read the seed from a file."""
        return cls(path.read_bytes())

    def allow(self, asked: Question, rights: Rights, at: int) -> bytes:
        """Return the answer that lets the connection in with these rights. ``at`` is Unix time."""
        publish = {"allow": list(rights.publish)} if rights.publish else {"deny": [">"]}
        user = {
            "sub": asked.nkey,
            "aud": rights.account,
            "name": rights.user,
            "exp": rights.until,
            "nats": {
                "type": "user",
                "version": _VERSION,
                "pub": publish,
                "sub": {"allow": list(rights.hear)},
                "subs": -1,
                "data": -1,
                "payload": -1,
                "allowed_connection_types": ["MQTT"],
            },
        }
        return self._respond(asked, {"jwt": self._sign(user, at).decode()}, at)

    def refuse(self, asked: Question, at: int) -> bytes:
        """Return the answer that turns the connection away, without saying why. ``at`` is Unix time."""
        return self._respond(asked, {"error": "refused"}, at)

    def _respond(self, asked: Question, said: Mapping[str, str], at: int) -> bytes:
        response = {"type": "authorization_response", "version": _VERSION, **said}
        return self._sign({"sub": asked.nkey, "aud": asked.server, "nats": response}, at)

    def _sign(self, claims: Mapping[str, object], at: int) -> bytes:
        full = {**claims, "iss": self.public, "iat": at, "jti": ""}
        digest = hashlib.sha256(msgspec.json.encode(full)).digest()
        full["jti"] = base64.b32encode(digest).decode().rstrip("=")
        signed = b".".join(_base64(msgspec.json.encode(part)) for part in (_HEADER, full))
        return signed + b"." + _base64(self._pair.sign(signed))


def _base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
