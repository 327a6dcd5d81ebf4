"""Clauses that are not about one function: whom the policy binds, what its words mean, what is done when.

Values only, as `clauses`. Every attribute is a key of the same name in `statement_grammar`; None and an empty
tuple mean that the key is absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from troth.policy.clauses import Clause
from troth.policy.period import Period


def _said() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Clause):
    """What all of these have in common: ``name`` is the last step of the address."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerClause(Statement):
    """Who decides why and how, by language; the parts of the platform."""

    legal_name: Mapping[str, str] = field(default_factory=_said, hash=False)
    postal_address: Mapping[str, str] = field(default_factory=_said, hash=False)
    brand_only: bool | None = None
    includes_affiliates: bool | None = None
    platform: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactClause(Statement):
    """One way to reach the controller; ``name`` says which, ``reaches`` at whose desk it ends."""

    value: str = ""
    reaches: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesClause(Statement):
    """The dates as the text gives them, a day or a month; the head of the policy has those that bind."""

    updated: str = ""
    effective: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeClause(Statement):
    """Whether this policy governs a product: whose, which one, and with a policy of its own or not."""

    of: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    called: Mapping[str, str] = field(default_factory=_said, hash=False)
    """What people call these products, by language; absent: as ``products`` names them."""
    own_policy: bool | None = None
    governs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingClause(Statement):
    """How a doubt about the text is resolved; ``name`` is the aspect."""

    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionClause(Statement):
    """What a term means: the items that fall under it, the functions, the tests that must hold."""

    items: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentClause(Statement):
    """Another document that goes with the policy."""

    title: Mapping[str, str] = field(default_factory=_said, hash=False)
    agreed: bool | None = None
    defines_terms: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsClause(Statement):
    """Topics that the text announces."""

    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmphasisClause(Statement):
    """What stands out wherever the policy is shown."""

    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinciplesClause(Statement):
    """Principles that the policy is checked against."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicNoticeClause(Statement):
    """A notice of someone else, shown with the policy and apart from its promises."""

    title: Mapping[str, str] = field(default_factory=_said, hash=False)
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LawClause(Statement):
    """A law that the text relies upon, and in which matters."""

    title: Mapping[str, str] = field(default_factory=_said, hash=False)
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AimClause(Statement):
    """What all purposes serve in the end; a purpose says which aim it serves."""

    title: Mapping[str, str] = field(default_factory=_said, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepurposeClause(Statement):
    """Whether a use beyond the purpose of collection needs consent first."""

    needs: str = ""
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionClause(Statement):
    """A permission of the phone that may be asked for, and the items that come through it alone."""

    number: int | None = None
    title: Mapping[str, str] = field(default_factory=_said, hash=False)
    android: str | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerClause(Statement):
    """A way to recognise people again: who sets it, its uses, what it holds, how it is kept away, its end."""

    techs: tuple[str, ...] = ()
    set_by: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    only_stated: bool | None = None
    items: tuple[str, ...] = ()
    encrypted: bool | None = None
    manage: tuple[str, ...] = ()
    link: str | None = None
    costs: tuple[str, ...] = ()
    stopped_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClause(Statement):
    """A case in which an act is allowed, and all that must be on record. ``always`` holds for every case."""

    act: str = ""
    needs: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    purpose: Mapping[str, str] = field(default_factory=_said, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineClause(Statement):
    """By when something is done for these rights. Of several that run, the earliest binds."""

    of: tuple[str, ...] = ()
    within: Period | None = None
    at_most: Period | None = None
    counted_from: str = ""
    revocable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteGroundClause(Statement):
    """A ground on which a person may have data deleted, and what happens besides."""

    stop_at_once: bool | None = None
    tell_recipients: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseGroundClause(Statement):
    """A ground on which a request need not be met, with the facts on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClause(Statement):
    """What holds for every request."""

    grounds: tuple[str, ...] = ()
    regulators: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionClause(Statement):
    """A measure that software keeps."""

    items: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldClause(Statement):
    """Records that a law wants kept for so long from an event: each by itself, opened only for that duty.

    The period is the law's minimum and our maximum: with it the record dies.
    """

    items: tuple[str, ...] = ()
    keep: Period | None = None
    counted_from: str = ""
    bound: str = ""
    per: str = ""
    opens_for: str = ""
    survives: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedHoldClause(Statement):
    """Whatever a function holds may be kept from its deletion on an authority's order, until its day."""

    grounds: tuple[str, ...] = ()
    per: str = ""
    opens_for: str = ""
    survives: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupClause(Statement):
    """How long deleted data may live on in backups."""

    within: Period | None = None
    restore_repeats_deletions: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachClause(Statement):
    """One duty after a breach."""

    parts: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    within: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorClause(Statement):
    """A rule about people under age; ``inclusive``: up to and with that age.

    ``only_on``: what use of their data may rest on, if it is limited.
    """

    age: int | None = None
    inclusive: bool | None = None
    only_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeClause(Statement):
    """What holds when the policy changes."""

    by: tuple[str, ...] = ()
    shown_at: tuple[str, ...] = ()
    needs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MajorChangeClause(Statement):
    """A matter that makes a change a major one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CessationClause(Statement):
    """What is done when the service ends."""

    by: tuple[str, ...] = ()
    within: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDutyClause(Statement):
    """What the text asks of the person, and what we do about it."""

    response: str = ""
