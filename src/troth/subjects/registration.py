"""What someone hands in to open an account, and whether the policy would let them. Pure; stores nothing.

Before a subject exists the gate is rehearsed on the standing that they would have, so that a refusal leaves
nothing behind: no row, no id, no number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from msgspec import structs

from troth.gate.decide import decide
from troth.policy.text import notice
from troth.policy.values import VALUES
from troth.subjects.age import age_class
from troth.subjects.asking import Asking
from troth.subjects.contact import email_address, phone_number
from troth.subjects.names import EMAIL, PASSWORD, PHONE, REGISTER, VERIFICATION_CODE
from troth.subjects.passwords import fit
from troth.terms import (
    Act,
    ActKind,
    Age,
    Ask,
    Decision,
    ItemName,
    PolicyName,
    Standing,
    TrothError,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from troth.policy.compiled import Compiled


_SAYS = {Age.ADULT: ActKind.DECLARED_ADULT, Age.MINOR: ActKind.FOUND_MINOR}


class NotTheText(TrothError):
    """the text agreed to is not the one in force: show the current version again and send its hash"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is handed in. ``birth_date`` and ``declares_adult`` are used to decide and never stored.

    ``items`` are what else the policy's function `register` takes, such as a user name.
    """

    policy: PolicyName
    version: int
    language: str
    text_hash: str
    agreed: bool
    password: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    declares_adult: bool = False
    guardian: str | None = field(default=None, repr=False)
    """What a guardian's word for a child is, as the desk handed it out."""
    items: Mapping[ItemName, Mapping[str, object]] = field(
        default_factory=dict[ItemName, "Mapping[str, object]"], repr=False
    )


@dataclass(frozen=True, slots=True)
class Applicant:
    """A registration, read: identifiers in one spelling, and the acts that it amounts to."""

    policy: PolicyName
    identifiers: Mapping[ItemName, str] = field(repr=False)
    password: str = field(repr=False)
    acts: tuple[Act, ...]
    language: str
    others: Mapping[ItemName, Mapping[str, object]] = field(repr=False)
    coded: bool
    """Whether the policy names the code that is typed in to verify the account."""

    @property
    def items(self) -> frozenset[ItemName]:
        """Everything that would be collected."""
        code = {VERIFICATION_CODE} if self.coded else set[ItemName]()
        return frozenset(self.identifiers) | self.others.keys() | {PASSWORD} | code

    def ask(self, asking: Asking, compiled: Compiled) -> Ask:
        """Return the question that registering comes down to."""
        values = {item: {"value": value} for item, value in self.identifiers.items()} | {**self.others}
        return structs.replace(asking.account(compiled, Verb.COLLECT, self.items), unfit=VALUES.unfit(values))


def read(given: Registration, compiled: Compiled, now: datetime) -> Applicant:
    """Read ``given`` under the policy in force.

    Raises `BadPhone`, `BadEmail`, `WeakPassword`, `BadBirthDate`, `NotTheText`.
    """
    identifiers: dict[ItemName, str] = {}
    if given.phone is not None:
        identifiers[PHONE] = phone_number(given.phone)
    if given.email is not None:
        identifiers[EMAIL] = email_address(given.email)
    the_text(compiled, given.version, given.language, given.text_hash)
    register = compiled.functions.get(REGISTER)
    ours = {*identifiers, PASSWORD, VERIFICATION_CODE}
    return Applicant(
        policy=given.policy,
        identifiers=identifiers,
        password=fit(given.password),
        acts=_acts(given, compiled, now),
        language=given.language,
        others={item: value for item, value in given.items.items() if item not in ours},
        coded=register is not None and VERIFICATION_CODE in register.items,
    )


def rehearse(applicant: Applicant, compiled: Compiled, asking: Asking) -> Decision:
    """Say what the gate would say to this person, had they done all this."""
    return decide(compiled, Standing(asking.subject, applicant.acts), applicant.ask(asking, compiled))


def the_text(compiled: Compiled, version: int, language: str, text_hash: str) -> None:
    """Raise `NotTheText` unless this is the very text of this policy version in this language."""
    try:
        stands = notice(compiled, language)
    except ValueError:
        raise NotTheText("there is no such language: show the text in zh or en and send its hash") from None
    if version != stands.version or text_hash != stands.text_hash:
        raise NotTheText


def login_items(compiled: Compiled) -> frozenset[ItemName]:
    """Return the items one signs in with: identifiers that the account's function cannot do without.

    A phone number that `register` requires is a credential, and so are both where it needs one of the two; an
    e-mail address that it merely may take is not.
    """
    table = compiled.functions.get(REGISTER)
    return frozenset({PHONE, EMAIL}) & (table.required | table.either) if table else frozenset()


def _acts(given: Registration, compiled: Compiled, now: datetime) -> tuple[Act, ...]:
    shown = Act(
        kind=ActKind.SHOWN,
        policy=given.policy,
        at=now,
        version=given.version,
        language=given.language,
        text_hash=given.text_hash,
    )
    acts = [shown]
    if given.agreed:
        acts.append(replace(shown, kind=ActKind.ACCEPTED))
        register = compiled.functions.get(REGISTER)
        if register is not None and register.waits:  # nobody needs an account: opening one is choosing it
            acts.append(replace(shown, kind=ActKind.CHOSEN, function=REGISTER))
    return (*acts, *_ages(given, compiled, now))


def _ages(given: Registration, compiled: Compiled, now: datetime) -> Iterator[Act]:
    """Yield what was declared of the age: the oldest of the policy's ages that was reached.

    Too young for an account is a minor found; too young to speak for oneself is nothing by itself, because a
    guardian may speak.
    """
    account = 0 if compiled.audience is None else compiled.audience.minimum_age
    for age in sorted({account, compiled.own_age} - {0}, reverse=True):
        found = age_class(age, now, birth_date=given.birth_date, declares_adult=given.declares_adult)
        if found is Age.ADULT or (found is Age.MINOR and age == account):
            reached = age if found is Age.ADULT else None
            yield Act(kind=_SAYS[found], policy=given.policy, at=now, age=reached)
            return
