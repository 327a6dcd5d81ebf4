"""Accounts: opening one, proving to be reachable, signing in and out.

Whether someone may have an account is the gate's to say. An account is found only by a keyed tag, and nothing
said to the outside tells whether a number has one: a second registration of the same number gets the same
answer as the first, and its owner a letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from troth import ledger
from troth.subjects import codes, origins, passwords, sessions, tries
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.contact import BadEmail, BadPhone, login
from troth.subjects.guardians import Word
from troth.subjects.messages import LetterKind
from troth.subjects.names import (
    EMAIL,
    PASSWORD,
    PHONE,
    REGISTER,
    VERIFICATION_CODE,
)
from troth.subjects.outbox import Outbox
from troth.subjects.own_right import or_by_right
from troth.subjects.papers import paper
from troth.subjects.registration import Applicant, Registration, login_items, read, rehearse
from troth.subjects.senders import Channel
from troth.subjects.sessions import Session
from troth.subjects.sql import QUERIES
from troth.subjects.tags import Tagged, tag
from troth.terms import (
    Act,
    ActKind,
    Denied,
    Deny,
    ItemName,
    PolicyName,
    Reason,
    SubjectId,
    TrothError,
    Verb,
)
from troth.vault import Claimed, NotHeld

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.parts import Parts


class SignInRefused(TrothError):
    """login or password is wrong: check both, or register"""


@dataclass(frozen=True, slots=True)
class Registered:
    """What whoever registers is told, whether the number was known or not: where to hand in the code."""

    account: SubjectId


@dataclass(frozen=True, slots=True)
class Verified:
    """A session, and the receipt of what was agreed to."""

    session: Session
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Account:
    policy: PolicyName
    language: str
    state: str


@dataclass(frozen=True, slots=True)
class _Waiting:
    subject: UUID
    policy: PolicyName


class Accounts:
    """The accounts of one deployment. The caller owns ``tx``; tries are counted aside.

    What hashes a password takes ``db`` instead and opens its own transactions around that.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.outbox = Outbox(parts)

    async def register(self, db: Database, given: Registration, *, origin: str | None = None) -> Registered:
        """Open an account that waits for its code, or write to the owner of the one there is.

        In a transaction of its own, opened after the password was hashed. Raises `Denied` (too young, not
        agreed, phone missing...), and then nothing is stored but a count; `BadPhone`, `BadEmail`,
        `WeakPassword`, `BadBirthDate`, `NotTheText`, `NotTheirWord`, `TooManyTries`.
        """
        parts, now = self._parts, self._parts.clock.now()
        compiled = parts.gate.policies.current(given.policy)
        applicant = read(given, compiled, now)
        if given.guardian is not None:
            acts = (*applicant.acts, *_word(given, applicant).acts(parts.keyring, given.guardian, now))
            applicant = replace(applicant, acts=acts)
        asking = Asking(SubjectId(uuid4()), given.policy, parts.region, now)
        decision = rehearse(applicant, compiled, asking)
        if isinstance(decision, Deny):
            await self._count(given.policy, decision.reason, now)
            raise Denied(decision)
        # Only what one signs in with is ever looked up: anything else typed in would tell whose it is.
        logins = {i: v for i, v in sorted(applicant.identifiers.items()) if i in login_items(compiled)}
        parts.origins.spend(origin, Tagged.REGISTRATION.encode(), origins.REGISTRATIONS, now)
        for item, value in logins.items():
            key = tag(parts.keyring, Tagged.REGISTRATION, item, value)
            await tries.slow(parts.aside, key, tries.REGISTER, now)
        password = await passwords.hashed(applicant.password)
        async with db.transaction() as tx:
            known = [await parts.vault.lookup.find(tx, item, value) for item, value in logins.items()]
            for owner in {subject for subject in known if subject is not None}:
                await self._write_to_owner(tx, owner)
            if any(known):
                return Registered(asking.subject)
            return await self._open(tx, applicant, password, now)

    async def verify(self, tx: Tx, account: SubjectId, code: str) -> Verified:
        """Take the code and sign in for the first time; raises `WrongCode`."""
        parts, now = self._parts, self._parts.clock.now()
        offered = codes.Offered(account, codes.CodePurpose.VERIFY, code)
        await codes.redeem(parts.aside, tx, parts.keyring, used=offered, now=now)
        opened = await self._account(tx, account)
        if opened is None or await tx.run(QUERIES["verify_account"], {"subject": account, "now": now}) != 1:
            raise codes.WrongCode
        await self._claim(tx, Asking(account, opened.policy, parts.region, now))
        registered = ledger.NewEntry(
            kind=ledger.EntryKind.REGISTERED, at=now, policy=opened.policy, function=REGISTER, subject=account
        )
        await ledger.append(tx, registered)
        accepted = await ledger.about(tx, account, (ledger.EntryKind.ACCEPTED,))
        proof = await paper(tx, parts.signer, account, accepted[-1].entry, ledger.EntryKind.ACCEPTED)
        return Verified(await sessions.begin(tx, account, now), proof)

    async def sign_in(
        self, db: Database, login_text: str, password: str, *, origin: str | None = None, known: str = ""
    ) -> Session:
        """Begin a session; raises `SignInRefused` whatever was wrong, and `TooManyTries`.

        The password is compared between two transactions, so that no row and no connection waits for it; the
        second sees that nothing has changed. Takes about as long for a login that nobody has. ``known`` is
        the token of a session of the same account: whoever has one is not slowed by what strangers try.
        """
        parts, now = self._parts, self._parts.clock.now()
        try:
            item, value = login(login_text)
        except (BadPhone, BadEmail):
            await passwords.right(passwords.DUMMY, password)
            raise SignInRefused from None
        by_login = tag(parts.keyring, Tagged.LOGIN, item, value)
        everywhere = parts.origins.spend(origin, Tagged.SUBJECT.encode(), origins.ALL_LOGINS, now)
        here = parts.origins.spend(origin, by_login, origins.A_LOGIN, now)
        async with db.transaction() as tx:
            subject = await parts.vault.lookup.find(tx, item, value)
            stored = None if subject is None else await self._stored_password(tx, subject, item, now)
            trusted = subject is not None and await sessions.is_of(tx, known, subject, now)
        spent = await self._pay(by_login, subject, now, trusted=trusted)
        right = await passwords.right(stored or passwords.DUMMY, password)
        if subject is None or stored is None or not right:
            raise SignInRefused
        async with db.transaction() as tx:
            if await self._stored_password(tx, subject, item, now) != stored:
                raise SignInRefused  # changed, or gone, while it was compared
            for each in spent:
                await tries.hand_back(tx, each)
            begun = await sessions.begin(tx, subject, now)
        for each in (everywhere, here):
            parts.origins.hand_back(each)
        return begun

    async def _pay(
        self, by_login: bytes, subject: SubjectId | None, now: datetime, *, trusted: bool
    ) -> tuple[bytes, ...]:
        """Pay for one try: at the pace of everyone who tries this login, or out of the owner's own."""
        parts = self._parts
        if trusted:
            own = tag(parts.keyring, Tagged.KNOWN, str(subject))
            await tries.spend(parts.aside, own, tries.KNOWN, now)
            return (own,)
        await tries.slow(parts.aside, by_login, tries.SIGN_IN, now)
        if subject is None:
            return (by_login,)
        by_subject = tag(parts.keyring, Tagged.SUBJECT, str(subject))
        await tries.slow(parts.aside, by_subject, tries.SIGN_IN, now)
        return (by_login, by_subject)

    async def who(self, tx: Tx, token: str) -> SubjectId:
        """Return who is signed in with this token; raises `NotSignedIn`."""
        return await sessions.who(tx, token, self._parts.clock.now())

    async def sign_out(self, tx: Tx, token: str) -> None:
        """Sign out here; harmless when that has happened already."""
        await sessions.end(tx, token)

    async def sign_out_everywhere(self, tx: Tx, subject: SubjectId) -> int:
        """End every session of ``subject``; return how many there were."""
        return await sessions.end_all(tx, subject)

    async def close(self, tx: Tx, subject: SubjectId) -> None:
        """Drop the account with its sessions, codes and letters: the part of an erasure that is ours."""
        await tx.run(QUERIES["sweep_outbox"], {"subject": subject})  # on a cluster no key takes them along
        await tx.run(QUERIES["drop_account"], {"subject": subject})

    async def purge_unverified(self, tx: Tx, limit: int = 100) -> int:
        """Forget who did not confirm in time; return how many.

        Who does not confirm has not agreed, so nothing may stay. Their right to be forgotten is used for
        them.
        """
        parts, now = self._parts, self._parts.clock.now()
        waiting = await tx.rows(_Waiting, QUERIES["unverified"], {"now": now, "limit": limit})
        for row in waiting:
            subject = SubjectId(row.subject)
            held = await on_file(tx, subject, row.policy, REGISTER)
            asking = Asking(subject, row.policy, parts.region, now)
            permit = await parts.gate.admit(tx, asking.by_right(Verb.FORGET, REGISTER, held))
            await parts.vault.close(tx, permit)
            await ledger.forget(tx, subject)
            await self.close(tx, subject)
        return len(waiting)

    async def policy_of(self, tx: Tx, subject: SubjectId) -> PolicyName:
        """Return the policy that an account was opened under; raises `NotSignedIn` where there is none."""
        account = await self._account(tx, subject)
        if account is None:
            raise sessions.NotSignedIn
        return account.policy

    async def _open(self, tx: Tx, applicant: Applicant, password: str, now: datetime) -> Registered:
        parts = self._parts
        subject = await ledger.new_subject(tx)
        for act in applicant.acts:
            await ledger.record(tx, subject, act)
        asking = Asking(subject, applicant.policy, parts.region, now)
        compiled = parts.gate.policies.current(applicant.policy)
        permit = await parts.gate.admit(tx, applicant.ask(asking, compiled))
        values: dict[ItemName, Mapping[str, object]] = {
            i: {"value": v} for i, v in applicant.identifiers.items()
        }
        values |= {**applicant.others, PASSWORD: {"argon2id": password}}
        for item in sorted(permit.allow.items - permit.allow.unkept):
            if item != VERIFICATION_CODE:  # a hash among the codes, and gone with them
                await parts.vault.put(tx, permit, item, values[item])
            supplied = Act(
                kind=ActKind.SUPPLIED, policy=applicant.policy, at=now, function=REGISTER, item=item
            )
            await ledger.record(tx, subject, supplied)
        await tx.run(
            QUERIES["add_account"],
            {
                "subject": subject,
                "policy": applicant.policy,
                "language": applicant.language,
                "now": now,
                "verify_by": now + codes.LASTS,
            },
        )
        code = await codes.issue(tx, parts.keyring, subject, codes.CodePurpose.VERIFY, now)
        channel = Channel.SMS if PHONE in permit.allow.items else Channel.EMAIL
        await self.outbox.write(
            tx, subject, LetterKind.CODE, channel, lasts=codes.LASTS, sealing=(permit, {"code": code})
        )
        return Registered(subject)

    async def _claim(self, tx: Tx, asking: Asking) -> None:
        """Make the account findable. Only now: who merely types someone else's number does not occupy it."""
        parts = self._parts
        compiled = parts.gate.policies.current(asking.policy)
        held = login_items(compiled) & await on_file(tx, asking.subject, asking.policy, REGISTER)
        used = await parts.gate.admit(tx, asking.account(compiled, Verb.USE, held))
        found = await parts.gate.admit(tx, asking.account(compiled, Verb.COLLECT, held))
        try:
            for item in sorted(held):
                value = await parts.vault.open(tx, used, item)
                await parts.vault.lookup.claim(tx, found, item, str(value["value"]))
        except Claimed:
            raise codes.WrongCode from None  # another account of theirs was confirmed first

    async def _write_to_owner(self, tx: Tx, owner: SubjectId) -> None:
        """Tell the owner of an account, by what they sign in with."""
        account = await self._account(tx, owner)
        if account is None:
            return
        held = login_items(self._parts.gate.policies.current(account.policy))
        channel = Channel.SMS if PHONE in held or EMAIL not in held else Channel.EMAIL
        await self.outbox.write(tx, owner, LetterKind.ALREADY_REGISTERED, channel, lasts=codes.LASTS)

    async def _stored_password(self, tx: Tx, subject: SubjectId, item: ItemName, now: datetime) -> str | None:
        """Return the hash to compare with, or None where this login opens nothing."""
        account = await self._account(tx, subject)
        if account is None or account.state != "verified":
            return None
        compiled = self._parts.gate.policies.current(account.policy)
        if item not in login_items(compiled):
            return None
        asking = Asking(subject, account.policy, self._parts.region, now)
        ask = asking.account(compiled, Verb.USE, {PASSWORD})
        try:
            permit = await self._parts.gate.admit(
                tx, await or_by_right(tx, compiled, asking, ask), counted=True
            )
            held = await self._parts.vault.open(tx, permit, PASSWORD)
        except (Denied, NotHeld):
            return None
        return str(held["argon2id"])

    async def _account(self, tx: Tx, subject: SubjectId) -> _Account | None:
        return await tx.row(_Account, QUERIES["account"], {"subject": subject})

    async def _count(self, policy: PolicyName, reason: Reason, now: datetime) -> None:
        async with self._parts.aside.transaction() as tx:
            await ledger.count(tx, policy, REGISTER, "deny", reason, now)


async def sweep(tx: Tx, subject: SubjectId) -> Mapping[str, int]:
    """Delete what this package keeps of a subject who is erased; return how many rows, by table."""
    tables = ("session", "code", "outbox", "told", "account")
    return {table: await tx.run(QUERIES[f"sweep_{table}"], {"subject": subject}) for table in tables}


def _word(given: Registration, applicant: Applicant) -> Word:
    """Return what a guardian's word must be about to count for this registration."""
    logins = [applicant.identifiers[item] for item in (PHONE, EMAIL) if item in applicant.identifiers]
    return Word(logins[0] if logins else "", given.policy, given.version, given.language, given.text_hash)
