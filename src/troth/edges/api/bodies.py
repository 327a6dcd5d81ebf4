"""Request bodies as they arrive: strict, closed, bounded. They end here; doors get terms and plain values.

Nothing is coerced: a number is not a text, a text is not a date unless it is written as one.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


def _printable(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise PydanticCustomError("unprintable", "control characters are not allowed")
    return text


def _day(given: Any) -> date:
    if isinstance(given, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    raise PydanticCustomError("day", "write a day as YYYY-MM-DD")


def _uuid(given: Any) -> UUID:
    if isinstance(given, str) and re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given):
        return UUID(given)
    raise PydanticCustomError("id", "write an id as a UUID")


Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str)]
Id = Annotated[UUID, BeforeValidator(_uuid, json_schema_input_type=str)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
Short = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_printable)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(_printable)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
HourMinute = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Language = Literal["en", "zh"]
Value = Annotated[dict[Word, Any], Field(max_length=1000)]
Values = Annotated[dict[Word, Value], Field(min_length=1, max_length=50)]
"""Values by item. What fields a value has is for the form of its item to say."""


class Body(BaseModel):
    """What every body is: strict, without unknown fields, and silent about what it was given."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True, frozen=True)


class Registering(Body):
    """A new account: whom to reach, and which text was shown and agreed to."""

    phone: Short | None = None
    email: (
        Annotated[str, StringConstraints(min_length=3, max_length=254), AfterValidator(_printable)] | None
    ) = None
    password: Secret
    policy: Word
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    language: Language
    text_hash: Hash
    agreed: bool
    birth_date: Day | None = None
    declares_adult: bool | None = None
    guardian: Secret | None = None
    items: Values | None = None


class Code(Body):
    """A verification code, as typed."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=16), AfterValidator(_printable)]


class SigningIn(Body):
    """A phone number or an e-mail address, and the password."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=254), AfterValidator(_printable)]
    password: Secret


class AskingCode(Body):
    """A phone number or an e-mail address of who has no password."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=254), AfterValidator(_printable)]


class SigningInByCode(AskingCode):
    """The same, with the code that was sent there."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=16), AfterValidator(_printable)]


class ResettingPassword(SigningInByCode):
    """The same, with a password in place of a forgotten one."""

    password: Secret


class SettingPassword(Body):
    """A new password, and the one it replaces if there is one."""

    password: Secret
    current: Secret | None = None


class Choosing(Body):
    """A choice of a function or of one optional item; consent names the hash of the text shown for it."""

    language: Language
    text_hash: Hash | None = None
    item: Word | None = None


class Agreeing(Body):
    """The version, language and hash of the text that was shown."""

    version: int
    language: Language
    text_hash: Hash


class Finding(Body):
    """Who was found to be a minor, and that the desk knows that erasing can't be undone."""

    contact: Short
    warned: bool = False


class Vouching(Body):
    """A guardian agrees to the text for a child, who is to register with ``contact``."""

    contact: Short
    policy: Word
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    language: Language
    text_hash: Hash
    born: Day


class NoLonger(Body):
    """A guardian takes back what they agreed to for the child whose account has ``contact``."""

    contact: Short


class Withdrawing(Body):
    """What is taken back: the function, or one optional item of it."""

    item: Word | None = None


class Empty(Body):
    """No fields."""


class Switching(Body):
    """A switch is put on or off, for one device or for the person."""

    on: bool
    device: Id | None = None


class StoreNamed(Body):
    """The shop that a till stands in."""

    store_name: Short
    store_address: Long


class DeviceTelling(Body):
    """What a device says of itself; of a till also its shop, and which of the owner's cameras sees it."""

    serial: Short
    model: Short
    mac: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$")]
    ip: Annotated[str, StringConstraints(min_length=2, max_length=45, pattern=r"^[0-9A-Fa-f:.]+$")]
    store: StoreNamed | None = None
    seen_by: Id | None = None


class Binding(DeviceTelling):
    """A device at hand: what it says of itself, the code in its box, and what kind of device it is."""

    code: Short
    kind: Word = "camera"


class Reviewing(Body):
    """What is said of a flag of a day."""

    day: Day
    verdict: Literal["confirmed", "cleared"]


class Hours(Body):
    """Opening hours, local time."""

    opens: HourMinute
    closes: HourMinute


class StoreBody(Body):
    """The shop that a camera stands in."""

    store_name: Short
    store_address: Long
    business_hours: Hours


class Confirming(Body):
    """The second step of a cancellation."""

    confirm: Secret


def moment(given: Any) -> datetime:
    """Return a moment as it is written on the wire. Raises `ValueError`."""
    if isinstance(given, str):
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            found = None
        if found is not None and found.tzinfo is not None:
            return found
    raise PydanticCustomError("moment", "write a moment as RFC 3339, with its offset")


Moment = Annotated[datetime, BeforeValidator(moment, json_schema_input_type=str)]


def _letter(text: str) -> str:
    if any(unicodedata.category(char) in {"Cc", "Cs"} and char != "\n" for char in text):
        raise PydanticCustomError("unprintable", "control characters are not allowed")
    return text


Letter = Annotated[str, StringConstraints(max_length=4000), AfterValidator(_letter)]


