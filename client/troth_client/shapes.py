"""What the API answers, as it is on the wire.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict


class AccountMade(TypedDict):
    """An account, or what looks like one, waits for its code."""

    account: str


class Acknowledged(TypedDict):
    """Whether the recipient had been told; only then something was noted."""

    noted: bool


class AlertShown(TypedDict):
    """Motion outside business hours, noticed ``times`` from ``at`` to ``last``; a picture and a film of it.

    ``device`` is the camera that saw it first, ``cameras`` each that did; ``places`` are where, as the camera
    calls it.
    """

    at: str
    last: str
    times: int
    device: str | None
    cameras: Sequence[str]
    places: Sequence[str]
    snapshot: str | None
    clip: ClipShown | None


class AlertsShown(TypedDict):
    """The alerts of one day."""

    day: str
    clause: str
    alerts: Sequence[AlertShown]


class BreachShown(TypedDict):
    """An incident: how many were told how far, and what is left to write and to do."""

    matter: str
    policy: str
    version: int
    functions: Sequence[str]
    state: str
    known: str
    announced: str | None
    people: Mapping[str, int]
    lacks: Sequence[str]
    steps: Sequence[StepShown]


class CancelDone(TypedDict):
    """Cancelled: ``farewell`` shows how the erasure goes on. Or waiting, as the policy says.

    Then ``takes_effect`` says until when the ``request`` can be taken back, and ``erasure`` is null.
    """

    erasure: NotRequired[str | None]
    farewell: NotRequired[str | None]
    request: NotRequired[str | None]
    takes_effect: NotRequired[str | None]
    clause: NotRequired[str | None]


class CancelOffered(TypedDict):
    """The first of two steps."""

    confirm: str
    warning: str
    clause: str | None
    revocable: str | None


class CaseShown(TypedDict):
    """A case in which a receiver may get something, what it needs, and whether it needs one's own word."""

    clause: str
    act: str
    purpose: Mapping[str, str]
    needs: Sequence[str]
    asks: bool


class ChoiceShown(TypedDict):
    """A receiver on the register, and what one last said of it: yes, no, or nothing."""

    receiver: str
    kind: str
    purpose: str
    items: Sequence[str]
    cases: Sequence[CaseShown]
    always: Sequence[str]
    separate: bool
    allowed: bool | None


class ClipShown(TypedDict):
    """A film that shows a moment: play it from so many seconds into it."""

    media: str
    offset_s: float
    kind: str


class DeskShown(TypedDict):
    """A request as the desk sees it.

    ``said``, and the ``language`` that the person is written to in, only where one was opened and proven.
    """

    request: str
    subject: str | None
    right: str
    channel: str
    state: str
    received: str
    due: str | None
    clause: str | None
    overdue: bool
    takes_effect: str | None
    fee: int | None
    ground: str | None
    about: str | None
    done: str | None
    said: str
    language: NotRequired[str | None]


class DeviceBound(TypedDict):
    """A device's way in, shown this once: MQTT user name and client id are ``token``."""

    device: str
    token: str
    secret: str
    up: str
    down: str


class DeviceLinked(TypedDict):
    """The functions that know of a device now."""

    functions: Sequence[str]


class DeviceShown(TypedDict):
    """One bound device."""

    device: str
    model: str
    bound: str
    kind: str
    seen_by: str | None


class DroppedShown(TypedDict):
    """An item that did not get through, and why."""

    item: str
    reason: str
    clause: str | None


class EndAnnounced(TypedDict):
    """The number of an end that was announced."""

    matter: str


class Farewell(TypedDict):
    """What the owner of a cancelled account still holds."""

    farewell: str


class FarewellShown(TypedDict):
    """How far an erasure is; the certificate is handed out once, and so is the addendum after the horizon."""

    erasure: str
    stage: int
    stages: Sequence[StageShown]
    certificate: str | None
    addendum: str | None


class FirstSession(TypedDict):
    """The first session, and the receipt of what was agreed to."""

    token: str
    expires: str
    receipt: str


class FlagShown(TypedDict):
    """A transaction that till and camera tell differently; ``verdict``: confirmed, cleared or null."""

    flag: str
    reason: str
    says: Mapping[str, str]
    rung: RungShown
    clip: ClipShown | None
    verdict: str | None


class FlagsShown(TypedDict):
    """The flags of one day."""

    day: str
    function: str
    clause: str
    flags: Sequence[FlagShown]


