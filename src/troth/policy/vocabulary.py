"""The words for data: items, needs and kinds of devices, each with what it means, from `vocabulary.yaml`.

Read once, with the same strict reader as a policy. A word that is not here cannot be taken by any policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from types import MappingProxyType

from troth.policy import nodes
from troth.policy.forms import FORMS, NAME, Form
from troth.policy.kinds import Choice, Known, ListOf, MapOf, Pattern, Place, Text
from troth.policy.problems import PolicyRejected, Problem
from troth.policy.records import Field, Fields, Record
from troth.policy.words import Language
from troth.terms import ItemName, Purpose


class Category(StrEnum):
    """What kind of data an item is; one retention and protection class per category."""

    ACCOUNT = "account"
    CREDENTIAL = "credential"
    DEVICE_INFO = "device_info"
    DEVICE_ID = "device_id"
    NETWORK = "network"
    LOG = "log"
    RETAIL = "retail"
    FOOTFALL = "footfall"
    BIOMETRIC = "biometric"
    MEDIA = "media"
    DERIVED = "derived"
    SERVICE = "service"
    APP_USAGE = "app_usage"
    COMMERCE = "commerce"
    COMMUNICATIONS = "communications"
    CONTACT = "contact"
    CONTENT = "content"
    EMPLOYMENT = "employment"
    FINANCE = "finance"
    HEALTH = "health"
    IDENTITY = "identity"
    LOCATION = "location"
    PROFILE = "profile"
    SPECIAL = "special"


class Sensitivity(StrEnum):
    """Whether PIPL Art. 28, or a policy's own words, make an item sensitive."""

    ORDINARY = "ordinary"
    SENSITIVE = "sensitive"


class Counts(StrEnum):
    """What one entry of an item is one of, or tells several of in its field ``count``."""

    ENTRIES = "entries"
    PEOPLE = "people"
    VISITS = "visits"
    MOVEMENTS = "movements"
    ALERTS = "alerts"
    TRANSACTIONS = "transactions"


@dataclass(frozen=True, slots=True)
class Item:
    """One item of data, as a word."""

    name: ItemName
    category: Category
    sensitivity: Sensitivity
    label: Mapping[Language, str]
    dpv: str | None
    form: Form
    counts: Counts = Counts.ENTRIES

    def many(self, value: Mapping[str, object]) -> int:
        """Return how many of what it counts one value tells of."""
        told = value.get("count", 1) if self.counts is not Counts.ENTRIES else 1
        return told if isinstance(told, int) and not isinstance(told, bool) else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKind:
    """One kind of device: the need it supplies, the items that tell of it, and what it sends."""

    name: str
    supplies: str
    model: ItemName
    mac: ItemName
    serial: ItemName
    ip: ItemName
    told_for: Purpose
    """The usual purpose for which its owner tells of it."""
    sends: frozenset[ItemName]

    @property
    def items(self) -> frozenset[ItemName]:
        """All four identifiers."""
        return frozenset({self.model, self.mac, self.serial, self.ip})


@dataclass(frozen=True, slots=True)
class Words:
    """A whole vocabulary."""

    items: Mapping[ItemName, Item]
    needs: Mapping[str, Mapping[Language, str]]
    met_by: Mapping[str, frozenset[ItemName]]
    """Needs that are met by what is on file: the items that do, together."""
    devices: Mapping[str, DeviceKind]
    not_sent: frozenset[ItemName]


