"""The copy as a page that people read: one file, nothing to load, made while the lines of the copy come.

The lines are those of the copy for programs, and no others: there is no second way to the data. Everything in
them is text here, and the page forbids itself every script. A picture that came in one piece is shown; films
are named, and lie whole in the other file. Parts that grow long are folded. The contents say how many there
are of each, so they are written last and shown first.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from troth.edges.web.render import written
from troth.edges.web.words import start
from troth.terms import LEGAL_TIME, FunctionName

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from troth.edges.web.words import Words

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_OPEN = frozenset({"document", "media", "device", "request"})
"""Parts that are short, so that nobody has to unfold them."""
_Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Called:
    """What functions, recipients and devices are called, by name or id."""

    functions: Mapping[FunctionName, str]
    recipients: Mapping[str, str]
    devices: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the page, the lines of one kind. ``begins``: with this line; ``before``: what that ends."""

    kind: str = ""
    begins: bool = False
    before: _Part | None = None

    @property
    def open(self) -> bool:
        return self.kind in _OPEN

    def next(self, kind: str) -> _Part:
        if kind in {self.kind, "bytes", "end"}:
            return _Part(self.kind)
        return _Part(kind, begins=True, before=_Part(self.kind) if self.kind else None)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Under what a reading stands: its functions and day, and what was measured, said when it changes."""

    functions: tuple[str, ...] = ()
    day: date = date.min
    item: str = ""

    @property
    def under(self) -> tuple[tuple[str, ...], date]:
        return self.functions, self.day

    @classmethod
    def of(cls, line: _Line, named: list[str], at: datetime) -> _Reading:
        return cls(tuple(named), at.astimezone(LEGAL_TIME).date(), str(line["item"]))


async def pieces(lines: AsyncIterator[_Line], t: Words, called: Called) -> AsyncIterator[bytes]:
    """Yield the page piece by piece; without its last words it was cut short."""
    style = Markup(files("troth.edges.web").joinpath("static", "copy.css").read_text("utf-8"))  # noqa: S704
    part, counts, media, before = _Part(), Counter[str](), dict[str, Any](), _Reading()
    fixed: dict[str, Any] = {"style": style, "pictures": PICTURES, "counts": counts}
    fixed |= {"recipients": called.recipients, "devices": called.devices}
    async for line in lines:
        kind = str(line["kind"])
        if kind == "media":
            media = line
        if kind != "profile":
            part = part.next(kind)
            counts[part.kind] += kind not in {"bytes", "end"}
        at, named = _moment(line), _named(line, called.functions)
        reading = _Reading.of(line, named, at) if kind == "reading" and at else before
        told = {"line": line, "media": media, "part": part, "named": named, "at": at, "whole": _whole(line)}
        new = reading.under != before.under
        told |= {"day": reading.day if new else None, "since": _since(line, t)}
        told |= {"names_item": new or reading.item != before.item}
        before = reading
        yield written("parts/copied.html", t, fixed | told).encode()


def _named(line: _Line, titles: Mapping[FunctionName, str]) -> list[str]:
    """Return what the functions that a line is for are called."""
    names = [str(each).rpartition("/")[2] for each in line.get("functions", ())]
    names += [str(line["function"])] if line.get("function") else []
    return [titles.get(FunctionName(name), name) for name in names]


def _moment(line: _Line) -> datetime | None:
    """Return when a line was; a day alone has no time of day."""
    text = line.get("text", {})
    said = str(line.get("received") or line.get("at") or line.get("made") or text.get("at") or "")
    return datetime.fromisoformat(said) if "T" in said else None


def _since(line: _Line, t: Words) -> str:
    """Say when a film was made, or came where that was not said; or since when a device is theirs."""
    if line["kind"] == "device":
        return start(t("bound_on", day=t.day(date.fromisoformat(line["bound"]))))
    if line["kind"] != "media":
        return ""
    at = line["value"].get("at")
    return t.moment(datetime.fromisoformat(at)) if at else t.day(date.fromisoformat(line["at"][:10]))


def _whole(line: _Line) -> str:
    """Return a line as programs have it, to be looked up beneath the words."""
    return json.dumps({key: line[key] for key in line if key != "kind"}, ensure_ascii=False, indent=1)
