"""A value's form as fields of an HTML form, and back. What can be typed; whether it fits, `values` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troth.policy.shapes import Is, Shape
from troth.policy.values import VALUES
from troth.terms import ItemName

_TYPES: Mapping[Is, str] = {
    Is.TEXT: "text",
    Is.IP: "text",
    Is.PROSE: "prose",
    Is.ONE_OF: "one_of",
    Is.YES_NO: "yes_no",
    Is.WHOLE: "number",
    Is.DECIMAL: "number",
    Is.DAY: "date",
}
"""How each kind of shape is typed in; what is not here is not typed in by people."""
_LONGEST = 64
_OURS = frozenset({"device", "flag"})
"""Ids that the system gave, which nobody types: they stay as they are."""


@dataclass(frozen=True, slots=True)
class Typed:
    """One field of a form. ``now``: what it says already."""

    name: str
    type: str
    must: bool
    shape: Shape
    now: object


def typed(item: ItemName, now: Mapping[str, object] | None) -> Sequence[Typed]:
    """Return the fields in which a value of ``item`` is typed in; none where people do not type it."""
    form = VALUES.forms.get(item)
    if form is None:
        return ()
    fields = [(name, shape, True) for name, shape in form.must.items() if name not in _OURS]
    fields += [(name, shape, False) for name, shape in form.may.items() if name not in _OURS]
    if any(must and shape.kind not in _TYPES for _, shape, must in fields):
        return ()
    return [
        Typed(name, _type(shape), must, shape, (now or {}).get(name, ""))
        for name, shape, must in fields
        if shape.kind in _TYPES
    ]


def value(item: ItemName, said: Mapping[str, str], now: Mapping[str, object] | None) -> dict[str, object]:
    """Return what was typed in as a value of ``item``; what people do not type in stays as it was."""
    fields = typed(item, now)
    names = {field.name for field in fields}
    kept: dict[str, object] = {name: part for name, part in (now or {}).items() if name not in names}
    for field in fields:
        text = said.get(field.name, "").strip()
        if text:
            kept[field.name] = _read(field.shape.kind, text)
    return kept


def _type(shape: Shape) -> str:
    if shape.kind is Is.TEXT and shape.check()("09:00") and not shape.check()("nine"):
        return "time"
    if shape.kind is Is.TEXT and shape.most is not None and shape.most > _LONGEST * 4:
        return "prose"
    return _TYPES[shape.kind]


def _read(kind: Is, text: str) -> object:
    """Return what a text says, or the text itself where it is none of its kind: then it does not fit."""
    try:
        match kind:
            case Is.WHOLE:
                return int(text)
            case Is.DECIMAL:
                return float(text)
            case Is.YES_NO:
                return {"yes": True, "no": False}.get(text, text)
            case Is.PROSE:
                return text.replace("\r\n", "\n")
            case _:
                return text
    except ValueError:
        return text
