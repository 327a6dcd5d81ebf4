"""The copy as a page that people read: one file, nothing to load, made while the lines of the copy come.

The lines are those of the copy for programs, and no others: there is no second way to the data. Everything in
them is text here, and the page forbids itself every script. A picture that came in one piece is shown; films
are named, and lie whole in the other file.
"""

from __future__ import annotations

import json
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from troth.edges.web.render import written
from troth.terms import FunctionName

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from troth.edges.web.words import Words

PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})


async def pieces(
    lines: AsyncIterator[Mapping[str, object]],
    t: Words,
    titles: Mapping[FunctionName, str],
    recipients: Mapping[str, str],
) -> AsyncIterator[bytes]:
    """Yield the page piece by piece; without its last words it was cut short.

    ``titles`` and ``recipients`` are what functions and others are called.
    """
    style = Markup(files("troth.edges.web").joinpath("static", "copy.css").read_text("utf-8"))  # noqa: S704
    section = ""
    media: Mapping[str, object] = {}
    async for line in lines:
        kind = str(line["kind"])
        media = line if kind == "media" else media
        told: dict[str, Any] = {"line": line, "media": media, "style": style, "recipients": recipients}
        told |= {"heads": kind not in {section, "bytes"}, "named": _named(line, titles)}
        told |= {"at": _moment(line), "whole": _whole(line), "pictures": PICTURES}
        section = section if kind == "bytes" else kind
        yield written("parts/copied.html", t, told).encode()


def _named(line: Mapping[str, Any], titles: Mapping[FunctionName, str]) -> list[str]:
    """Return what the functions that a line is for are called."""
    names = [str(each).rpartition("/")[2] for each in line.get("functions", ())]
    names += [str(line["function"])] if line.get("function") else []
    return [titles.get(FunctionName(name), name) for name in names]


def _moment(line: Mapping[str, Any]) -> datetime | None:
    """Return when a line was; a day alone has no time of day."""
    text = line.get("text", {})
    said = str(line.get("at") or line.get("made") or line.get("received") or text.get("at") or "")
    return datetime.fromisoformat(said) if "T" in said else None


def _whole(line: Mapping[str, object]) -> str:
    """Return a line as programs have it, to be looked up beneath the words."""
    return json.dumps({key: line[key] for key in line if key != "kind"}, ensure_ascii=False, indent=1)
