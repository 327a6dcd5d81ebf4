"""Many values with the same fields, field by field: quicker to look through than value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, cast

_MAP, _TEXT = frozenset({dict}), frozenset({str})


def by_field(values: Sequence[object]) -> Mapping[str, list[Any]] | None:
    """Return a column for each field; None unless all ``values`` are maps of the same fields."""
    if not values or not _MAP.issuperset(map(type, values)):
        return None
    rows = cast("Sequence[dict[str, Any]]", values)
    names = [*rows[0]]
    if not _TEXT.issuperset(map(type, names)) or {*map(len, rows)} != {len(names)}:
        return None
    try:
        return {name: [*map(itemgetter(name), rows)] for name in names}
    except KeyError:
        return None
