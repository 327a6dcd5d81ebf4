"""The last words after a deletion: to the person that it is done, to recipients that they delete as well.

There is no account any more: the person's address and link lie in the sealed farewell plan, which ends when
all is said. A recipient is told by the policy's name for it, with opaque ids; the maker's gateway knows the
way. Carried at least once; says nothing twice by intent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from troth.policy.words import Language
from troth.rights.letters import language_of
from troth.rights.sql import QUERIES
from troth.subjects.senders import Channel
from troth.vault import PlanLapsed

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.subjects.senders import Sender
    from troth.terms import Clock
    from troth.vault.erasure import Erasure
    from troth.vault.farewell import Farewell

AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=6))
"""Waits before the next try; the last one repeats until the farewell plan ends."""


class Word(StrEnum):
    """What is said."""

    CANCELLED = "cancelled"
    CERTIFIED = "certified"
    RECIPIENT = "recipient"


_TEXTS: Mapping[Word, Mapping[Language, str]] = {
    Word.CANCELLED: {
        Language.EN: "Your account is cancelled; this cannot be undone. From now on everything about it is "
        "refused. See how the erasure goes on, with this line on the farewell page: {line}",
        Language.ZH: "您的账号已注销，且不可撤销。从现在起，涉及它的一切请求都会被拒绝。"
        "凭此行可在告别页面查看删除进度：{line}",
    },
    Word.CERTIFIED: {
        Language.EN: "Everything held about you is erased. Your signed certificate waits on the farewell "
        "page, once, with this line: {line}",
        Language.ZH: "您的全部信息已删除。凭此行可在告别页面领取一次签名的删除证明：{line}",
    },
}


@dataclass(frozen=True, slots=True)
class _Waiting:
    erasure: UUID
    word: UUID
    kind: str
    recipient: str | None
    tries: int
    said: str | None = None


def line(erasure: UUID, link: str) -> str:
    """Return what the farewell page takes."""
    return f"{erasure.hex}.{link}"


async def write(
    tx: Tx,
    erasure: UUID,
    word: Word,
    now: datetime,
    recipient: str | None = None,
    *,
    said: Mapping[str, str] | None = None,
) -> None:
    """Note that something is to be said; noted again, it is said once.

    Of a part that was deleted, ``erasure`` is the request for it, and ``said`` what is asked.
    """
    params = {
        "erasure": erasure,
        "word": uuid5(erasure, f"{word.value}/{recipient or ''}"),
        "kind": word.value,
        "recipient": recipient,
        "now": now,
        "said": json.dumps(said) if said is not None else None,
    }
    await tx.run(QUERIES["write_word"], params)


class Farewells:
    """Says them. Its hooks are called by the erasure, in the erasure's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def tell(self, tx: Tx, erasure: UUID, recipient: str) -> None:
        """Queue the word to one recipient."""
        await write(tx, erasure, Word.RECIPIENT, self._clock.now(), recipient)

    async def say(self, tx: Tx, erasure: UUID, plan: Farewell) -> None:
        """Queue the word that the certificate is there."""
        if plan.return_address is not None:
            await write(tx, erasure, Word.CERTIFIED, self._clock.now())

    async def waits(self, tx: Tx, erasure: UUID) -> bool:
        """Return whether the person is still to be written to."""
        return await tx.value(QUERIES["words_left"], {"erasure": erasure}) is not None

    async def deliver(self, db: Database, erasure: Erasure, sender: Sender, limit: int = 100) -> int:
        """Have what is due carried, one transaction a word; return how many were."""
        carried = 0
        for _ in range(limit):
            ended = await self._deliver_one(db, erasure, sender)
            if ended is None:
                break
            carried += ended
        return carried

    async def _deliver_one(self, db: Database, erasure: Erasure, sender: Sender) -> bool | None:
        async with db.transaction() as tx:
            found = await tx.row(_Waiting, QUERIES["take_word"], {"now": self._clock.now()})
            if found is None:
                return None
            again = self._clock.now() + AGAIN[min(found.tries, len(AGAIN) - 1)]
            where = {"erasure": found.erasure, "word": found.word}
            await tx.run(QUERIES["word_later"], where | {"again": again})
            letter = await self._letter(tx, erasure, found)
            if letter is None:  # the plan has ended: nobody can be reached any more
                await tx.run(QUERIES["end_word"], where)
                return False
        try:  # outside: a slow carrier holds nothing; a crash before the end says it twice
            await sender.send(*letter)
        except Exception:  # noqa: BLE001 - one word must not stop the others; it goes later
            return False
        async with db.transaction() as tx:
            await tx.run(QUERIES["end_word"], where)
        return True

    async def _letter(self, tx: Tx, erasure: Erasure, found: _Waiting) -> tuple[Channel, str, str] | None:
        word = Word(found.kind)
        if found.said is not None:
            return Channel.RECIPIENT, str(found.recipient), found.said
        if word is Word.RECIPIENT:
            row = await erasure.look(tx, found.erasure)
            asked = {"delete": str(row.subject), "erasure": str(found.erasure)}
            return Channel.RECIPIENT, str(found.recipient), json.dumps(asked)
        try:
            plan = await erasure.plan(tx, found.erasure)
        except PlanLapsed:
            return None
        scheme, _, address = (plan.return_address or "").partition(":")
        if not address or plan.link is None:
            return None
        text = _TEXTS[word][language_of(plan.language)].format(line=line(found.erasure, plan.link))
        return Channel(scheme), address, text
