"""The pages' texts in both languages, and how dates read in each. Picks a language; decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from troth.policy import nodes
from troth.policy.phrases import PHRASES
from troth.policy.vocabulary import VOCABULARY
from troth.policy.words import Language as Said
from troth.terms import LEGAL_TIME, ItemName

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_KILO = 1000
_MINUTE = 60
_JOINED = "\u2060"
_LOCALES: Mapping[Language, str] = {"en": "en", "zh": "zh_Hans_CN"}


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return every text by key and language."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(files("troth.edges.web").joinpath("words").iterdir(), key=lambda each: each.name):
        read: Mapping[str, Mapping[str, str]] = nodes.plain(file.read_text(encoding="utf-8"), file.name)
        found |= read
    return found


def preferred(asked: str | None, remembered: str | None, accepts: str) -> Language:
    """Return the language asked for, else the one remembered, else the browser's first that we have."""
    for said in (asked, remembered):
        for language in LANGUAGES:
            if said == language:
                return language
    ranked = sorted(_accepted(accepts), key=lambda pair: -pair[1])
    for tag, weight in ranked:
        for language in LANGUAGES:
            if weight > 0 and tag.split("-")[0] == language:
                return language
    return "en"


def _accepted(header: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for part in header[:200].split(","):
        tag, _, rest = part.strip().lower().partition(";")
        weight = rest.strip().removeprefix("q=")
        try:
            found.append((tag, float(weight) if weight else 1.0))
        except ValueError:
            continue
    return found


def start(text: str) -> str:
    """Write a text of ours as the start of a line or a sentence."""
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: Language

    def __call__(self, key: str, **parts: object) -> str:
        """Return the text of ``key``; of ``group.word`` the group's ``other`` when the word has none."""
        entry = catalogue().get(key)
        if entry is None:
            group, _, word = key.partition(".")
            return catalogue()[f"{group}.other"][self.language].format(**{group: word.replace("_", " ")})
        return entry[self.language].format(**parts)

    def known(self, key: str) -> str | None:
        """Return the text of ``key``, if there is one."""
        entry = catalogue().get(key)
        return entry[self.language] if entry else None

    def pick(self, texts: Mapping[str, str], fallback: str = "") -> str:
        """Return the text of this language, else any, else ``fallback``."""
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()), fallback)

    def list(self, words: Iterable[str]) -> str:
        """Write words one after the other."""
        return self("and").join(words)

    def day(self, day: date) -> str:
        """Write a day as people of this language do."""
        return format_date(day, "long", locale=_LOCALES[self.language])

    def weekday(self, day: date) -> str:
        """Write a day with its day of the week."""
        return format_date(day, "full", locale=_LOCALES[self.language])

    def moment(self, at: datetime) -> str:
        """Write a moment, in the policy's legal time."""
        local = at.astimezone(LEGAL_TIME)
        day = format_date(local, "medium", locale=_LOCALES[self.language])
        return f"{day} {self.clock(at)}"

    def clock(self, at: datetime) -> str:
        """Write the time of day of a moment."""
        return format_time(
            at.astimezone(LEGAL_TIME), "short", tzinfo=LEGAL_TIME, locale=_LOCALES[self.language]
        )

    def times(self, count: int) -> str:
        """Write how often."""
        return self("once") if count == 1 else self("times", count=self.number(count))

    def number(self, figure: float) -> str:
        """Write a number."""
        return format_decimal(figure, locale=_LOCALES[self.language])

    def money(self, amount: float, currency: str) -> str:
        """Write an amount of money with its sign; no line ends within it."""
        written = format_currency(amount, currency, locale=_LOCALES[self.language])
        return written.replace("-", f"-{_JOINED}")

    def unit(self, unit: str) -> str:
        """Name a unit of a number."""
        return self.known(f"unit.{unit}") or unit

    def counted(self, unit: str, count: int) -> str:
        """Write how many of what."""
        return self(f"counted.{unit}.one" if count == 1 else f"counted.{unit}", count=self.number(count))

    def length(self, seconds: float) -> str:
        """Write how long something lasts."""
        minutes, rest = divmod(round(seconds), _MINUTE)
        parts = [(minutes, "minute")] if minutes else []
        parts += [(rest, "second")] if rest or not minutes else []
        return " ".join(
            format_unit(n, unit, length="short", locale=_LOCALES[self.language]) for n, unit in parts
        )

    def size(self, count: int) -> str:
        """Write how large a file is."""
        for unit in ("B", "KB", "MB"):
            if count < _KILO:
                return f"{self.number(count)} {unit}"
            count = round(count / _KILO)
        return f"{self.number(count)} GB"

    def item(self, item: str) -> str:
        """Name an item as people know it."""
        known = VOCABULARY.get(ItemName(item))
        return known.label[Said(self.language)] if known else item.replace("_", " ")

    def phrase(self, key: str) -> str:
        """Say a word of the policy language as its notice does."""
        known = PHRASES[Said(self.language)].get(key)
        return known or key.partition(".")[2].replace("_", " ")