_SAYINGS = {each: Field(each.value, Text(), f"the label in {each.value}", must=True) for each in Language}
_LABEL = Field("label", Record("a label", tuple(_SAYINGS.values())), "what people read", must=True)
_CATEGORY = Field("category", Choice(Category), "what kind of data", must=True)
_SENSITIVITY = Field("sensitivity", Choice(Sensitivity), "how it is protected", must=True)
_DPV = Field("dpv", Pattern("a term of the DPV", r"[A-Z][A-Za-z]{1,60}"), "its DPV term")
_HAS = Field("form", Known("a form", frozenset(FORMS)), "the form of its values", must=True)
_COUNTS = Field("counts", Choice(Counts), "what one entry is one of; entries when it is not said")
_ITEM = Record("an item", (_CATEGORY, _SENSITIVITY, _LABEL, _DPV, _HAS, _COUNTS))
_MET_BY = Field("met_by", ListOf(NAME), "the items that meet it once they are on file")
_NEED = Record("a need", (_LABEL, _MET_BY))
_ITEMS = Field("items", MapOf(NAME, _ITEM), "the items", must=True)
_NEEDS = Field("needs", MapOf(NAME, _NEED), "what functions may need", must=True)
_SUPPLIES = Field("supplies", NAME, "the need that one supplies once it is bound", must=True)
_IDENTIFIERS = {
    part: Field(part, NAME, f"the item that is its {part}", must=True)
    for part in ("model", "mac", "serial", "ip")
}
_TOLD_FOR = Field("told_for", NAME, "the usual purpose for which its owner tells of it", must=True)
_SENDS = Field("sends", ListOf(NAME), "the items that it sends", must=True)
_DEVICE = Record("a kind of device", (_SUPPLIES, *_IDENTIFIERS.values(), _TOLD_FOR, _SENDS))
_DEVICES = Field("devices", MapOf(NAME, _DEVICE), "kinds of devices", must=True)
_NOT_SENT = Field("not_sent", ListOf(NAME), "items that no device sends", must=True)
_WORDS = Record("a vocabulary", (_ITEMS, _NEEDS, _NOT_SENT, _DEVICES))


def read(text: str, file: str) -> Words:
    """Read a vocabulary; raises `PolicyRejected`."""
    problems: list[Problem] = []
    fields = _WORDS.read(nodes.parse(text, file), Place("vocabulary", problems))
    if fields is None or problems:
        raise PolicyRejected(problems)
    items = {ItemName(name): _item(name, got.value) for name, got in fields.need(_ITEMS).items()}
    needs = {name: _label(got.value) for name, got in fields.need(_NEEDS).items()}
    met_by = {name: _met_by(got.value) for name, got in fields.need(_NEEDS).items() if got.value.got(_MET_BY)}
    devices = {name: _device(name, got.value) for name, got in fields.need(_DEVICES).items()}
    unsent = frozenset(ItemName(got.value) for got in fields.need(_NOT_SENT))
    return Words(
        items=MappingProxyType(items),
        needs=MappingProxyType(needs),
        met_by=MappingProxyType(met_by),
        devices=MappingProxyType(devices),
        not_sent=unsent,
    )


def _met_by(fields: Fields) -> frozenset[ItemName]:
    return frozenset(ItemName(got.value) for got in fields.get(_MET_BY) or ())


def _device(name: str, fields: Fields) -> DeviceKind:
    told = {part: ItemName(fields.need(each)) for part, each in _IDENTIFIERS.items()}
    return DeviceKind(
        name=name,
        supplies=fields.need(_SUPPLIES),
        model=told["model"],
        mac=told["mac"],
        serial=told["serial"],
        ip=told["ip"],
        told_for=Purpose(fields.need(_TOLD_FOR)),
        sends=frozenset(ItemName(got.value) for got in fields.need(_SENDS)),
    )


def _item(name: str, fields: Fields) -> Item:
    return Item(
        name=ItemName(name),
        category=fields.need(_CATEGORY),
        sensitivity=fields.need(_SENSITIVITY),
        label=_label(fields),
        dpv=fields.get(_DPV),
        form=FORMS[fields.need(_HAS)],
        counts=fields.get(_COUNTS) or Counts.ENTRIES,
    )


def _label(fields: Fields) -> Mapping[Language, str]:
    label = fields.need(_LABEL)
    return MappingProxyType({language: label.need(said) for language, said in _SAYINGS.items()})


_BUILT_IN = read(
    (resources.files("troth.policy") / "vocabulary.yaml").read_text(encoding="utf-8"), "vocabulary.yaml"
)
VOCABULARY: Mapping[ItemName, Item] = _BUILT_IN.items
NEEDS: Mapping[str, Mapping[Language, str]] = _BUILT_IN.needs
MET_BY: Mapping[str, frozenset[ItemName]] = _BUILT_IN.met_by
DEVICES: Mapping[str, DeviceKind] = _BUILT_IN.devices
NOT_SENT: frozenset[ItemName] = _BUILT_IN.not_sent
