"""Doors to what people are told of: incidents, for the privacy officer; notices, for who they are about.

The workflows are `troth.breach` and its neighbours; a role says who may declare something. What is announced
is for everybody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth.app.doors.rights import in_person
from troth.app.doors.staff import StaffDoors
from troth.app.views import NoticeRead
from troth.breach.report import report
from troth.gate import NoSuchPolicy
from troth.policy import text
from troth.policy.words import Language
from troth.subjects import matters
from troth.subjects.matters import Kind
from troth.subjects.roles import Duty

if TYPE_CHECKING:
    from troth.breach.incidents import Incident
    from troth.db import Tx
    from troth.policy.notice import Notice
    from troth.subjects.staff import Staff
    from troth.terms import FunctionName, ItemName, PolicyName, SubjectId


class MatterDoors(StaffDoors):
    """What happened, who is told, and what is left to do."""

    async def declare_breach(
        self,
        token: str,
        policy: PolicyName,
        *,
        known: datetime | None = None,
        functions: Collection[FunctionName] = (),
        items: Collection[ItemName] = (),
        subjects: Collection[SubjectId] = (),
    ) -> Incident:
        """Put on record that data leaked. Raises `NoSuchPolicy`, `NotAffected`, `NotKnownYet`."""
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            return await self._system.incidents.declare(
                tx,
                who.id,
                policy,
                known=known or self._system.clock.now(),
                functions=functions,
                items=items,
                subjects=subjects,
            )

    async def breaches(self, token: str) -> tuple[Incident, ...]:
        """Return every incident, the open ones first. Raises `WrongRole`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            found = await matters.listed(tx, Kind.BREACH)
            return tuple([await self._system.incidents.see(tx, each.matter) for each in found])

    async def breach(self, token: str, matter: UUID) -> Incident:
        """Return one incident. Raises `NoSuchMatter`."""

        async def see(tx: Tx, _: Staff) -> Incident:
            return await self._system.incidents.see(tx, matter)

        return await self._in_office(token, see)

    async def write_breach(self, token: str, matter: UUID, part: str, language: str, text: str) -> Incident:
        """Write one part of the notice. Raises `NoSuchMatter`, `NoSuchPart`, `NoSuchTurn`."""

        async def write(tx: Tx, _: Staff) -> Incident:
            return await self._system.incidents.write(tx, matter, part, language, text)

        return await self._in_office(token, write)

    async def contain_breach(self, token: str, matter: UUID, document: UUID) -> Incident:
        """Note that it was stopped. Raises `NoSuchMatter`, `NoSuchTurn`."""

        async def contain(tx: Tx, who: Staff) -> Incident:
            return await self._system.incidents.contain(tx, matter, who.id, document)

        return await self._in_office(token, contain)

    async def tell_breach(self, token: str, matter: UUID) -> Incident:
        """Let the notice go out. Raises `NoSuchMatter`, `PartsMissing`, `NoSuchTurn`."""

        async def tell(tx: Tx, who: Staff) -> Incident:
            return await self._system.incidents.tell(tx, matter, who.id)

        return await self._in_office(token, tell)

    async def report_breach(self, token: str, matter: UUID, language: str) -> str:
        """Return the report to the authorities, for staff to send. Raises `NoSuchMatter`."""
        async with self._open() as tx:
            await self._staff(tx, token, Duty.OFFICE)
            seen = await self._system.incidents.see(tx, matter)
            said = await matters.parts(tx, matter)
        compiled = self._system.gate.policies.version(seen.matter.policy, seen.matter.version)
        return report(seen, compiled, said, Language.ZH if language == Language.ZH else Language.EN)

    async def file_breach(self, token: str, matter: UUID, document: UUID) -> Incident:
        """Note that the authorities have the report. Raises `NoSuchMatter`, `NoSuchTurn`."""

        async def file(tx: Tx, who: Staff) -> Incident:
            return await self._system.incidents.report(tx, matter, who.id, document)

        return await self._in_office(token, file)

    async def close_breach(self, token: str, matter: UUID) -> Incident:
        """End it. Raises `NoSuchMatter`, `NotToBeClosed`, `NoSuchTurn`."""

        async def close(tx: Tx, who: Staff) -> Incident:
            return await self._system.incidents.close(tx, matter, who.id)

        return await self._in_office(token, close)

    async def announcements(self, language: str, policy: PolicyName | None = None) -> tuple[NoticeRead, ...]:
        """Return what is announced to everybody, under one policy or all, the newest first."""
        async with self._open() as tx:
            return tuple(
                [
                    NoticeRead(
                        each.matter, each.kind, each.policy, each.version, each.announced or each.began,
                        each.at, await matters.said(tx, each.matter, language),
                    )
                    for each in await matters.announced(tx, self._system.clock.now(), policy)
                ]
            )  # fmt: skip

    async def notices(self, token: str, language: str) -> tuple[NoticeRead, ...]:
        """Return what this person is told of, the newest first. Raises `NotSignedIn`, `Denied`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            await in_person(self._system, tx, await self._asking(tx, subject))
            return tuple(
                [
                    NoticeRead(
                        each.matter, each.kind, each.policy, each.version, each.began, each.at,
                        await matters.said(tx, each.matter, language), each.seen is not None,
                    )
                    for each in await matters.of(tx, subject)
                ]
            )  # fmt: skip

    async def see_notice(self, token: str, matter: UUID, language: str) -> None:
        """Note that this person saw it, in this language. Raises `NotSignedIn`, `NoSuchMatter`."""
        async with self._open() as tx:
            subject = await self._who(tx, token)
            kinds = {each.matter: each.kind for each in await matters.of(tx, subject)}
            if kinds.get(matter) == Kind.CHANGE:
                await self._system.changes.see(tx, subject, matter, Language(language))
            else:
                await matters.see(tx, subject, matter, self._system.clock.now())
        await self._changed(subject)

    async def version(self, name: PolicyName, version: int, language: str) -> Notice:
        """Return the text of one version: as archived, or as long as someone stands under it.

        Raises `NoSuchPolicy`.
        """
        async with self._open() as tx:
            found = await self._system.changes.readable(tx, name, version)
        if found is None:
            raise NoSuchPolicy
        return text.notice(found, language)

    async def end_function(
        self, token: str, policy: PolicyName, functions: Collection[FunctionName], at: datetime
    ) -> UUID:
        """Announce that functions, or with none the service, end; return the number of the matter.

        Raises `TooSoon`, `NoSuchFunction`, `NoSuchPolicy`, `WrongRole`.
        """
        async with self._open() as tx:
            who = await self._staff(tx, token, Duty.OFFICE)
            return (await self._system.ends.announce(tx, who.id, policy, functions, at)).matter

    async def _in_office(self, token: str, step: Callable[[Tx, Staff], Awaitable[Incident]]) -> Incident:
        async with self._open() as tx:
            return await step(tx, await self._staff(tx, token, Duty.OFFICE))
