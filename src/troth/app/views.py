"""What the doors hand out: frozen values in the words of the policy, ready for any edge to put on its wire.

Nothing here knows JSON, HTML or HTTP. What only its owner may see hides its `repr`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from troth.app.tills import ClipLine
from troth.terms import (
    ClauseId,
    DeviceId,
    EntryId,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    RecordId,
    SubjectId,
    SwitchName,
)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the system can do its work, by part."""

    database: bool
    broker: bool

    @property
    def ready(self) -> bool:
        """True when every part is there."""
        return self.database and self.broker


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy in force, as listed."""

    name: PolicyName
    version: int
    title: Mapping[str, str]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """Who signs the heads of the ledger: the key's name and the raw public key in base64."""

    name: str
    public_key: str


@dataclass(frozen=True, slots=True)
class Registered:
    """An account waits for its code."""

    account: SubjectId


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session begins; the token is shown this once."""

    token: str = field(repr=False)
    expires: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """The first session, and the receipt of what was agreed to."""

    session: SignedIn
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ItemState:
    """One item a function takes, in the policy's words; ``chosen`` only for optional ones."""

    item: ItemName
    label: Mapping[str, str]
    need: str
    clause: ClauseId
    chosen: bool | None


@dataclass(frozen=True, slots=True)
class Lack:
    """What has to be there before a function is on: an item or a need by name, and in words."""

    name: str
    label: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FunctionState:
    """One function as it stands for this person: on or off, why, and what refusing costs."""

    function: FunctionName
    on: bool
    why: str
    clause: ClauseId | None
    starts: str
    basis: str
    title: Mapping[str, str]
    gives: Mapping[str, str]
    effect: str
    costs: ClauseId
    items: tuple[ItemState, ...]
    lacks: tuple[Lack, ...] = ()
    """What has to be there before it is on."""

    @property
    def choosable(self) -> bool:
        """True when the person turns it on and off; a contract function lives as long as the account."""
        return self.starts == "when_chosen" or self.basis in ("consent", "separate_consent")


