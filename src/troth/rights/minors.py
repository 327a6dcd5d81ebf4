"""A person found to be under the age that their policy asks for: refused at once, and erased promptly.

Does not decide who is a minor: whoever reports it has looked. What is done then is the policy's own sentence
(`audience: found_minor`; where guardians may agree, `minors: found_without_consent`), whatever time the
policy leaves to people who cancel for themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from troth import ledger
from troth.policy.answers import minor_rules
from troth.policy.statement_words import MinorRule
from troth.rights.cancel import RIGHT
from troth.subjects.asking import Behalf
from troth.terms import Act, ActKind, TrothError

if TYPE_CHECKING:
    from uuid import UUID

    from troth.db import Tx
    from troth.rights.cancel import Cancellation, Cancelled
    from troth.rights.desk import Desk
    from troth.subjects.parts import Parts
    from troth.terms import PolicyName, SubjectId


class NoAgeAsked(TrothError):
    """the policy that this person accepted asks for no age: nobody is found to be too young under it"""


class Minors:
    """What follows when a minor is found. The caller knows who reports it and owns ``tx``."""

    def __init__(self, parts: Parts, desk: Desk, cancellation: Cancellation) -> None:
        self._parts = parts
        self._desk = desk
        self._cancellation = cancellation

    async def found(self, tx: Tx, subject: SubjectId, policy: PolicyName, staff: UUID) -> Cancelled:
        """Put it on record and erase what is held: from this commit on everything about them is refused.

        Being found a minor counts under every policy. Raises `NoAgeAsked`, `NoSuchSubject`, `Denied`.
        """
        compiled = await self._desk.accepted(tx, subject, policy)
        if compiled.audience is None and MinorRule.FOUND_WITHOUT_CONSENT not in minor_rules(compiled):
            raise NoAgeAsked
        found = Act(kind=ActKind.FOUND_MINOR, policy=policy, at=self._parts.clock.now())
        await ledger.record(tx, subject, found)
        return await self._cancellation.carry_out(tx, subject, policy, Behalf(uuid4(), RIGHT, staff))
