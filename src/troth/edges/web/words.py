"""The pages' texts in both languages, and how dates read in each. Picks a language; decides nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from babel.dates import format_date, format_datetime
from ruamel.yaml import YAML

from troth.terms import LEGAL_TIME

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_LOCALES: Mapping[Language, str] = {"en": "en", "zh": "zh_Hans_CN"}


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return every text by key and language."""
    text = files("troth.edges.web").joinpath("words.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Mapping[str, str]]", YAML(typ="safe").load(text))  # pyright: ignore[reportUnknownMemberType]


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

    def pick(self, texts: Mapping[str, str], fallback: str = "") -> str:
        """Return the text of this language, else any, else ``fallback``."""
        return texts.get(self.language) or texts.get("en") or next(iter(texts.values()), fallback)

    def day(self, day: date) -> str:
        """Write a day as people of this language do."""
        return format_date(day, "long", locale=_LOCALES[self.language])

    def moment(self, at: datetime) -> str:
        """Write a moment, in the policy's legal time."""
        local = at.astimezone(LEGAL_TIME)
        return format_datetime(local, "medium", tzinfo=LEGAL_TIME, locale=_LOCALES[self.language])
