"""Doors by which a person comes and goes. What they may do inside is asked again at every other door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.doors.base import Doors
from troth.app.views import Registered, SignedIn, Verified
from troth.subjects import passwords, sessions
from troth.subjects.by_code import CodeSignIn
from troth.subjects.new_password import NewPassword

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from troth.subjects.registration import Registration
    from troth.subjects.sessions import SessionLine
    from troth.terms import SubjectId


class ArrivalDoors(Doors):
    """Register, verify, sign in, sign out."""

    async def register(self, given: Registration, *, origin: str | None = None) -> Registered:
        """Open an account that waits for its code; the same answer where there is one already."""
        async with self._answering():
            made = await self._system.accounts.register(self._system.db, given, origin=origin)
        return Registered(made.account)

    async def verify(self, account: SubjectId, code: str) -> Verified:
        """Take the code, sign in, and hand out the receipt of what was agreed to."""
        async with self._open() as tx:
            done = await self._system.accounts.verify(tx, account, code)
            await self._system.changes.greet(tx, account, await self._system.accounts.policy_of(tx, account))
        await self._changed(account)
        return Verified(SignedIn(done.session.token, done.session.expires), done.receipt)

    async def sign_in(
        self, login: str, password: str, *, origin: str | None = None, known: str = ""
    ) -> SignedIn:
        """Begin a session; ``known`` is the token of another one of the same account, if there is one."""
        async with self._answering():
            session = await self._system.accounts.sign_in(
                self._system.db, login, password, origin=origin, known=known
            )
        return SignedIn(session.token, session.expires)

    async def ask_code(self, login: str, *, origin: str | None = None) -> None:
        """Send a code to who signs in with this; the same answer whoever that is, and if nobody is."""
        async with self._answering():
            await self._by_code().ask(self._system.db, login, origin=origin)

    async def sign_in_by_code(self, login: str, code: str, *, origin: str | None = None) -> SignedIn:
        """Begin a session with the code that was sent. Raises `WrongCode`, `TooManyTries`."""
        async with self._answering():
            session = await self._by_code().sign_in(self._system.db, login, code, origin=origin)
        return SignedIn(session.token, session.expires)

    async def set_password(self, token: str, new: str, current: str | None = None) -> SignedIn:
        """Set the first password, or another one in place of ``current``; every other session ends."""
        async with self._answering():
            setting = NewPassword(self._system.parts, self._system.accounts)
            session = await setting.set(self._system.db, token, new, current)
        return SignedIn(session.token, session.expires)

    async def reset_password(self, login: str, code: str, new: str, *, origin: str | None = None) -> SignedIn:
        """Set a password in place of a forgotten one, with the code that was sent; every other session ends.

        Raises `WrongCode`, `WeakPassword` (and then the code is still good), `TooManyTries`,
        `TakesNoPassword`, `Denied`.
        """
        async with self._answering():
            passwords.fit(new)
            begun = await self._by_code().sign_in(self._system.db, login, code, origin=origin)
            setting = NewPassword(self._system.parts, self._system.accounts)
            session = await setting.set(self._system.db, begun.token, new, None, proven=True)
        return SignedIn(session.token, session.expires)

    def _by_code(self) -> CodeSignIn:
        return CodeSignIn(self._system.parts, self._system.accounts)

    async def sign_out(self, token: str) -> None:
        """End this session; harmless when it has ended."""
        async with self._open() as tx:
            await sessions.end(tx, token)

    async def signed_in(self, token: str) -> Sequence[SessionLine]:
        """Return where whoever this is has signed in, the newest first. Raises `NotSignedIn`."""
        now = self._system.clock.now()
        async with self._open() as tx:
            return await sessions.listed(tx, token, await self._who(tx, token), now)

    async def sign_out_there(self, token: str, session: UUID) -> None:
        """End one session of theirs. Raises `NotSignedIn`, `NoSuchSession`."""
        now = self._system.clock.now()
        async with self._open() as tx:
            await sessions.end_one(tx, await self._who(tx, token), session, now)

    async def sign_out_everywhere(self, token: str) -> None:
        """End every session of whoever this is."""
        async with self._open() as tx:
            await sessions.end_all(tx, await self._who(tx, token))
