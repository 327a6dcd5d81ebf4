"""A policy at a glance: a square for each promise, a row for each part of the text. SVG without script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from html import escape

from markupsafe import Markup


class Mark(StrEnum):
    """How a promise is drawn: its verdict, or proven."""

    PROVEN = "proven"
    KEPT = "kept"
    FACT = "fact"
    ATTESTED = "attested"
    NOT_PROVABLE = "not_provable"
    NOT_BUILT = "not_built"
    BROKEN = "broken"


COLOURS: Mapping[Mark, tuple[str, str]] = {
    Mark.PROVEN: ("#14693c", "#ffffff"),
    Mark.KEPT: ("#7cc796", "#0b3a20"),
    Mark.FACT: ("#cfe9d6", "#0b3a20"),
    Mark.ATTESTED: ("#b9d3ee", "#17395c"),
    Mark.NOT_PROVABLE: ("#f3d58b", "#5b4300"),
    Mark.NOT_BUILT: ("#e3e3e0", "#5a5a55"),
    Mark.BROKEN: ("#b3261e", "#ffffff"),
}
SIGNS: Mapping[Mark, str] = {
    Mark.PROVEN: "✓",
    Mark.KEPT: "✓",
    Mark.FACT: "i",
    Mark.ATTESTED: "§",
    Mark.NOT_PROVABLE: "?",
    Mark.NOT_BUILT: "·",
    Mark.BROKEN: "✗",
}
"""Signs besides colours: a report is printed in black, too, and read by those who see no red."""
_SIDE, _GAP, _LEFT, _ACROSS = 16, 3, 132, 28


def picture(rows: Sequence[tuple[str, Sequence[tuple[str, Mark]]]], names: Mapping[Mark, str]) -> Markup:
    """Draw ``rows`` of promises; ``names`` are the marks' in the language of the reader."""
    step, y, shapes = _SIDE + _GAP, 0, list[str]()
    for heading, promises in rows:
        label = escape(f"{heading} {len(promises)}")
        shapes.append(f'<text x="{_LEFT - 8}" y="{y + 12}" text-anchor="end" class="row">{label}</text>')
        for number, (promise, mark) in enumerate(promises):
            if number and number % _ACROSS == 0:
                y += step
            x = _LEFT + (number % _ACROSS) * step
            shapes.append(_square(x, y, promise, mark, names[mark]))
        y += step + _GAP
    width = _LEFT + _ACROSS * step
    return Markup(  # noqa: S704 - every text in it is escaped
        f'<svg viewBox="0 0 {width} {max(y, step)}" role="img" class="picture">{"".join(shapes)}</svg>'
    )


def _square(x: int, y: int, promise: str, mark: Mark, name: str) -> str:
    ground, ink = COLOURS[mark]
    return (
        f"<g><title>{escape(promise)}: {escape(name)}</title>"
        f'<rect x="{x}" y="{y}" width="{_SIDE}" height="{_SIDE}" rx="3" fill="{ground}"/>'
        f'<text x="{x + _SIDE / 2:g}" y="{y + 12}" text-anchor="middle" fill="{ink}" class="sign">'
        f"{SIGNS[mark]}</text></g>"
    )
