"""Bars as SVG, drawn here: no library, no script, and nothing to load. Figures stand beside them as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDE = 100.0
_HIGH = 10


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: how much, and its class in the style sheet."""

    n: int
    kind: str


def bar(parts: Sequence[Part], most: int) -> Markup:
    """Return one bar, as long as its sum is of ``most``. It says nothing by itself: the text does."""
    at, drawn = 0.0, Markup("")
    for part in parts:
        wide = _WIDE * part.n / max(most, 1)
        drawn += Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="{}"/>').format(
            part.kind, at, wide, _HIGH
        )
        at += wide
    return Markup(
        '<svg class="bar" viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(_HIGH, drawn)
