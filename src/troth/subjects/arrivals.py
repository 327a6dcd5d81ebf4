"""A person of another system, as a file tells of them: what is known of their will, and what that amounts to.

Pure. A consent counts only when its text is one that we had: that version, that language, that hash. Of a
person whose acceptance is unknown nothing may be stored; an unknown choice is left out, and so is a no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, cast

from msgspec import structs

from troth.gate.versions import answer
from troth.policy.text import notice
from troth.policy.values import VALUES
from troth.subjects.asking import Asking
from troth.subjects.choices import NotAChoice, choosable
from troth.subjects.contact import BadEmail, BadPhone, email_address, phone_number
from troth.subjects.names import EMAIL, PASSWORD, PHONE, REGISTER, VERIFICATION_CODE
from troth.subjects.registration import login_items
from troth.terms import (
    LEGAL_TIME,
    Act,
    ActKind,
    Ask,
    Deny,
    FunctionName,
    ItemName,
    PolicyName,
    Standing,
    SubjectId,
    TrothError,
    Verb,
)

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.terms import Region

_KNOWN = frozenset({"phone", "email", "items", "adult", "accepted", "chosen"})
_LATER = frozenset({PASSWORD, VERIFICATION_CODE})
"""What registering takes and nobody brings along: none is on file until they sign in by code and give it."""
_ELSEWHERE = frozenset({PHONE, EMAIL}) | _LATER
"""What is never among the further items of a row."""


class Fault(StrEnum):
    """Why a row, or a choice in it, is not stored. Beside these: every reason that the gate has."""

    MALFORMED = "malformed"
    BAD_PHONE = "bad_phone"
    BAD_EMAIL = "bad_email"
    NO_LOGIN = "no_login"
    DUPLICATE = "duplicate"
    ACCEPTANCE_UNKNOWN = "acceptance_unknown"
    CHOICE_UNKNOWN = "choice_unknown"
    CHOICE_UNLISTED = "choice_unlisted"
    CHOICE_BEFORE_ACCEPTANCE = "choice_before_acceptance"


class Refused(TrothError):
    """this row is not stored: see the reason"""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Someone who may be stored: their acts, what is kept of them, and what they sign in with."""

    subject: SubjectId
    language: str
    acts: tuple[Act, ...]
    ask: Ask
    values: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    logins: Mapping[ItemName, str] = field(repr=False)
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Desk:
    """Reads rows for one policy at one moment."""

    policy: PolicyName
    versions: Mapping[int, Compiled]
    region: Region
    now: datetime

    def read(self, row: object, subject: SubjectId) -> Newcomer:
        """Return who ``row`` tells of, as the gate would let them in; raise `Refused`."""
        said = _mapping(row)
        if said.keys() - _KNOWN:
            raise Refused(Fault.MALFORMED)
        accepted = self._seen(said.get("accepted"), ActKind.ACCEPTED)
        if accepted is None:
            raise Refused(Fault.ACCEPTANCE_UNKNOWN)
        compiled = self.versions[accepted.version or 0]
        logins, values = _identifiers(said)
        values |= _items(said.get("items"))
        logins = {item: logins[item] for item in sorted(login_items(compiled) & logins.keys())}
        if not logins:
            raise Refused(Fault.NO_LOGIN)
        acts, without = self._told(said, accepted, compiled)
        asking = Asking(subject, self.policy, self.region, self.now)
        ask = asking.account(compiled, Verb.COLLECT, values.keys() | (_LATER & _taken(compiled)))
        ask = structs.replace(ask, unfit=VALUES.unfit(values))
        decision = answer(self.versions, Standing(subject, tuple(acts)), ask).decision
        if isinstance(decision, Deny):
            raise Refused(decision.reason)
        kept = {item: values[item] for item in sorted(decision.items & values.keys() - decision.unkept)}
        if logins.keys() - kept.keys():
            raise Refused(Fault.NO_LOGIN)
        for item in kept:
            acts.append(  # in the order of the log
                Act(kind=ActKind.SUPPLIED, policy=self.policy, at=self.now, function=REGISTER, item=item)
            )
        left = {drop.reason.value for drop in decision.dropped if drop.item not in _LATER}
        return Newcomer(
            subject, accepted.language or "en", tuple(acts), ask, kept, logins, frozenset({*without, *left})
        )

    def _told(
        self, said: Mapping[str, object], accepted: Act, compiled: Compiled
    ) -> tuple[list[Act], tuple[Fault, ...]]:
        """Return what they did, oldest first, and what of it does not count."""
        acts = [replace(accepted, kind=ActKind.SHOWN), accepted]
        register = compiled.functions.get(REGISTER)
        if register is not None and register.waits:  # as for whoever registers: opening one was choosing it
            acts.append(replace(accepted, kind=ActKind.CHOSEN, function=REGISTER))
        age = max(compiled.own_age, compiled.audience.minimum_age if compiled.audience else 0)
        if _truth(said.get("adult")) and age:
            acts.append(Act(kind=ActKind.DECLARED_ADULT, policy=self.policy, at=accepted.at, age=age))
        chosen, without = self._choices(said.get("chosen"), accepted.at)
        return [*acts, *sorted(chosen, key=lambda act: act.at)], without

    def _choices(self, told: object, accepted: datetime) -> tuple[list[Act], tuple[Fault, ...]]:
        if not isinstance(told, list | None):
            raise Refused(Fault.MALFORMED)
        acts: list[Act] = []
        without: list[Fault] = []
        for each in cast("list[object]", told or []):
            said = _mapping(each)
            act = self._seen(
                {k: v for k, v in said.items() if k not in {"function", "item", "separate"}}, ActKind.CHOSEN
            )
            if act is None or act.at < accepted:
                without.append(Fault.CHOICE_UNKNOWN if act is None else Fault.CHOICE_BEFORE_ACCEPTANCE)
                continue
            function, item = FunctionName(str(said.get("function"))), said.get("item")
            named = None if item is None else ItemName(str(item))
            try:
                choosable(self.versions[act.version or 0], function, named)
            except NotAChoice:
                without.append(Fault.CHOICE_UNLISTED)
                continue
            separate = _truth(said.get("separate"))
            acts.append(replace(act, function=function, item=named, separate=separate))
        return acts, tuple(without)

    def _seen(self, told: object, kind: ActKind) -> Act | None:
        """Return an act under a text that we had, or None: not known."""
        if told is None or told == "unknown":
            return None
        said = _mapping(told)
        if said.keys() - {"version", "language", "at", "text_hash"}:
            raise Refused(Fault.MALFORMED)
        version, language, text_hash = said.get("version"), said.get("language"), said.get("text_hash")
        at = _moment(said.get("at"))
        if at is None or at > self.now or not isinstance(language, str):
            return None
        if not isinstance(version, int) or text_hash is None:
            return None
        if self._texts.get((version, language)) != text_hash or at < self._begins[version]:
            return None
        return Act(
            kind=kind,
            policy=self.policy,
            at=at,
            version=version,
            language=language,
            text_hash=self._texts[version, language],
        )

    @cached_property
    def _begins(self) -> Mapping[int, datetime]:
        """The moment before which nobody can have seen a version: the day of its publication, in its zone."""
        return {
            version: datetime.combine(compiled.policy.published, time(), LEGAL_TIME)
            for version, compiled in self.versions.items()
        }

    @cached_property
    def _texts(self) -> Mapping[tuple[int, str], str]:
        """The hash of every text that there is."""
        return {
            (version, language): notice(compiled, language).text_hash
            for version, compiled in self.versions.items()
            for language in ("zh", "en")
        }


