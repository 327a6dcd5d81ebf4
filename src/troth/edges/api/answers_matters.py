"""What is answered about matters beyond one person: notices, breaches, ends, orders, receivers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from troth.edges.api.answers import Answer


class NoticeGiven(Answer):
    """Something that people are told of; ``seen`` is missing where it is announced to everybody."""

    matter: UUID
    kind: str
    policy: str
    version: int
    since: datetime
    takes_effect: datetime | None
    text: str
    seen: bool | None = None


class StepShown(Answer):
    """Something to be done about a matter, by when, and the clause that asks for it."""

    step: str
    due: datetime
    clause: str | None
    done: datetime | None


class BreachShown(Answer):
    """An incident: how many were told how far, and what is left to write and to do."""

    matter: UUID
    policy: str
    version: int
    functions: tuple[str, ...]
    state: str
    known: datetime
    announced: datetime | None
    people: Mapping[str, int]
    lacks: tuple[str, ...]
    steps: tuple[StepShown, ...]


class ReportShown(Answer):
    """A report to the authorities, as Markdown, for staff to complete and send."""

    text: str


class EndAnnounced(Answer):
    """The number of an end that was announced."""

    matter: UUID


class OrderShown(Answer):
    """An authority's order that keeps something of one person, by opaque id."""

    subject: UUID
    policy: str
    function: str
    clause: str
    document: UUID
    records: int
    began: datetime
    until: datetime


class KeptShown(Answer):
    """What is kept of you because a law wants it, or an order: then with the number of its paper."""

    policy: str
    function: str
    item: str
    clause: str
    document: UUID | None
    records: int
    since: datetime
    until: datetime


class Keeping(Answer):
    """How many records it is about."""

    records: int


class ReceiverShown(Answer):
    """A receiver on the register, with its papers in force."""

    policy: str
    receiver: str
    kind: str
    purpose: str
    items: tuple[str, ...]
    papers: tuple[str, ...]


class CaseShown(Answer):
    """A case in which a receiver may get something, what it needs, and whether it needs one's own word."""

    clause: str
    act: str
    purpose: Mapping[str, str]
    needs: tuple[str, ...]
    asks: bool


class ChoiceShown(Answer):
    """A receiver on the register, and what one last said of it: yes, no, or nothing."""

    receiver: str
    kind: str
    purpose: str
    items: tuple[str, ...]
    cases: tuple[CaseShown, ...]
    always: tuple[str, ...]
    separate: bool
    allowed: bool | None


class GivenAway(Answer):
    """One time that something was given away; ``recipient`` is missing where it was published."""

    at: datetime
    entry: UUID
    kind: str
    function: str | None
    recipient: str | None
    case: str | None
    items: tuple[str, ...]
