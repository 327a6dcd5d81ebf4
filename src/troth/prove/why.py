"""Why something was not tried or is not built, in both languages.

A code and what it is about; the sentences are in `why.yaml`. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from troth.policy import nodes

SAID = "said"
_WAITS = "waits."


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: its code, and what the sentence is about."""

    code: str
    about: Mapping[str, Words] = field(default_factory=dict[str, Words])

    @classmethod
    def of(cls, code: str, **about: object) -> Why:
        """Return the reason of that code; a sentence that is no code is said as it stands."""
        if code not in sentences():
            return cls(SAID, {"text": Words(code, code)})
        return cls(
            code, {name: each if isinstance(each, Words) else _same(each) for name, each in about.items()}
        )

    @property
    def words(self) -> Words:
        """Return the sentence in both languages."""
        said = sentences()[self.code]
        return Words(
            said["en"].format(**{name: each.en for name, each in self.about.items()}),
            said["zh"].format(**{name: each.zh for name, each in self.about.items()}),
        )

    def __str__(self) -> str:
        """Return the sentence in English."""
        return self.words.en


def waits_for(kind: str) -> Why:
    """Return that nothing tries clauses of this type yet, and what they wait for."""
    words = sentences().get(f"{_WAITS}{kind}", {"en": kind, "zh": kind})
    return Why.of("no_scenario", kind=Words(words["en"], words["zh"]))


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Return every sentence, by code and language."""
    text = files("troth.prove").joinpath("why.yaml").read_text(encoding="utf-8")
    said: Mapping[str, Mapping[str, str]] = nodes.plain(text, "why.yaml")
    return said


def _same(name: object) -> Words:
    return Words(str(name), str(name))
