"""What a trial saw, in the words of the reader: codes and sentences from `seen.yaml`, the rest as it stands.

The proof itself goes by what was seen, in English and codes; only a report asks for other words. Decides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from troth.policy import nodes

if TYPE_CHECKING:
    from troth.policy.period import Period

_BLANK = re.compile(r"\\\{(\w+)\\\}")
_CODE = re.compile(r"(?<![\w/.-])[a-z]+(?:_[a-z]+)*(?![\w/.-])")
_BETWEEN = "; "
_Phrases = Sequence[tuple[re.Pattern[str], str]]


@cache
def in_chinese(seen: str) -> str:
    """Return what was seen in Chinese, part by part; codes keep their name beside their word."""
    return "；".join(_part(part) for part in seen.split(_BETWEEN))


def codes() -> Mapping[str, str]:
    """Return the word for each code."""
    return _table()[0]


def word(code: str) -> str:
    """Return what a code is called inside a Chinese sentence; the code, where it has no word there."""
    return _table()[2].get(code, code)


def lasting(period: Period) -> str:
    """Return how long a period is, in Chinese."""
    return f"{period.value} {word(period.unit)}"


def _part(part: str) -> str:
    for pattern, said in _table()[1]:
        found = pattern.fullmatch(part)
        if found is not None:
            return said.format(**{name: _part(text) for name, text in found.groupdict().items()})
    return _CODE.sub(_word, part)


def _word(found: re.Match[str]) -> str:
    code = found[0]
    word = _table()[0].get(code)
    return code if word is None else f"{word} ({code})"


@cache
def _table() -> tuple[Mapping[str, str], _Phrases, Mapping[str, str]]:
    text = files("troth.prove").joinpath("seen.yaml").read_text(encoding="utf-8")
    told: Mapping[str, Any] = nodes.plain(text, "seen.yaml")
    phrases = [(_pattern(english), chinese) for english, chinese in told["phrases"]]
    return told["codes"], phrases, told["words"]


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_BLANK.sub(lambda blank: f"(?P<{blank[1]}>.+?)", re.escape(english)))
