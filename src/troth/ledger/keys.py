"""The keys of one ledger, in order: who may sign which head.

A key hands over to the next in a text that both sign, so trust in any one of them reaches all of them; from
then on the earlier one signs no larger head. Decides which key a head or a document needs; keeps no secret.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

from troth.ledger import checkpoint
from troth.ledger.checkpoint import Head
from troth.ledger.signing import NOTE, NotGenuine, PublicKey, Signer

_FORM = "troth-ledger-handover/v1"
_EMPTY = ""


@dataclass(frozen=True, slots=True)
class Reign:
    """A key and the size that its heads are larger than; ``handover`` is by the key before, if any."""

    key: PublicKey
    since: int
    handover: str = _EMPTY


def hand_over(before: Signer, after: Signer, size: int) -> str:
    """Return the text by which ``before``, whose last head has ``size``, names ``after``; both sign it."""
    text = _text(before.public, after.public, size)
    lines = [checkpoint.line(each.public, NOTE, each.sign(text.encode())) for each in (before, after)]
    return f"{text}\n{''.join(lines)}"


class Keys:
    """The keys that a verifier accepts. Make it with `only` or `chain`."""

    __slots__ = ("_bounded", "reigns")

    def __init__(self, reigns: Sequence[Reign], *, bounded: bool = True) -> None:
        self.reigns = tuple(reigns)
        self._bounded = bounded  # whether it is known which heads are whose

    @classmethod
    def only(cls, key: PublicKey) -> Keys:
        """Return the one key that is trusted, for heads of any size."""
        return cls((Reign(key, 0),))

    @classmethod
    def chain(cls, trusted: PublicKey, reigns: Sequence[Reign]) -> Keys:
        """Return all ``reigns`` when each was handed over by the one before and ``trusted`` is among them.

        Raises `NotGenuine`. Without any reign only ``trusted`` is accepted.
        """
        if not reigns:
            return cls.only(trusted)
        if trusted not in [reign.key for reign in reigns]:
            raise NotGenuine("the key that you trust is none of this ledger's keys")
        if reigns[0].since or reigns[0].handover:
            raise NotGenuine("the list of keys does not begin with the first key")
        for before, after in pairwise(reigns):
            _check(before, after)
        return cls(reigns)

    def head(self, signed: str) -> Head:
        """Return the head that ``signed`` says; raise `NotGenuine` unless the key of its size signed it."""
        problem = NotGenuine("this head was not signed by the ledger's key")
        for reign, last in zip(self.reigns, [*(r.since for r in self.reigns[1:]), None], strict=True):
            try:
                head = checkpoint.read(signed, reign.key)
            except NotGenuine as exc:
                problem = exc if len(self.reigns) == 1 else problem
                continue
            if self._bounded and (head.size <= reign.since or (last is not None and head.size > last)):
                raise NotGenuine(f"a head over {head.size} entries was not this key's to sign")
            return head
        raise problem

    def read(self, token: str, kind: str) -> Mapping[str, Any]:
        """Return what a JWS by any of the keys says; raise `NotGenuine`. The newest is tried first."""
        problem = NotGenuine(NotGenuine.__doc__)
        for reign in reversed(self.reigns):
            try:
                return reign.key.read(token, kind)
            except NotGenuine as exc:
                problem = exc
        raise problem

    def jwks(self) -> dict[str, object]:
        """Return the keys as a JWK set (RFC 7517); ``vkey`` and ``since`` are ours, for heads."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": "Ed25519",
                    "use": "sig",
                    "kid": reign.key.key_id().hex(),
                    "x": base64.urlsafe_b64encode(reign.key.raw).rstrip(b"=").decode(),
                    "vkey": str(reign.key),
                    "since": reign.since,
                    "handover": reign.handover,
                }
                for reign in self.reigns
            ]
        }


def from_jwks(text: str, name: str | None = None) -> Keys:
    """Read a key set that `Keys.jwks` made, or another with Ed25519 keys of the ledger ``name``.

    All of them are trusted.     Raises `NotGenuine` when there is no usable one.
    """
    try:
        said = json.loads(text)
        listed = cast("list[dict[str, Any]]", said["keys"])
        reigns = [_reign(each, name) for each in listed if each.get("crv") == "Ed25519"]
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error) as exc:
        raise NotGenuine("not a set of keys: it is JSON with a list called keys (RFC 7517)") from exc
    if not reigns:
        raise NotGenuine("there is no Ed25519 key in this set")
    bounded = all("vkey" in each for each in listed)
    return Keys(sorted(reigns, key=lambda reign: reign.since), bounded=bounded)


def _reign(said: Mapping[str, Any], name: str | None) -> Reign:
    if "vkey" in said:
        return Reign(PublicKey.parse(str(said["vkey"])), int(said["since"]), str(said["handover"]))
    packed = str(said["x"])
    raw = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    return Reign(PublicKey(name or "unnamed", raw), 0)


def _text(before: PublicKey, after: PublicKey, size: int) -> str:
    return f"{_FORM}\n{before.name}\n{size}\n{before}\n{after}\n"


def _check(before: Reign, after: Reign) -> None:
    where = f"the handover at {after.since} entries"
    if before.key.name != after.key.name or not before.since < after.since:
        raise NotGenuine(f"{where}: not to a later key of the same ledger")
    text, _, tail = after.handover.rpartition("\n\n")
    text += "\n"
    if text != _text(before.key, after.key, after.since):
        raise NotGenuine(f"{where}: it names other keys or another size")
    found = dict(checkpoint.signatures(tail))
    for key in (before.key, after.key):
        if not key.verifies(found.get((key.name, key.key_id(NOTE)), b""), text.encode()):
            raise NotGenuine(f"{where}: it was not signed by both keys")
