"""The nouns of Troth: plain values that every package shares.

Decides nothing, reads nothing, imports nothing of ours. A word means the same here as in the tables,
the API and the pages (`docs/reference/words.md`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import NewType, Protocol
from uuid import UUID

from msgspec import Struct

SubjectId = NewType("SubjectId", UUID)
"""An opaque, random id; who it belongs to is a value in the vault."""
EntryId = NewType("EntryId", UUID)
RecordId = NewType("RecordId", UUID)
ItemName = NewType("ItemName", str)
FunctionName = NewType("FunctionName", str)
SwitchName = NewType("SwitchName", str)
PolicyName = NewType("PolicyName", str)
Purpose = NewType("Purpose", str)
Region = NewType("Region", str)
"""An ISO 3166-1 alpha-2 country code, in capitals."""
ClauseId = NewType("ClauseId", str)
"""Address of a clause: ``sunmi-camera/functions/bind/requires/mac_address``."""
DeviceId = NewType("DeviceId", UUID)


LEGAL_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The law's clock. China has had one offset and no summer time since 1991; no time-zone file is needed."""


class TrothError(Exception):
    """something that Troth refuses or cannot do"""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class Clock(Protocol):
    """The one source of time. Legal time is computed from it, never from SQL."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class Verb(StrEnum):
    """The five ways in and out."""

    COLLECT = "collect"
    USE = "use"
    SHARE = "share"
    DISCLOSE = "disclose"
    FORGET = "forget"


class Basis(StrEnum):
    """Why an item may be handled at all (PIPL Art. 13; own right: Arts. 44-47)."""

    CONTRACT = "contract"
    CONSENT = "consent"
    SEPARATE_CONSENT = "separate_consent"
    LEGAL_DUTY = "legal_duty"
    EXEMPTION = "exemption"
    OWN_RIGHT = "own_right"


class ActorKind(StrEnum):
    """Who asks."""

    SUBJECT = "subject"
    DEVICE = "device"
    STAFF = "staff"
    SERVICE = "service"


class Role(StrEnum):
    """What the subject is to the function. Only a holder has an account and a standing."""

    HOLDER = "holder"
    CHILD = "child"
    GUARDIAN = "guardian"
    GUEST = "guest"
    INVITEE = "invitee"
    BYSTANDER = "bystander"
    APPLICANT = "applicant"
    CALLER = "caller"


class Age(StrEnum):
    """Age class, from an assertion that is itself not stored."""

    ADULT = "adult"
    MINOR = "minor"
    UNKNOWN = "unknown"


class Discreet(Struct, frozen=True):
    """A struct with something in it that is not to be read off it: its ``__repr__`` leaves that out.

    Every struct tells Rich all it has, whatever its ``__repr__``; of these, nothing.
    """

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class Actor(Struct, frozen=True, array_like=True):
    """Who asks: a kind and an opaque id, never a name."""

    kind: ActorKind
    id: str


@dataclass(frozen=True, slots=True)
class Reference:
    """What an exceptional basis rests on: a listed ground and the opaque id of the attached document."""

    ground: str
    document: str


@dataclass(frozen=True, slots=True)
class Beyond:
    """An act beyond the function in a case that the policy lists: towards a kind of receiver, on facts.

    ``facts`` are the conditions that are on record; who asks the gate has looked them up.
    """

    act: str
    case: str
    receiver: str
    facts: frozenset[str] = frozenset()


class Ask(Struct, frozen=True, array_like=True, kw_only=True):
    """One question to the gate.

    ``at`` is when it is asked; ``measured`` when the value came into being (None: the same moment).
    ``basis`` is None for the function's own basis; another basis needs a ``reference``. ``unfit`` are
    those of ``items`` whose value, as handed in, does not have the form of its item (`troth.policy.forms`).
    With ``beyond`` something is given away in a listed case instead of for a purpose of the function.
    """

    verb: Verb
    policy: PolicyName
    function: FunctionName
    items: frozenset[ItemName]
    purpose: Purpose
    subject: SubjectId
    actor: Actor
    region: Region
    at: datetime
    measured: datetime | None = None
    role: Role = Role.HOLDER
    device: DeviceId | None = None
    basis: Basis | None = None
    reference: Reference | None = None
    recipient: str | None = None
    unfit: frozenset[ItemName] = frozenset()
    beyond: Beyond | None = None


class Reason(StrEnum):
    """Why the gate said no, or dropped an item. Closed: a new reason needs a case in `spec/gate.py`."""

    UNKNOWN_POLICY = "unknown_policy"
    UNKNOWN_FUNCTION = "unknown_function"
    NOT_ACCEPTED = "not_accepted"
    ACCEPTANCE_ENDED = "acceptance_ended"
    CANCELLED = "cancelled"
    UNDERAGE = "underage"
    AGE_UNKNOWN = "age_unknown"
    GUARDIAN_MISSING = "guardian_missing"
    RENEWAL_DUE = "renewal_due"
    ROLE_FORBIDDEN = "role_forbidden"
    PURPOSE_UNDECLARED = "purpose_undeclared"
    NOT_CHOSEN = "not_chosen"
    WITHDRAWN = "withdrawn"
    BASIS_UNLISTED = "basis_unlisted"
    REFERENCE_MISSING = "reference_missing"
    SWITCHED_OFF = "switched_off"
    MEASURED_IN_FUTURE = "measured_in_future"
    NEED_MISSING = "need_missing"
    ITEM_UNDECLARED = "item_undeclared"
    ITEM_NOT_CHOSEN = "item_not_chosen"
    ITEM_MALFORMED = "item_malformed"
    REQUIRED_ITEM_MISSING = "required_item_missing"
    ACTOR_FORBIDDEN = "actor_forbidden"
    RECIPIENT_UNLISTED = "recipient_unlisted"
    CASE_UNLISTED = "case_unlisted"
    CONDITION_MISSING = "condition_missing"
    REGION_FORBIDDEN = "region_forbidden"
    CLOSED_TO_CONTROLLER = "closed_to_controller"
    ERROR = "error_while_deciding"


@dataclass(frozen=True, slots=True)
class Dropped:
    """One item that did not get through, why, and by which clause (None: nothing declares it)."""

    item: ItemName
    reason: Reason
    clause: ClauseId | None


@dataclass(frozen=True, slots=True)
class Allow:
    """Yes, for these items only. ``because`` names exactly the clauses that decided.

    ``unkept`` are those of ``items`` that may be used and not kept: nobody stores them.
    """

    items: frozenset[ItemName]
    dropped: frozenset[Dropped]
    because: frozenset[ClauseId]
    unkept: frozenset[ItemName] = frozenset()


@dataclass(frozen=True, slots=True)
class Deny:
    """No, with the one reason that came first, the clauses behind it and the stated effect of refusing."""

    reason: Reason
    because: frozenset[ClauseId]
    effect: str | None = None


Decision = Allow | Deny


class Denied(TrothError):
    """no clause of the policy allows this"""

    def __init__(self, decision: Deny, entry: EntryId | None = None) -> None:
        clauses = ", ".join(sorted(decision.because)) or "no clause allows it"
        super().__init__(f"denied: {decision.reason.value} ({clauses})")
        self.decision = decision
        self.entry = entry


class ActKind(StrEnum):
    """What a subject, or the law, did to their own standing."""

    SHOWN = "shown"  # the text was put before them
    ACCEPTED = "accepted"
    ENDED = "ended"  # acceptance taken back: who disagrees stops using at once
    CHOSEN = "chosen"  # a function (or one optional item of it) asked for, or consent given
    WITHDRAWN = "withdrawn"
    SWITCHED_ON = "switched_on"
    SWITCHED_OFF = "switched_off"
    CONTINUED = "continued"  # went on after another version was shown: never widens what was accepted
    DECLARED_ADULT = "declared_adult"  # of the age that the policy asks for, or of ``age``
    FOUND_MINOR = "found_minor"
    GUARDIAN_VERIFIED = "guardian_verified"  # who speaks for this child was proven
    GUARDIAN_CONSENTED = "guardian_consented"  # and agreed to the text, until the child comes of age
    GUARDIAN_WITHDREW = "guardian_withdrew"
    SUPPLIED = "supplied"  # a need of a function is met: store, cash_register
    REMOVED = "removed"  # that need is no longer met
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One step in a subject's standing. ``version``, ``language`` and ``text_hash`` say what they saw.

    ``age`` is the age that was declared; ``until`` the end that a guardian's consent has from the start.
    """

    kind: ActKind
    policy: PolicyName
    at: datetime
    version: int | None = None
    function: FunctionName | None = None
    item: ItemName | None = None
    switch: SwitchName | None = None
    device: DeviceId | None = None
    need: str | None = None
    separate: bool = False
    language: str | None = None
    text_hash: str | None = None
    age: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about a subject that a decision needs, as a history: oldest act first, in commit order."""

    subject: SubjectId
    acts: tuple[Act, ...] = ()


class Permit(Discreet, frozen=True):
    """The gate's yes, as a value that the vault demands. Only `troth.gate._mint` can make a genuine one."""

    ask: Ask
    allow: Allow
    version: int
    lapses: datetime
    entry: EntryId | None
    tag: bytes

    def __repr__(self) -> str:
        return f"Permit({self.ask!r}, {self.allow!r}, entry={self.entry!r})"  # never its tag


@dataclass(frozen=True, slots=True)
class Reading:
    """One event as a device or an app reported it. ``id`` is the sender's, so that a resend is known."""

    id: UUID
    item: ItemName
    measured: datetime
    value: Mapping[str, object] = field(repr=False, hash=False)
