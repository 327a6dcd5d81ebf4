"""The register of receivers: who may be given data beyond the functions, for what, and what is on file.

Whether that is enough, the policy's cases say and the gate asks. Each step is an entry in the ledger. Keeps
no personal data: receivers are companies and authorities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from troth import ledger
from troth.ledger import EntryKind, NewEntry
from troth.policy.statement_words import Condition
from troth.policy.statement_words import Receiver as Kind
from troth.sharing.facts import SOURCES, Receiver, Source
from troth.sharing.sql import QUERIES
from troth.terms import ItemName, PolicyName, TrothError

if TYPE_CHECKING:
    from troth.db import Tx


_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


class NoSuchKind(TrothError):
    """there is no such kind of receiver: take one of the policy language's words"""


class NotAName(TrothError):
    """name a receiver and what it is there for with one word each: small letters, digits, '-', '_' and '.'"""


class NothingNamed(TrothError):
    """a receiver needs something for what it is there for: name at least one item"""


class NoSuchPaper(TrothError):
    """no such paper is kept about a receiver: take a condition that is about them, not about one occasion"""


class NoSuchReceiver(TrothError):
    """there is no such receiver on the register: register it first"""


@dataclass(frozen=True, slots=True)
class Step:
    """Who of the staff does something about which receiver, and when."""

    staff: UUID
    policy: PolicyName
    receiver: str
    now: datetime


async def register(tx: Tx, step: Step, kind: str, purpose: str, items: Sequence[ItemName]) -> None:
    """Put a receiver on the register, or say anew what it is there for.

    Raises `NoSuchKind`, `NotAName`, `NothingNamed`.
    """
    if not (_NAME.fullmatch(step.receiver) and _NAME.fullmatch(purpose)):
        raise NotAName
    if not items:
        raise NothingNamed
    if kind not in {each.value for each in Kind}:
        raise NoSuchKind
    params = _where(step) | {"kind": kind, "purpose": purpose, "items": sorted(items)}
    await tx.run(QUERIES["register_receiver"], params)
    await _record(tx, step, "registered", {"kind": kind, "items": len(items)})


async def end(tx: Tx, step: Step) -> None:
    """Let nothing go there from here on. Raises `NoSuchReceiver`."""
    if not await tx.run(QUERIES["end_receiver"], _where(step)):
        raise NoSuchReceiver
    await _record(tx, step, "ended", {})


async def put_on_file(tx: Tx, step: Step, fact: str, document: UUID) -> None:
    """Put a paper on file. Raises `NoSuchPaper`, `NoSuchReceiver`."""
    _is_paper(fact)
    if await find(tx, step.policy, step.receiver) is None:
        raise NoSuchReceiver
    await tx.run(QUERIES["file_paper"], _where(step) | {"fact": fact, "document": document})
    await _record(tx, step, "filed", {"fact": fact, "document": str(document)})


async def out_of_force(tx: Tx, step: Step, fact: str) -> None:
    """Note that a paper is no longer in force. Raises `NoSuchPaper`."""
    _is_paper(fact)
    if not await tx.run(QUERIES["end_paper"], _where(step) | {"fact": fact}):
        raise NoSuchPaper
    await _record(tx, step, "out_of_force", {"fact": fact})


async def find(tx: Tx, policy: PolicyName, receiver: str) -> Receiver | None:
    """Return a receiver that is on the register now."""
    return await tx.row(Receiver, QUERIES["receivers"], {"policy": policy, "receiver": receiver})


async def everyone(tx: Tx) -> Sequence[Receiver]:
    """Return the register, in order."""
    return await tx.rows(Receiver, QUERIES["receivers"], {"policy": None, "receiver": None})


def _is_paper(fact: str) -> None:
    if fact not in {each.value for each in Condition} or SOURCES[Condition(fact)] is not Source.RECEIVER:
        raise NoSuchPaper


def _where(step: Step) -> dict[str, object]:
    return {"policy": step.policy, "receiver": step.receiver, "now": step.now}


async def _record(tx: Tx, step: Step, what: str, said: dict[str, str | int]) -> None:
    details: dict[str, str | int] = {"recipient": step.receiver, "step": what, "staff": str(step.staff)}
    entry = NewEntry(kind=EntryKind.EVIDENCE, at=step.now, policy=step.policy, details=details | said)
    await ledger.append(tx, entry)
