"""Asking whoever was given something of a function to do as its person did: delete it, or correct it.

They are those whom the person's own entries name. What is asked is said in opaque ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.rights import cancel, farewells
from troth.rights.farewells import Word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from troth.db import Tx
    from troth.terms import FunctionName, PolicyName, SubjectId


async def ask(
    tx: Tx,
    matter: UUID,
    whose: tuple[SubjectId, PolicyName, FunctionName],
    now: datetime,
    asked: Mapping[str, str],
) -> None:
    """Queue the word to each of them, once for ``matter``."""
    subject, policy, function = whose
    for recipient in await cancel.given_to(tx, subject, (policy, function)):
        await farewells.write(tx, matter, Word.RECIPIENT, now, recipient, said=asked)