class Requesting(Body):
    """What a person asks for, by the policy's word for the right; ``about`` is an answer complained of."""

    right: Word
    text: Letter = ""
    about: Id | None = None


class Telling(Body):
    """What the person adds."""

    text: Letter


class Entering(Body):
    """A request that came in at the desk: from whom, through what, when; ``about`` an answer.

    ``policy``: which of those that they accepted, if not the one of their account.
    """

    contact: Short
    right: Word
    channel: Word
    text: Letter = ""
    received: Moment | None = None
    about: Id | None = None
    policy: Word | None = None


class Proving(Body):
    """What was shown, in the policy's words: identity, written_request, death, kinship."""

    proofs: Annotated[list[Word], Field(min_length=1, max_length=10)]


class AskingMore(Body):
    """What is still missing."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_letter)]


class Quoting(Body):
    """What it would cost, in fen."""

    fee: Annotated[int, Field(ge=1, le=100_000_000)]
    text: Letter = ""


class Meeting(Body):
    """What the person is told; the function it is done to; that they were warned of what cannot be undone."""

    text: Letter = ""
    function: Word | None = None
    warned: bool = False


class Refusing(Body):
    """A ground that the policy lists, and the facts."""

    ground: Word
    facts: Letter


class Acknowledging(Body):
    """A recipient of something erased has deleted it; ``unless``: why the policy spares it."""

    recipient: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
    unless: Word | None = None


class Farewell(Body):
    """What the owner of a cancelled account still holds."""

    farewell: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Grounds(Body):
    """A listed ground and the opaque id of the attached document. It stays in the ledger for good."""

    ground: Word
    document: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class Looking(Body):
    """Staff asks to see items of one person, for a purpose."""

    subject: Id
    function: Word
    items: Annotated[list[Word], Field(min_length=1, max_length=50)]
    purpose: Word
    reference: Grounds | None = None


class Stocking(Body):
    """The maker puts a device on the shelf; ``supplier``: which recipient of a policy brings it to people."""

    serial: Short
    model: Short
    code: Annotated[str, StringConstraints(min_length=4, max_length=64), AfterValidator(_printable)]
    supplier: Word | None = None


class Giving(Body):
    """Values by item, each in the form of its item."""

    values: Values


class Correcting(Body):
    """The value that one reading should have had."""

    value: Value


class Stating(Body):
    """A need is met, or no longer."""

    met: bool


class Serving(Body):
    """A service's question about one person, for a purpose."""

    subject: Id
    function: Word
    purpose: Word
    reference: Grounds | None = None
    policy: Word | None = None


class TakingIn(Serving):
    """What a service collected, by item; ``another``: one more of each, such as an order among orders."""

    values: Values
    another: bool = False


class Happening(Serving):
    """What happened to one record of an item, by the policy's word for it, such as ``order_completed``."""

    item: Word
    record: Id
    event: Word


class Using(Serving):
    """What a service wants to see."""

    items: Annotated[list[Word], Field(min_length=1, max_length=50)]


class InCase(Body):
    """That it is given away in a case that the policy lists, with the papers of this occasion."""

    act: Word
    case: Word
    papers: Annotated[dict[Word, Id], Field(max_length=20)] = {}


class Receiving(Body):
    """A receiver for the register: of which kind, what for, and which items it needs for that."""

    kind: Word
    purpose: Word
    items: Annotated[list[Word], Field(min_length=1, max_length=100)]


class Allowing(Body):
    """A receiver may have something for a purpose, or no longer; ``separate``: asked for by itself."""

    purpose: Word
    allowed: bool
    separate: bool = False


class HandingOn(Using):
    """What a service hands to someone else; ``region`` is where it goes, if not here.

    ``device``: about which of their devices, for a recipient that gets only what concerns its own.
    """

    recipient: Word | None = None
    device: Id | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    case: InCase | None = None


class OpeningMedia(HandingOn):
    """For what a service, or the maker's people, open one object of media."""

    verb: Literal["use", "share", "disclose"]


class Declaring(Body):
    """Staff declare that data leaked: which functions or items, or whose; ``known``: since when, else now."""

    policy: Word
    known: Moment | None = None
    functions: Annotated[list[Word], Field(max_length=200)] = []
    items: Annotated[list[Word], Field(max_length=200)] = []
    subjects: Annotated[list[Id], Field(max_length=10_000)] = []


class WritingPart(Body):
    """One part of a notice, in one language. It is written to be read by everybody."""

    part: Word
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    text: Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class Attaching(Body):
    """The opaque id of a document that the maker keeps."""

    document: Id


class Ordering(Body):
    """An authority's order, by the opaque id of its paper: keep what a function holds until a moment."""

    contact: Short
    policy: Word | None = None
    function: Word
    items: Annotated[list[Word], Field(max_length=200)] = []
    document: Id
    until: Moment


class Prolonging(Body):
    """The order wants until later what it keeps of one person."""

    subject: Id
    until: Moment


class LettingGo(Body):
    """The order wants nothing of one person any more."""

    subject: Id


class EndingSomething(Body):
    """Functions, or with none the service, end at a moment."""

    policy: Word
    functions: Annotated[list[Word], Field(max_length=200)] = []
    at: Moment
