"""What the routes answer, as shapes: for the OpenAPI text, and so that no unnamed field ever leaves.

Filled from the doors' views in the routers. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What every answer is: closed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Ready(Answer):
    """Whether the system can do its work, by part."""

    ready: bool
    database: bool
    broker: bool


class PolicyListed(Answer):
    """A policy in force."""

    name: str
    version: int
    title: Mapping[str, str]
    languages: tuple[str, ...]


class NoticeLine(Answer):
    """One statement, and the clause behind it."""

    label: str
    text: str
    clause: str | None


class NoticeSection(Answer):
    """One part of a notice."""

    kind: str
    heading: str
    clause: str | None
    lines: tuple[NoticeLine, ...]


class NoticeShown(Answer):
    """A policy as it is shown; an acceptance names ``text_hash``, the SHA-256 of ``text``."""

    name: str
    version: int
    language: str
    text: str
    text_hash: str
    sections: tuple[NoticeSection, ...]


class KeyShown(Answer):
    """Who signs: the key's name and its raw Ed25519 bytes in base64."""

    name: str
    public_key: str


class KeyInSet(Answer):
    """One key of a JWK set; ``vkey`` is its C2SP form, ``since`` the size that its heads are larger than."""

    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str
    vkey: str
    since: int
    handover: str


class KeySet(Answer):
    """Every key that ever signed the ledger, oldest first."""

    keys: list[KeyInSet]


class AccountMade(Answer):
    """An account, or what looks like one, waits for its code."""

    account: UUID


class SessionBegun(Answer):
    """A bearer token, shown this once."""

    token: str
    expires: datetime


class SessionShown(Answer):
    """Where its person is signed in, since when and until when; ``here``: the session that asks."""

    session: UUID
    started: datetime
    expires: datetime
    here: bool


class FirstSession(SessionBegun):
    """The first session, and the receipt of what was agreed to."""

    receipt: str


class ReceiptGiven(Answer):
    """The receipt of a choice: a JWS that the ledger's key signed."""

    receipt: str


class ItemShown(Answer):
    """An item of a function; ``chosen`` is null unless the item is optional."""

    item: str
    need: str
    clause: str
    chosen: bool | None


class FunctionShown(Answer):
    """One function: on or off, ``why`` (``allowed`` or a reason), and the clause that decided.

    ``lacks`` are what to see to first, in words of each language: link a store, bind a camera.
    """

    on: bool
    why: str
    lacks: tuple[Mapping[str, str], ...]
    clause: str | None
    starts: str
    basis: str
    effect: str
    items: tuple[ItemShown, ...]


class DeviceShown(Answer):
    """One bound device."""

    device: UUID
    model: str
    bound: date
    kind: str
    seen_by: UUID | None


class DeviceLinked(Answer):
    """The functions that know of a device now."""

    functions: tuple[str, ...]


class MeShown(Answer):
    """What stands for a person. Switches by device; those for the person as ``all``."""

    account: UUID
    policy: str
    version: int
    functions: Mapping[str, FunctionShown]
    switches: Mapping[str, Mapping[str, bool]]
    devices: tuple[DeviceShown, ...]


class DeviceBound(Answer):
    """A device's way in, shown this once: MQTT user name and client id are ``token``."""

    device: UUID
    token: str
    secret: str
    up: str
    down: str


class CancelOffered(Answer):
    """The first of two steps."""

    confirm: str
    warning: str
    clause: str | None
    revocable: str | None


class CancelDone(Answer):
    """Cancelled: ``farewell`` shows how the erasure goes on. Or waiting, as the policy says.

    Then ``takes_effect`` says until when the ``request`` can be taken back, and ``erasure`` is null.
    """

    erasure: UUID | None = None
    farewell: str | None = None
    request: UUID | None = None
    takes_effect: datetime | None = None
    clause: str | None = None


class WordGiven(Answer):
    """A guardian's word, shown this once; it lapses in a week."""

    guardian: str


class MinorFound(Answer):
    """What was held about a minor is being erased, under this number."""

    erasure: UUID


