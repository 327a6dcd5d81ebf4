"""A policy as it was written: a flat list of typed clauses, each with its address and position.

What the loader produces, `spec/` reads and the compiler turns into tables. Values only; nothing is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from troth.policy.period import Period
from troth.terms import (
    ActorKind,
    Basis,
    ClauseId,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    Region,
    Role,
    SwitchName,
    Verb,
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a clause stands: file, line and column, both from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What every clause carries. ``stated`` is what the published text says where we enforce otherwise."""

    id: ClauseId
    at: Position = field(compare=False)
    promises: tuple[str, ...] = ()
    stated: str | None = None
    decided_by: str | None = None
    mod: str = "must"
    strength: str | None = None
    lang: str | None = None
    attested: Mapping[str, str] | None = None  # what a maker attaches, for what lies outside software
    waive: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)  # a rule, and why not here


PERMISSION = "permission."
"""What stands before the name of a phone's permission when it is supplied like a need."""
SUPPLIER = "supplier."
"""What stands before the name of a recipient when a device is said to have been supplied by them."""


class Need(StrEnum):
    """What an item is to its function. Of those that are ``either``, one is enough."""

    REQUIRED = "required"
    EITHER = "either"
    OPTIONAL = "optional"
    WHEN_USED = "when_used"


class Starts(StrEnum):
    """When a function may begin: with the acceptance of the policy, or only when asked for."""

    WITH_ACCEPTANCE = "with_acceptance"
    WHEN_CHOSEN = "when_chosen"


class Scope(StrEnum):
    """Whom a switch speaks for."""

    SUBJECT = "subject"
    DEVICE = "device"


class Keep(StrEnum):
    """Whether an admitted item may be stored: ``none`` is use only, ``history`` keeps earlier versions."""

    STORED = "stored"
    HISTORY = "history"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionClause(Clause):
    """A function exists, on this basis, beginning then."""

    function: FunctionName
    basis: Basis
    starts: Starts
    choice: str | None = None  # what the text says; basis and starts are what is enforced
    constraints: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    gives: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemClause(Clause):
    """A function takes an item. An item's own ``basis`` (separate consent) is on top of the function's.

    With a ``permission`` it passes only while the phone grants that; ``only_while``: only while that function
    runs; ``about``: whom it is about, if another.
    """

    function: FunctionName
    item: ItemName
    need: Need
    basis: Basis | None = None
    keep: Keep = Keep.STORED
    permission: str | None = None
    about: Role | None = None
    only_while: FunctionName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedClause(Clause):
    """A function needs something to be there first: a bound camera, a linked cash register."""

    function: FunctionName
    need: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeClause(Clause):
    """A function's items may be handled for this purpose, by these kinds of actor.

    ``only_on``: on no other basis; empty: on whichever the ask rests on.
    """

    function: FunctionName
    purpose: Purpose
    by: frozenset[ActorKind]
    verbs: frozenset[Verb]
    serves: str | None = None
    only_on: frozenset[Basis] = frozenset()
    title: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalClause(Clause):
    """What refusing or withdrawing costs; ``also`` are functions lost with it."""

    function: FunctionName
    effect: str
    also: frozenset[FunctionName] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverAboutClause(Clause):
    """A prohibition: the function never handles data about this role. Beats any permit."""

    function: FunctionName
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedClause(Clause):
    """A prohibition: the item is closed to staff and services for these verbs, unless a listed ground."""

    function: FunctionName
    item: ItemName
    verbs: frozenset[Verb]
    unless: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldClause(Clause):
    """An item outlives the account, for these grounds alone, each with its document."""

    function: FunctionName
    item: ItemName
    opens_for: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchClause(Clause):
    """An on/off of the streams of some functions, by subject or by device.

    With ``items`` it stops only these of them, with ``verbs`` only what is done so; without, everything.
    """

    switch: SwitchName
    functions: frozenset[FunctionName]
    default_on: bool
    scope: Scope
    items: frozenset[ItemName] = frozenset()
    verbs: frozenset[Verb] = frozenset()
    title: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptClause(Clause):
    """A listed ground that stands in for consent, per verb, with the facts it needs."""

    verb: Verb
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyClause(Clause):
    """A legal duty that opens this verb, by its ground."""

    verb: Verb
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInClause(Clause):
    """Where data lies; everywhere else is refused."""

    region: Region


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceClause(Clause):
    """Who may be a subject: under ``minimum_age`` is refused; a minor found later is deleted."""

    minimum_age: int
    found_minor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceClause(Clause):
    """Nothing runs before the text was shown and agreed to."""

    shown_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientClause(Clause):
    """Someone else who may receive these items of a function for this purpose.

    ``only_if_shown`` are items that go only for people who were shown the policy in that language. With
    ``own_devices`` they get only what is about a device that they supplied.
    """

    recipient: str
    function: FunctionName
    items: frozenset[ItemName]
    purpose: Purpose
    kind: str | None = None
    title: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    scope: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    link: str | None = None
    only_if_shown: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    own_devices: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionClause(Clause):
    """How long, from which event, and what happens then. ``keep`` None: no longer than it takes."""

    after: str
    then: str
    keep: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightClause(Clause):
    """A right, how it is reached, and by when it is answered."""

    right: str
    by: tuple[str, ...]
    deadline_days: int | None = None
    irreversible: bool = False
    counted_from: str = "received"
    path: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    parts: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedClause(Clause):
    """Something outside software; ``attested`` names the evidence that the maker attaches. Never *kept*."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy in one version. ``digest`` is the SHA-256 of its canonical form, in hex."""

    name: PolicyName
    version: int
    published: date
    effective: date
    title: Mapping[str, str]
    languages: tuple[str, ...]
    controller: Mapping[str, str]
    clauses: tuple[Clause, ...]
    digest: str
