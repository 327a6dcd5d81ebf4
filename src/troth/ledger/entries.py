"""What a ledger entry may say, and its one canonical text.

Decides what is fit for a log that is never erased: ids and closed words, no personal data. The subject
stands in the text only as a salted commitment. Does not store anything.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from troth.terms import (
    Act,
    ActKind,
    ClauseId,
    EntryId,
    FunctionName,
    PolicyName,
    Reason,
    SubjectId,
    TrothError,
)

FORM = 1
"""The form of the text; a later form gets another number, old entries keep theirs."""
SALT_BYTES = 32
_CHANCE = 10
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"[a-z0-9_.:/-]{1,120}")
_CLAUSE = re.compile(r"[A-Za-z0-9_.:/-]{1,120}")  # a region is written in capitals
_OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9a-f]{64}")
# Shapes of personal data that would pass for a word: phone and card numbers, MAC and IP addresses.
_PERSONAL = re.compile(
    r"\d{7}|^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$|^\d{1,3}(\.\d{1,3}){3}$|^[0-9a-f]*:[0-9a-f:]*:[0-9a-f:]*$"
)
_LARGEST = 10**9
_CANONICAL = msgspec.json.Encoder(order="sorted")
"""RFC 8785 for what an entry may hold: ASCII words and integers below 10^9. A test holds it to `rfc8785`."""
DONE = "done"
"""The detail that says when something was done, where that is not when it was put on record."""
_ONLY_OPAQUE = frozenset({"document"})
"""Details that a person writes: a word would do for a name, so they take nothing but an opaque id."""


class UnfitEntry(TrothError):
    """a ledger entry takes ids and closed words only; keep values in the vault and name them by id"""


class EntryKind(StrEnum):
    """What an entry is evidence of. Closed."""

    POLICY_PUBLISHED = "policy_published"
    REGISTERED = "registered"
    SHOWN = "shown"
    ACCEPTED = "accepted"
    ENDED = "ended"
    CHOSEN = "chosen"
    WITHDRAWN = "withdrawn"
    SWITCHED = "switched"
    CONTINUED = "continued"
    DECLARED_ADULT = "declared_adult"
    FOUND_MINOR = "found_minor"
    GUARDIAN_VERIFIED = "guardian_verified"
    GUARDIAN_CONSENTED = "guardian_consented"
    GUARDIAN_WITHDREW = "guardian_withdrew"
    SUPPLIED = "supplied"
    REMOVED = "removed"
    DELETED = "deleted"  # by its person: one thing, or all that a function had
    CORRECTED = "corrected"  # by its person: one reading, or a document
    OUTDATED = "outdated"  # a restore brought back what its person had corrected: deleted, to be given again
    CANCELLED = "cancelled"
    DECISION = "decision"  # the gate said yes
    DENIED = "denied"
    STAFF_READ = "staff_read"
    SHARED = "shared"
    DISCLOSED = "disclosed"
    BOUND = "bound"
    UNBOUND = "unbound"
    REQUEST = "request"
    REQUEST_STEP = "request_step"
    ANSWERED = "answered"
    COPIED = "copied"
    ERASURE_PLANNED = "erasure_planned"
    ERASURE_REFUSED = "erasure_refused"
    ERASURE_UNRECOVERABLE = "erasure_unrecoverable"
    ERASURE_SWEPT = "erasure_swept"
    ERASURE_TOLD = "erasure_told"
    CERTIFICATE = "certificate"
    ACKNOWLEDGED = "acknowledged"
    ERASURE_BACKUPS = "erasure_backups"
    BREACH = "breach"  # each step of handling an incident
    POLICY_CHANGE = "policy_change"
    ENDING = "ending"
    TOLD = "told"  # one person, of a matter
    EVIDENCE = "evidence"  # about a recipient: an agreement, a registration
    HELD = "held"  # a law wants this record
    HOLD_ENDED = "hold_ended"
    TIME_OVER = "time_over"  # something was deleted, or made anonymous, as the policy says
    KEY_ROTATED = "key_rotated"
    KEY_ENDED = "key_ended"  # what a correction or deletion left under it: its epoch's end is the end of that
    STAFF_ADDED = "staff_added"
    STAFF_REMOVED = "staff_removed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """Something to be put on record. ``details`` takes short words, opaque ids and small numbers."""

    kind: EntryKind
    at: datetime
    policy: PolicyName | None = None
    version: int | None = None
    function: FunctionName | None = None
    subject: SubjectId | None = None
    reason: Reason | None = None
    clauses: tuple[ClauseId, ...] = ()
    details: Mapping[str, str | int] = field(default_factory=dict[str, str | int], hash=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the log; ``body`` is the exact text that was hashed."""

    entry: EntryId
    at: datetime
    kind: EntryKind
    body: bytes


def new_id(at: datetime) -> EntryId:
    """Return a new id (RFC 9562, version 7): milliseconds, then random, so that an index grows at its end."""
    return new_ids(at, 1)[0]


def new_ids(at: datetime, n: int) -> list[EntryId]:
    """Return so many new ids of one moment."""
    milliseconds = int(at.timestamp() * 1000) & (1 << 48) - 1
    begins, chance = milliseconds << 80 | 7 << 76, secrets.token_bytes(_CHANCE * n)
    return [
        EntryId(UUID(int=begins | (random >> 62 & 0xFFF) << 64 | random & (1 << 62) - 1 | 2 << 62))
        for place in range(0, len(chance), _CHANCE)
        for random in (int.from_bytes(chance[place : place + _CHANCE], "big"),)
    ]