class FootfallShown(TypedDict):
    """Who came and went on one day, hours without anyone left out."""

    day: str
    clause: str
    hours: Sequence[HourShown]


class FunctionShown(TypedDict):
    """One function: on or off, ``why`` (``allowed`` or a reason), and the clause that decided.

    ``lacks`` are what to see to first, in words of each language: link a store, bind a camera.
    """

    on: bool
    why: str
    lacks: Sequence[Mapping[str, str]]
    clause: str | None
    starts: str
    basis: str
    effect: str
    items: Sequence[ItemShown]


class Given(TypedDict):
    """Which items were stored; one that the policy says is used and not kept is not among them."""

    stored: Sequence[str]


class GivenAway(TypedDict):
    """One time that something was given away; ``recipient`` is missing where it was published."""

    at: str
    entry: str
    kind: str
    function: str | None
    recipient: str | None
    case: str | None
    items: Sequence[str]


class Grounds(TypedDict):
    """A listed ground and the opaque id of the attached document. It stays in the ledger for good."""

    ground: str
    document: str


class HandedOut(TypedDict):
    """What the gate let through, and the evidence; an item that is not on file is absent.

    ``held``: what a law keeps, where a legal duty was named.
    """

    values: Mapping[str, Mapping[str, Any]]
    held: Sequence[HeldShown]
    dropped: Sequence[DroppedShown]
    because: Sequence[str]
    entry: str | None


class Happened(TypedDict):
    """What follows from what happened: ``holds`` is empty where no law wants the record."""

    holds: Sequence[HoldShown]
    entry: str | None


class HeldShown(TypedDict):
    """A record that a law keeps, opened for that duty."""

    record: str
    item: str
    until: str
    value: Mapping[str, Any]


class HoldShown(TypedDict):
    """Until when a record is kept, and the clause that says so."""

    clause: str
    until: str


HourShown = TypedDict("HourShown", {"hour": int, "in": int, "out": int})


class Hours(TypedDict):
    """Opening hours, local time."""

    opens: str
    closes: str


class InCase(TypedDict):
    """That it is given away in a case that the policy lists, with the papers of this occasion."""

    act: str
    case: str
    papers: NotRequired[Mapping[str, Any]]


class ItemShown(TypedDict):
    """An item of a function; ``chosen`` is null unless the item is optional."""

    item: str
    need: str
    clause: str
    chosen: bool | None


class Keeping(TypedDict):
    """How many records it is about."""

    records: int


class KeptShown(TypedDict):
    """What is kept of you because a law wants it, or an order: then with the number of its paper."""

    policy: str
    function: str
    item: str
    clause: str
    document: str | None
    records: int
    since: str
    until: str


class KeyInSet(TypedDict):
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


class KeySet(TypedDict):
    """Every key that ever signed the ledger, oldest first."""

    keys: Sequence[KeyInSet]


class KeyShown(TypedDict):
    """Who signs: the key's name and its raw Ed25519 bytes in base64."""

    name: str
    public_key: str


class Looked(TypedDict):
    """What a clause opened, by item."""

    values: Mapping[str, Mapping[str, Any]]


class MeShown(TypedDict):
    """What stands for a person. Switches by device; those for the person as ``all``."""

    account: str
    policy: str
    version: int
    functions: Mapping[str, FunctionShown]
    switches: Mapping[str, Mapping[str, bool]]
    devices: Sequence[DeviceShown]


class MediaLine(TypedDict):
    """One object: its opaque id, and what stands beside it in plain."""

    media: str
    function: str
    item: str
    day: str
    bytes: int


class MediaShown(TypedDict):
    """Media that is held."""

    media: Sequence[MediaLine]


class MediaStored(TypedDict):
    """An object exists, under this id."""

    media: str


class MinorFound(TypedDict):
    """What was held about a minor is being erased, under this number."""

    erasure: str


class NoticeGiven(TypedDict):
    """Something that people are told of; ``seen`` is missing where it is announced to everybody."""

    matter: str
    kind: str
    policy: str
    version: int
    since: str
    takes_effect: str | None
    text: str
    seen: NotRequired[bool | None]


class NoticeLine(TypedDict):
    """One statement, and the clause behind it."""

    label: str
    text: str
    clause: str | None


class NoticeSection(TypedDict):
    """One part of a notice."""

    kind: str
    heading: str
    clause: str | None
    lines: Sequence[NoticeLine]


class NoticeShown(TypedDict):
    """A policy as it is shown; an acceptance names ``text_hash``, the SHA-256 of ``text``."""

    name: str
    version: int
    language: str
    text: str
    text_hash: str
    sections: Sequence[NoticeSection]


