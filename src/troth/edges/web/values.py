"""How a value of an item reads: by its form, each part as people say it.

Amounts carry their currency's sign, moments are local, listed words and places come from `words/values.yaml`.
What somebody wrote stays as they wrote it. Says values; decides nothing about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from troth.edges.web.words import start
from troth.policy.clauses import PERMISSION
from troth.policy.shapes import Is, Shape
from troth.policy.values import VALUES
from troth.policy.vocabulary import NEEDS, VOCABULARY, Counts
from troth.policy.words import Language
from troth.terms import ItemName

if TYPE_CHECKING:
    from troth.edges.web.words import Words
    from troth.policy.forms import Form

Names = Mapping[str, str]
"""What devices are called, by id."""
_NOBODY: Names = {}
_DEVICE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACES = ("zone", "line")
_SECONDS = "s"
_ANY = Shape(kind=Is.TEXT)


def told(t: Words, item: str, value: Mapping[str, object], names: Names = _NOBODY) -> str:
    """Write a whole value in one line; a word of ours at its start has a capital, what people wrote stays."""
    form = VALUES.forms.get(ItemName(item))
    if len(value) == 1 or all(_DEVICE.fullmatch(name) for name in value):
        return t.list(_part(t, form, name, part, names) for name, part in value.items())
    named = _named(t, form, value, names)
    return start(t("parts").join(t("field_is", field=field, value=said) for field, said in named))


def field(t: Words, item: str, name: str) -> str:
    """Name one field of an item's value."""
    return _own(t, "field", VALUES.forms.get(ItemName(item)), name) or name.replace("_", " ")


def word(t: Words, item: str, listed: str) -> str:
    """Say one word of a list that an item's form has."""
    return _own(t, "word", VALUES.forms.get(ItemName(item)), listed) or listed


def need(t: Words, name: str) -> str:
    """Name something that a function may need."""
    known = NEEDS.get(name)
    return known[Language(t.language)] if known else name.removeprefix(PERMISSION).replace("_", " ")


def counted(t: Words, item: str, many: int) -> str:
    """Say how many of what an item counts: people, transactions, or plain entries."""
    known = VOCABULARY.get(ItemName(item))
    return t.counted((known.counts if known else Counts.ENTRIES).value, many)


def place(t: Words, called: str) -> str:
    """Say where, as a camera calls it."""
    return t.known(f"place.{called.strip().lower().replace(' ', '_')}") or called


def _named(
    t: Words, form: Form | None, value: Mapping[str, object], names: Names
) -> Iterator[tuple[str, str]]:
    amount, currency = value.get("amount"), value.get("currency")
    money = isinstance(amount, int | float) and isinstance(currency, str)
    for name, part in value.items():
        if money and name == "currency":
            continue
        said = t.money(float(str(amount)), str(currency)) if money and name == "amount" else None
        label = _own(t, "field", form, name) or name.replace("_", " ")
        yield label, said or _part(t, form, name, part, names)


def _part(t: Words, form: Form | None, name: str, part: object, names: Names) -> str:
    match part:
        case Mapping():
            parts = cast("Mapping[str, object]", part)
            return t.list(_part(t, form, each, one, names) for each, one in parts.items())
        case list() | tuple():
            return t.list(_part(t, form, name, each, names) for each in cast("list[object]", part))
        case bool():
            return t("yes" if part else "no")
        case int() | float():
            return _figure(t, _shape(form, name), part)
        case None:
            return t("nothing")
        case _:
            return _text(t, form, name, str(part), names)


def _text(t: Words, form: Form | None, name: str, text: str, names: Names) -> str:
    kind = _shape(form, name).kind
    if kind is Is.ONE_OF:
        return _own(t, "word", form, text) or text
    if kind in (Is.MOMENT, Is.DAY):
        return _when(t, kind, text)
    return place(t, text) if name in _PLACES else names.get(text, text)


def _figure(t: Words, shape: Shape, figure: float) -> str:
    if shape.unit == _SECONDS:
        return t.length(figure)
    if shape.unit == "B":
        return t.size(int(figure))
    return f"{t.number(figure)} {t.unit(shape.unit)}" if shape.unit else t.number(figure)


def _when(t: Words, kind: Is, text: str) -> str:
    try:
        if kind is Is.DAY:
            return t.day(date.fromisoformat(text))
        return t.moment(datetime.fromisoformat(text))
    except ValueError:
        return text


def _shape(form: Form | None, name: str) -> Shape:
    """Return what a field holds; of a list, what each of its entries does."""
    found = None if form is None else form.must.get(name) or form.may.get(name) or form.by_device
    while found is not None and found.of is not None:
        found = found.of
    return found or _ANY


def _own(t: Words, group: str, form: Form | None, name: str) -> str | None:
    own = None if form is None else t.known(f"{group}.{form.name}.{name}")
    return own or t.known(f"{group}.{name}")