def _identifiers(
    said: Mapping[str, object],
) -> tuple[dict[ItemName, str], dict[ItemName, Mapping[str, object]]]:
    found: dict[ItemName, str] = {}
    for key, item, read, fault in (
        ("phone", PHONE, phone_number, Fault.BAD_PHONE),
        ("email", EMAIL, email_address, Fault.BAD_EMAIL),
    ):
        text = said.get(key)
        if text in (None, ""):
            continue
        if not isinstance(text, str):
            raise Refused(fault)
        try:
            found[item] = read(text)
        except (BadPhone, BadEmail):
            raise Refused(fault) from None
    return found, {item: {"value": text} for item, text in found.items()}


def _items(said: object) -> dict[ItemName, Mapping[str, object]]:
    """Return what else registering takes, by item."""
    items = {ItemName(item): _mapping(value) for item, value in _mapping(said or {}).items()}
    if not _ELSEWHERE.isdisjoint(items):
        raise Refused(Fault.MALFORMED)
    return items


def _taken(compiled: Compiled) -> frozenset[ItemName]:
    table = compiled.functions.get(REGISTER)
    return frozenset(table.items) if table else frozenset()


def _mapping(said: object) -> Mapping[str, object]:
    if not isinstance(said, dict):
        raise Refused(Fault.MALFORMED)
    return cast("Mapping[str, object]", said)


def _truth(said: object) -> bool:
    if said in (None, "", False, "no", "unknown"):
        return False
    if said in (True, "yes"):
        return True
    raise Refused(Fault.MALFORMED)


def _moment(said: object) -> datetime | None:
    """Return a time with its zone, or None: unknown, or such that nobody knows when it was."""
    if not isinstance(said, str):
        return None
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