class OpeningShown(TypedDict):
    """One time that the maker's people saw something of a person's, or were refused, and on what paper."""

    at: str
    entry: str
    who: str
    by: str
    verb: str
    function: str | None
    purpose: str | None
    ground: str | None
    document: str | None
    opened: bool
    reason: str | None


class OrderShown(TypedDict):
    """An authority's order that keeps something of one person, by opaque id."""

    subject: str
    policy: str
    function: str
    clause: str
    document: str
    records: int
    began: str
    until: str


class OutdatedShown(TypedDict):
    """An item of which a restore lost the right value; the one before was deleted."""

    policy: str
    function: str
    item: str
    at: str


class PolicyListed(TypedDict):
    """A policy in force."""

    name: str
    version: int
    title: Mapping[str, str]
    languages: Sequence[str]


class ReadingShown(TypedDict):
    """One reading as it is held."""

    reading: str
    at: str
    item: str
    value: Mapping[str, Any]


class ReadingsShown(TypedDict):
    """Readings of one function on one local day."""

    day: str
    times: int
    readings: Sequence[ReadingShown]


class Ready(TypedDict):
    """Whether the system can do its work, by part."""

    ready: bool
    database: bool
    broker: bool


class ReceiptGiven(TypedDict):
    """The receipt of a choice: a JWS that the ledger's key signed."""

    receipt: str


class ReceiptShown(TypedDict):
    """One receipt of one's own."""

    entry: str
    kind: str
    at: str
    receipt: str


class ReceiverShown(TypedDict):
    """A receiver on the register, with its papers in force."""

    policy: str
    receiver: str
    kind: str
    purpose: str
    items: Sequence[str]
    papers: Sequence[str]


class RecordsShown(TypedDict):
    """Which items are on file, by function."""

    functions: Mapping[str, Sequence[str]]


class ReportShown(TypedDict):
    """A report to the authorities, as Markdown, for staff to complete and send."""

    text: str


class RequestShown(TypedDict):
    """A request of one's own: by when it is answered, under which clause, and what was written."""

    request: str
    right: str
    channel: str
    state: str
    received: str
    due: str | None
    clause: str | None
    overdue: bool
    takes_effect: str | None
    fee: int | None
    ground: str | None
    about: str | None
    done: str | None
    said: str
    reply: str


class RungShown(TypedDict):
    """One transaction at a till: a sale, refund, void or no_sale."""

    at: str
    did: str
    amount: float
    currency: str
    number: str | None
    register: str | None


class SessionBegun(TypedDict):
    """A bearer token, shown this once."""

    token: str
    expires: str


class SessionShown(TypedDict):
    """Where its person is signed in, since when and until when; ``here``: the session that asks."""

    session: str
    started: str
    expires: str
    here: bool


class StageShown(TypedDict):
    """One stage; ``at`` is null until it is reached, which is ``by`` then at the latest.

    For the backups ``by`` is when their time is over; null where no policy says.
    """

    stage: int
    name: str
    at: str | None
    by: str | None


class StepShown(TypedDict):
    """Something to be done about a matter, by when, and the clause that asks for it."""

    step: str
    due: str
    clause: str | None
    done: str | None


class Stocked(TypedDict):
    """The device is on the shelf."""

    stocked: NotRequired[bool]


class StoreNamed(TypedDict):
    """The shop that a till stands in."""

    store_name: str
    store_address: str


class TakenIn(TypedDict):
    """What became of what a service handed in; ``records`` says under which record each item lies."""

    stored: Sequence[str]
    records: Mapping[str, str]
    dropped: Sequence[DroppedShown]
    because: Sequence[str]


class TillLineShown(TypedDict):
    """One transaction beside what the camera saw of its till."""

    rung: RungShown
    watched: bool
    behind: int
    before: int
    clip: ClipShown | None
    flags: Sequence[FlagShown]


class TillShown(TypedDict):
    """Every transaction of one day; so many values could not be read."""

    day: str
    function: str
    clause: str
    lines: Sequence[TillLineShown]
    left_out: int


class ValueShown(TypedDict):
    """One document of one's own."""

    value: Mapping[str, Any]


class VisitsShown(TypedDict):
    """The visits of one day."""

    day: str
    clause: str
    visits: int


class WordGiven(TypedDict):
    """A guardian's word, shown this once; it lapses in a week."""

    guardian: str