def commitment(subject: SubjectId, salt: bytes) -> bytes:
    """Return what an entry shows of its subject: without the salt, nothing."""
    return hashlib.sha256(salt + subject.bytes).digest()


def stamp(at: datetime) -> str:
    """Return ``at`` as the one text that entries, receipts and heads use."""
    if at.tzinfo is None:
        raise UnfitEntry("a ledger entry needs an aware time: take it from the clock")
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def body(entry: EntryId, new: NewEntry, committed: bytes | None) -> bytes:
    """Return the canonical text (RFC 8785) of an entry; raise `UnfitEntry` for what may not stand there."""
    _check(new)
    return _text(new, str(entry), stamp(new.at), committed.hex() if committed is not None else None)


class Alike:
    """Entries that differ in id, subject and when it was done alone: what they share is written once.

    ``new`` is one of them; it names no subject, since what it says stands for many. Raises `UnfitEntry`.
    """

    def __init__(self, new: NewEntry) -> None:
        _check(new)
        self._done = DONE in new.details
        if self._done:
            new = replace(new, details={**new.details, DONE: "<done>"})
        # No word has such brackets, and a sorted text has these in this order.
        self._pieces = re.split(b"<[a-z]+>", _text(new, "<entry>", stamp(new.at), "<subject>"))

    def body(self, entry: EntryId, committed: bytes, done: datetime) -> bytes:
        """Return what `body` would; ``done`` counts where they say when what they prove was done."""
        text, which, whose = self._pieces, str(entry).encode(), committed.hex().encode()
        if not self._done:
            return b"".join((text[0], which, text[1], whose, text[2]))
        return b"".join((text[0], _word(done).encode(), text[1], which, text[2], whose, text[3]))


def _text(new: NewEntry, entry: str, at: str, committed: str | None) -> bytes:
    text: dict[str, object] = {"form": FORM, "entry": entry, "at": at, "kind": new.kind.value}
    optional = {
        "policy": new.policy,
        "version": new.version,
        "function": new.function,
        "subject_commitment": committed,
        "reason": new.reason.value if new.reason else None,
        "clauses": sorted(set(new.clauses)) or None,
        "details": dict(new.details) or None,
    }
    text.update({key: value for key, value in optional.items() if value is not None})
    return _CANONICAL.encode(text)


def _check(new: NewEntry) -> None:
    for where, value in {"policy": new.policy, "function": new.function}.items():
        if value is not None and not _WORD.fullmatch(value):
            raise UnfitEntry(f"{where}: not a word of a policy; {UnfitEntry.__doc__}")
    for n, clause in enumerate(new.clauses):
        if not _CLAUSE.fullmatch(clause):
            raise UnfitEntry(f"clause {n}: not the address of a clause; {UnfitEntry.__doc__}")
    for key, value in new.details.items():
        if not _KEY.fullmatch(key):
            raise UnfitEntry(f"a detail's key is not a lower-case word; {UnfitEntry.__doc__}")
        if not _fit(value) or _names(new.subject, str(value)) or _freely_written(key, value):
            raise UnfitEntry(f"detail {key}: {UnfitEntry.__doc__}")


def _word(at: datetime) -> str:
    """Return a time as a detail has it: in small letters, as all words."""
    return stamp(at).lower()


def _names(subject: SubjectId | None, value: str) -> bool:
    return subject is not None and subject.hex in value.replace("-", "")


def _freely_written(key: str, value: str | int) -> bool:
    return key in _ONLY_OPAQUE and not _OPAQUE.fullmatch(str(value))


def _fit(value: str | int) -> bool:
    if isinstance(value, int):
        return abs(value) < _LARGEST
    if _OPAQUE.fullmatch(value):
        return True
    return bool(_WORD.fullmatch(value)) and not _PERSONAL.search(value)


_KIND_OF_ACT = {kind: EntryKind(kind.value) for kind in ActKind if not kind.value.startswith("switched")} | {
    ActKind.SWITCHED_ON: EntryKind.SWITCHED,
    ActKind.SWITCHED_OFF: EntryKind.SWITCHED,
}


def entry_of(act: Act, subject: SubjectId | None, recorded: datetime | None = None) -> NewEntry:
    """Return the entry that is evidence of ``act``: all that the act says, so that the two can't differ.

    What is ``recorded`` at another time than it was done says both: no entry is dated before it was there.
    But the end of a guardian's consent is a child's birthday: only its year goes on record.
    """
    recorded = recorded or act.at
    said: dict[str, str | int | None] = {
        "item": act.item,
        "switch": act.switch,
        "device": str(act.device) if act.device else None,
        "need": act.need,
        "separate": 1 if act.separate else None,
        "language": act.language.lower() if act.language else None,
        "text_hash": act.text_hash,
        "age": act.age,
        "until_year": act.until.year if act.until else None,
        DONE: None if recorded == act.at else _word(act.at),
    }
    if act.kind in (ActKind.SWITCHED_ON, ActKind.SWITCHED_OFF):
        said["state"] = act.kind.value.removeprefix("switched_")
    return NewEntry(
        kind=_KIND_OF_ACT[act.kind],
        at=recorded,
        policy=act.policy,
        version=act.version,
        function=act.function,
        subject=subject,
        details={key: value for key, value in said.items() if value is not None},
    )
