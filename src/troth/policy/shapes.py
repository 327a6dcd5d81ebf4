"""Shapes of fields: what one part of a value may hold, and a quick check made of each.

Data says which shapes there are (`forms.yaml`); this module says what each kind of shape means. A check
answers yes or no and never raises, whatever it is given. Nothing here knows items.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import cast

Check = Callable[[object], bool]
_UNSEEN = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
"""Control characters, line ends other than those of prose, and halves of characters."""
_LINE = re.compile(f"[^{_UNSEEN}]+")
_PROSE = re.compile(f"(?:[^{_UNSEEN}]|[\n\t])+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


class Is(StrEnum):
    """Every kind of shape. Closed."""

    TEXT = "text"  # one line
    PROSE = "prose"  # several
    ONE_OF = "one_of"
    WHOLE = "whole"
    DECIMAL = "decimal"
    YES_NO = "yes_no"
    DAY = "day"
    MOMENT = "moment"
    IP = "ip"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one field may hold. ``most`` is characters of a text, entries of a list, or the largest number."""

    kind: Is
    most: int | None = None
    least: int | None = None
    like: str | None = None
    words: tuple[str, ...] = ()
    of: Shape | None = None
    unit: str | None = None

    def says(self) -> str:
        """Say in a few words what to write."""
        match self.kind:
            case Is.TEXT | Is.PROSE:
                pattern = f" like {self.like}" if self.like else ""
                return f"{self.kind.value} of 1 to {self.most} characters{pattern}"
            case Is.ONE_OF:
                return f"one of {', '.join(self.words)}"
            case Is.WHOLE | Is.DECIMAL:
                number = "whole number" if self.kind is Is.WHOLE else "number"
                return f"{number} from {self.least} to {self.most}{' ' + self.unit if self.unit else ''}"
            case Is.LIST:
                return f"list of at most {self.most}, each {self.of.says() if self.of else 'nothing'}"
            case _:
                return _SAYS[self.kind]

    def check(self) -> Check:
        """Return the check that this shape comes down to."""
        return _MAKERS[self.kind](self)


_SAYS: Mapping[Is, str] = {
    Is.YES_NO: "true or false",
    Is.DAY: "a day such as 2020-03-03",
    Is.MOMENT: "a moment such as 2020-03-03T09:00:00+08:00",
    Is.IP: "an IP address",
}
NEEDS: Mapping[Is, frozenset[str]] = {
    Is.TEXT: frozenset({"most"}),
    Is.PROSE: frozenset({"most"}),
    Is.ONE_OF: frozenset({"words"}),
    Is.WHOLE: frozenset({"least", "most"}),
    Is.DECIMAL: frozenset({"least", "most"}),
    Is.LIST: frozenset({"of", "most"}),
}
"""What a shape of each kind must say: nothing is without bounds."""
TAKES: Mapping[Is, frozenset[str]] = {
    Is.TEXT: frozenset({"most", "like"}),
    Is.PROSE: frozenset({"most", "like"}),
    Is.WHOLE: frozenset({"least", "most", "unit"}),
    Is.DECIMAL: frozenset({"least", "most", "unit"}),
}
"""What it may say, where that is more."""


def _text(shape: Shape) -> Check:
    most, any_of = shape.most or 0, (_LINE if shape.kind is Is.TEXT else _PROSE).fullmatch
    if shape.like is None:
        return lambda value: type(value) is str and len(value) <= most and any_of(value) is not None
    like = re.compile(shape.like).fullmatch

    def check(value: object) -> bool:
        return type(value) is str and len(value) <= most and bool(any_of(value) and like(value))

    return check


def _one_of(shape: Shape) -> Check:
    words = frozenset(shape.words)
    return lambda value: type(value) is str and value in words


def _whole(shape: Shape) -> Check:
    least, most = shape.least or 0, shape.most or 0
    return lambda value: type(value) is int and least <= value <= most


def _decimal(shape: Shape) -> Check:
    least, most = shape.least or 0, shape.most or 0

    def check(value: object) -> bool:
        if type(value) is int:
            return least <= value <= most
        return type(value) is float and math.isfinite(value) and least <= value <= most

    return check


def _yes_no(_shape: Shape) -> Check:
    return lambda value: value is True or value is False


def _written(pattern: re.Pattern[str], read: Callable[[str], object]) -> Callable[[Shape], Check]:
    def check(value: object) -> bool:
        if type(value) is not str or not pattern.fullmatch(value):
            return False
        try:
            read(value)
        except ValueError:
            return False
        return True

    return lambda _shape: check


def _list(shape: Shape) -> Check:
    most, each = shape.most or 0, shape.of.check() if shape.of else _nothing

    def check(value: object) -> bool:
        if type(value) is not list and type(value) is not tuple:
            return False
        parts = cast("list[object]", value)
        return len(parts) <= most and all(map(each, parts))

    return check


def _nothing(_value: object) -> bool:
    return False


_MAKERS: Mapping[Is, Callable[[Shape], Check]] = {
    Is.TEXT: _text,
    Is.PROSE: _text,
    Is.ONE_OF: _one_of,
    Is.WHOLE: _whole,
    Is.DECIMAL: _decimal,
    Is.YES_NO: _yes_no,
    Is.DAY: _written(_DAY, date.fromisoformat),
    Is.MOMENT: _written(_MOMENT, datetime.fromisoformat),
    Is.IP: _written(re.compile(r"[0-9A-Fa-f:.]{2,45}"), ip_address),
    Is.LIST: _list,
}