@dataclass(frozen=True, slots=True)
class SwitchState:
    """One switch, per device, or once for the person when its scope is the subject (device None)."""

    switch: SwitchName
    clause: ClauseId
    functions: tuple[FunctionName, ...]
    scope: str
    on: Mapping[DeviceId | None, bool]


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """One bound device: an opaque id, its model, the day it was bound, and the camera that has it in view."""

    device: DeviceId
    model: str
    bound: date
    kind: str = "camera"
    seen_by: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class Me:
    """What stands for one person; ``accepted`` are the versions of every policy that they agreed to."""

    account: SubjectId
    policy: PolicyName
    version: int
    functions: tuple[FunctionState, ...]
    switches: tuple[SwitchState, ...]
    devices: tuple[DeviceLine, ...]
    accepted: Mapping[PolicyName, int] = field(default_factory=dict[PolicyName, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTold:
    """What an owner tells of a device; a till also: in which shop it stands and which camera sees it."""

    kind: str = "camera"
    model: str = field(repr=False)
    mac: str = field(repr=False)
    serial: str = field(repr=False)
    ip: str = field(repr=False)
    store_name: str = field(default="", repr=False)
    store_address: str = field(default="", repr=False)
    seen_by: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class BoundDevice:
    """A device's way in; the secret is shown this once."""

    device: DeviceId
    token: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoreHours:
    """When a shop opens and closes, local time, ``HH:MM``."""

    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class Store:
    """The shop that an owner links."""

    store_name: str = field(repr=False)
    store_address: str = field(repr=False)
    business_hours: StoreHours = field(repr=False)


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many came in and went out within one local hour."""

    hour: int
    came_in: int
    went_out: int


@dataclass(frozen=True, slots=True)
class DayFootfall:
    """Footfall of one day, and the clause that allows showing it."""

    day: date
    clause: ClauseId
    hours: tuple[HourCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """Something moved outside business hours, noticed ``times`` from ``at`` to ``last``.

    ``device``: the camera that saw it first, ``cameras`` each that did; ``places``: where, as the camera
    calls it; a picture and a film of it, where the owner has them.
    """

    at: datetime
    last: datetime
    times: int
    device: DeviceId | None
    cameras: tuple[DeviceId, ...] = ()
    places: tuple[str, ...] = field(default=(), repr=False)
    snapshot: RecordId | None = None
    clip: ClipLine | None = None


@dataclass(frozen=True, slots=True)
class DayAlerts:
    """Alerts of one day, and the clause that allows showing them."""

    day: date
    clause: ClauseId
    alerts: tuple[AlertLine, ...]


@dataclass(frozen=True, slots=True)
class CancelOffer:
    """The first of two steps: what must be handed back within minutes to cancel for good."""

    confirm: str = field(repr=False)
    clause: ClauseId | None
    revocable: ClauseId | None = None
    """The clause that lets it be taken back for a time; None: the second step acts at once."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The account is refused from now on; ``farewell`` shows its owner how the erasure goes on."""

    erasure: UUID
    farewell: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CancelWaits:
    """Nothing has changed yet: it takes effect at ``until``, and can be taken back before."""

    request: UUID
    until: datetime
    clause: ClauseId | None


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request: where it stands, by when it is answered and under which clause."""

    request: UUID
    right: str
    channel: str
    state: str
    received: datetime
    due: datetime | None
    clause: str | None
    overdue: bool
    takes_effect: datetime | None = None
    fee: int | None = None
    ground: str | None = None
    about: UUID | None = None
    done: datetime | None = None
    subject: SubjectId | None = None
    """Whose it is: for the desk only."""
    said: str = field(default="", repr=False)
    reply: str = field(default="", repr=False)
    language: str | None = None
    """In which language they are written to: for the desk only, once it is proven whose it is."""


@dataclass(frozen=True, slots=True)
class Busy:
    """How often something was decided in a span, and why."""

    policy: str
    function: str
    outcome: str
    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What the system is doing, about nobody in particular."""

    broker: bool
    head: str
    since: datetime
    busy: tuple[Busy, ...]
    titles: Mapping[tuple[str, str], Mapping[str, str]]
    """What functions are called, by policy and name."""


@dataclass(frozen=True, slots=True)
class StaffPurpose:
    """One purpose for which a clause lets staff look, in the policy's words."""

    policy: str
    function: FunctionName
    title: Mapping[str, str]
    purpose: str
    says: Mapping[str, str]
    on_request: bool
    """Only for a request of the person's own, or on another ground that the clause names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterForm:
    """What may be said of a receiver under a policy: kinds that its cases name, items, papers they need."""

    policy: PolicyName
    kinds: tuple[str, ...]
    items: tuple[ItemName, ...]
    papers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """What an authority's order keeps of one function of one person, by opaque id, until when."""

    subject: SubjectId
    policy: PolicyName
    function: FunctionName
    clause: ClauseId
    document: UUID
    records: int
    began: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptByLaw:
    """What is kept of oneself because a law wants it, or an order: then with the number of its paper."""

    policy: PolicyName
    function: FunctionName
    item: str
    clause: ClauseId
    document: UUID | None
    records: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ClosedItem:
    """An item that is closed to staff, the purpose they may have it for, the grounds that open it."""

    policy: PolicyName
    function: FunctionName
    title: Mapping[str, str]
    item: ItemName
    purpose: Purpose
    grounds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AtHand:
    """What staff have at hand to answer a request; no ``functions`` before it is proven whose it is."""

    grounds: tuple[str, ...]
    functions: Mapping[FunctionName, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Late:
    """What should be done by now, by opaque ids."""

    requests: tuple[UUID, ...] = ()
    erasures: tuple[UUID, ...] = ()
    steps: tuple[str, ...] = ()
    """Of matters that people are told of, as ``matter/step``."""


@dataclass(frozen=True, slots=True)
class NoticeRead:
    """A matter as people read it: one of theirs, or one that everybody can read."""

    matter: UUID
    kind: str
    policy: str
    version: int
    since: datetime
    takes_effect: datetime | None
    text: str
    seen: bool | None = None


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of an erasure; ``at`` is None until it is reached.

    ``by``: when it is reached at the latest; of the last one, when the time of backups is over. None: no
    policy says. ``late``: that moment has passed.
    """

    stage: int
    name: str
    at: datetime | None
    by: datetime | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an erasure is, and its certificate once there is one."""

    erasure: UUID
    stage: int
    stages: tuple[StageLine, ...]
    certificate: str | None = field(repr=False)
    addendum: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """One receipt of one's own; ``on`` is how a switch was put."""

    entry: EntryId
    kind: str
    at: datetime
    receipt: str = field(repr=False)
    function: FunctionName | None = None
    switch: SwitchName | None = None
    on: bool | None = None
