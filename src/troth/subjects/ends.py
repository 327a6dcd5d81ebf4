"""What choices tell whoever keeps time: a purpose ended, or begins again. Carries nothing out.

The workflows of a person end purposes; how long what was stored for them stays is no business of theirs.
`troth.retention` hears it, in the transaction of the choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.policy.keeping import Held
    from troth.policy.words import Moment
    from troth.terms import FunctionName, ItemName, Permit, PolicyName, RecordId, SubjectId


class Ends(Protocol):
    """Who keeps time. The caller owns the transaction and knows the person's version."""

    async def ended(
        self,
        tx: Tx,
        subject: SubjectId,
        compiled: Compiled,
        functions: Iterable[FunctionName],
        *,
        event: Moment,
        at: datetime,
    ) -> None:
        """Hear that ``event`` put an end to what these functions hold of a person."""
        ...

    async def item_ended(
        self,
        tx: Tx,
        subject: SubjectId,
        compiled: Compiled,
        function: FunctionName,
        item: ItemName,
        *,
        at: datetime,
    ) -> None:
        """Hear that the purpose of one item ended, while its function goes on."""
        ...

    async def begins_again(
        self,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        function: FunctionName,
        item: ItemName | None = None,
    ) -> None:
        """Hear that a function, or one item of it, begins again."""
        ...

    async def happened(
        self, tx: Tx, permit: Permit, item: ItemName, record: RecordId, *, event: Moment, at: datetime
    ) -> tuple[Held, ...]:
        """Hear that ``event`` happened to one record; return which laws want it from then on."""
        ...
