"""Signing in with a code: for who has no password, such as who came by import, and who does not remember it.

Asked for with their login, sent there, good once. Nothing said to the outside tells whether a login has an
account: the answer is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.subjects import codes, origins, sessions, tries
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.contact import BadEmail, BadPhone, login
from troth.subjects.messages import LetterKind
from troth.subjects.names import EMAIL, REGISTER
from troth.subjects.registration import login_items
from troth.subjects.senders import Channel
from troth.subjects.tags import Tagged, tag
from troth.terms import Denied, ItemName, SubjectId, Verb

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.accounts import Accounts
    from troth.subjects.parts import Parts
    from troth.subjects.sessions import Session


class CodeSignIn:
    """The way in that needs no password."""

    def __init__(self, parts: Parts, accounts: Accounts) -> None:
        self._parts, self._accounts = parts, accounts

    async def ask(self, db: Database, login_text: str, *, origin: str | None = None) -> None:
        """Send a code where there is someone to send it to. Raises `TooManyTries`."""
        parts, now = self._parts, self._parts.clock.now()
        parts.origins.spend(origin, Tagged.REGISTRATION.encode(), origins.REGISTRATIONS, now)
        try:
            item, value = login(login_text)
        except (BadPhone, BadEmail):
            return
        await tries.slow(
            parts.aside, tag(parts.keyring, Tagged.REGISTRATION, item, value), tries.REGISTER, now
        )
        try:
            async with db.transaction() as tx:
                subject = await self._whose(tx, item, value)
                if subject is not None:
                    await self._send(tx, subject, item)
        except Denied:  # on record; who asks is told nothing
            return

    async def sign_in(
        self, db: Database, login_text: str, code: str, *, origin: str | None = None
    ) -> Session:
        """Begin a session with the code that was sent. Raises `WrongCode`, `TooManyTries`."""
        parts, now = self._parts, self._parts.clock.now()
        try:
            item, value = login(login_text)
        except (BadPhone, BadEmail):
            raise codes.WrongCode from None
        by_login = tag(parts.keyring, Tagged.LOGIN, item, value)
        here = parts.origins.spend(origin, Tagged.SUBJECT.encode(), origins.ALL_LOGINS, now)
        await tries.slow(parts.aside, by_login, tries.SIGN_IN, now)
        async with db.transaction() as tx:
            subject = await self._whose(tx, item, value)
            if subject is None:
                raise codes.WrongCode
            offered = codes.Offered(subject, codes.CodePurpose.SIGN_IN, code)
            await codes.redeem(parts.aside, tx, parts.keyring, used=offered, now=now)
            await tries.hand_back(tx, by_login)
            begun = await sessions.begin(tx, subject, now)
        parts.origins.hand_back(here)
        return begun

    async def _whose(self, tx: Tx, item: ItemName, value: str) -> SubjectId | None:
        """Return whose login this is, if they sign in with it; their row is held."""
        subject = await self._parts.vault.lookup.find(tx, item, value)
        if subject is None:
            return None
        policy = await self._accounts.policy_of(tx, subject)
        if item not in login_items(self._parts.gate.policies.current(policy)):
            return None
        held = await on_file(tx, subject, policy, REGISTER)
        return subject if item in held else None

    async def _send(self, tx: Tx, subject: SubjectId, item: ItemName) -> None:
        parts, now = self._parts, self._parts.clock.now()
        policy = await self._accounts.policy_of(tx, subject)
        asking = Asking(subject, policy, parts.region, now)
        permit = await parts.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, {item}))
        code = await codes.issue(tx, parts.keyring, subject, codes.CodePurpose.SIGN_IN, now)
        await self._accounts.outbox.write(
            tx,
            subject,
            LetterKind.SIGN_IN_CODE,
            Channel.EMAIL if item == EMAIL else Channel.SMS,
            lasts=codes.LASTS,
            sealing=(permit, {"code": code}),
        )