class RequestShown(Answer):
    """A request of one's own: by when it is answered, under which clause, and what was written."""

    request: UUID
    right: str
    channel: str
    state: str
    received: datetime
    due: datetime | None
    clause: str | None
    overdue: bool
    takes_effect: datetime | None
    fee: int | None
    ground: str | None
    about: UUID | None
    done: datetime | None
    said: str
    reply: str


class DeskShown(Answer):
    """A request as the desk sees it.

    ``said``, and the ``language`` that the person is written to in, only where one was opened and proven.
    """

    request: UUID
    subject: UUID | None
    right: str
    channel: str
    state: str
    received: datetime
    due: datetime | None
    clause: str | None
    overdue: bool
    takes_effect: datetime | None
    fee: int | None
    ground: str | None
    about: UUID | None
    done: datetime | None
    said: str
    language: str | None = None


class Acknowledged(Answer):
    """Whether the recipient had been told; only then something was noted."""

    noted: bool


class StageShown(Answer):
    """One stage; ``at`` is null until it is reached, which is ``by`` then at the latest.

    For the backups ``by`` is when their time is over; null where no policy says.
    """

    stage: int
    name: str
    at: datetime | None
    by: datetime | None


class FarewellShown(Answer):
    """How far an erasure is; the certificate is handed out once, and so is the addendum after the horizon."""

    erasure: UUID
    stage: int
    stages: tuple[StageShown, ...]
    certificate: str | None
    addendum: str | None


class ReceiptShown(Answer):
    """One receipt of one's own."""

    entry: UUID
    kind: str
    at: datetime
    receipt: str


class Looked(Answer):
    """What a clause opened, by item."""

    values: Mapping[str, Mapping[str, object]]


class Stocked(Answer):
    """The device is on the shelf."""

    stocked: Literal[True] = True


class Given(Answer):
    """Which items were stored; one that the policy says is used and not kept is not among them."""

    stored: tuple[str, ...]


class ValueShown(Answer):
    """One document of one's own."""

    value: Mapping[str, object]


class ReadingShown(Answer):
    """One reading as it is held."""

    reading: UUID
    at: datetime
    item: str
    value: Mapping[str, object]


class ReadingsShown(Answer):
    """Readings of one function on one local day."""

    day: date
    times: int
    readings: tuple[ReadingShown, ...]


class RecordsShown(Answer):
    """Which items are on file, by function."""

    functions: Mapping[str, tuple[str, ...]]


class DroppedShown(Answer):
    """An item that did not get through, and why."""

    item: str
    reason: str
    clause: str | None


class MediaLine(Answer):
    """One object: its opaque id, and what stands beside it in plain."""

    media: UUID
    function: str
    item: str
    day: date
    bytes: int


class MediaShown(Answer):
    """Media that is held."""

    media: tuple[MediaLine, ...]


class MediaStored(Answer):
    """An object exists, under this id."""

    media: UUID


class TakenIn(Answer):
    """What became of what a service handed in; ``records`` says under which record each item lies."""

    stored: tuple[str, ...]
    records: Mapping[str, UUID]
    dropped: tuple[DroppedShown, ...]
    because: tuple[str, ...]


class HoldShown(Answer):
    """Until when a record is kept, and the clause that says so."""

    clause: str
    until: datetime


class Happened(Answer):
    """What follows from what happened: ``holds`` is empty where no law wants the record."""

    holds: tuple[HoldShown, ...]
    entry: UUID | None


class OutdatedShown(Answer):
    """An item of which a restore lost the right value; the one before was deleted."""

    policy: str
    function: str
    item: str
    at: datetime


class HeldShown(Answer):
    """A record that a law keeps, opened for that duty."""

    record: UUID
    item: str
    until: datetime
    value: Mapping[str, object]


class HandedOut(Answer):
    """What the gate let through, and the evidence; an item that is not on file is absent.

    ``held``: what a law keeps, where a legal duty was named.
    """

    values: Mapping[str, Mapping[str, object]]
    held: tuple[HeldShown, ...]
    dropped: tuple[DroppedShown, ...]
    because: tuple[str, ...]
    entry: UUID | None
