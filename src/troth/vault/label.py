"""What a ciphertext is bound to, so that none can be put in another's place.

A label is never stored: it is built again from the row that the ciphertext lies in. Every part is preceded by
its length, so that no two labels run together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from struct import Struct
from uuid import UUID

from troth.terms import FunctionName, Permit, PolicyName, SubjectId

PURPOSE = "purpose"
"""The retention class of what is kept as long as its purpose lasts."""
NOTE = "note"
"""The class of what lies in other packages' rows: its key does not end early, as that of readings may."""
HOLD = "hold"
"""The class of what a law wants kept: it opens for that duty alone."""


class Kind(StrEnum):
    """What is sealed."""

    KEY = "key"
    WRAP = "wrap"
    DOCUMENT = "document"
    BLOCK = "block"
    TAGGED = "tagged"
    NOTE = "note"
    PLAN = "plan"
    MEDIA = "media"
    MEDIA_KEY = "media key"
    MEDIA_TOLD = "media told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The associated data of one ciphertext.

    ``function`` and ``retention`` are empty for a document, which several functions share: its wraps carry
    them. ``name`` is an item, a field or a day; ``version`` counts what replaced it, or an epoch.
    """

    kind: Kind
    subject: SubjectId
    record: UUID
    function: str = ""
    retention: str = ""
    name: str = ""
    version: int = 0
    policy_version: int = 0

    def aad(self) -> bytes:
        """Return the label as bytes, the same on every machine."""
        what = Labels.of(self.kind, self.name, self.version, self.policy_version)
        return Labels(self.subject, self.function, self.retention).aad(self.record.bytes, what)


class Labels:
    """The labels of one subject, function and class: what they have in common is put together once."""

    __slots__ = ("_whose",)

    def __init__(self, subject: SubjectId, function: str, retention: str) -> None:
        self._whose = b"".join((_BEGINS, subject.bytes, _text(function), _text(retention), _SIXTEEN))

    def aad(self, record: bytes, what: bytes) -> bytes:
        """Return the label of ``record`` as bytes; ``what`` is what `of` returns."""
        return b"".join((self._whose, record, what))

    @staticmethod
    @lru_cache(maxsize=4096)
    def of(kind: Kind, name: str, version: int, policy_version: int) -> bytes:
        """Return the rest of a label: what is sealed, and which version."""
        return _text(kind.value) + _text(name) + _NUMBERS(8, version, 8, policy_version)


@lru_cache(maxsize=4096)
def _text(text: str) -> bytes:
    said = text.encode()
    return len(said).to_bytes(4, "big") + said


_SIXTEEN = (16).to_bytes(4, "big")
_BEGINS = _text("troth vault 1") + _SIXTEEN
_NUMBERS = Struct(">IQIQ").pack


def function_of(permit: Permit) -> str:
    """Return the permit's function as the vault files it: two policies may use one name."""
    return f"{permit.ask.policy}/{permit.ask.function}"


def named(function: str) -> tuple[PolicyName, FunctionName]:
    """Return the policy and the function that a row of the vault names."""
    policy, _, name = function.partition("/")
    return PolicyName(policy), FunctionName(name)


def retention_of(_permit: Permit) -> str:
    """Return the retention class of documents and tags: single ones have their time as due rows."""
    return PURPOSE


def media_key_label(subject: SubjectId, record: UUID, function: str, retention: str, kek_epoch: int) -> Label:
    """Return what the wrap of an object's key is bound to."""
    return Label(
        kind=Kind.MEDIA_KEY,
        subject=subject,
        record=record,
        function=function,
        retention=retention,
        version=kek_epoch,
    )
