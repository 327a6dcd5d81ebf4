"""The fixed phrases of the notice, by language, from two files of phrases. Words only; `text` joins them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

from troth.policy import nodes
from troth.policy.kinds import MapOf, Pattern, Place, Text
from troth.policy.problems import PolicyRejected, Problem
from troth.policy.records import Field, Record
from troth.policy.words import Language

_SAID = {each: Field(each.value, Text(), f"the phrase in {each.value}", must=True) for each in Language}
_KEY = Pattern("the key of a phrase, such as right.copy", r"[a-z][A-Za-z_.]*")
_PHRASES = MapOf(_KEY, Record("a phrase", tuple(_SAID.values())))
SEPARATOR: Mapping[Language, str] = MappingProxyType({Language.EN: ", ", Language.ZH: "、"})
JOINT: Mapping[Language, str] = MappingProxyType({Language.EN: "; ", Language.ZH: "；"})


def read(text: str, file: str) -> Mapping[Language, Mapping[str, str]]:
    """Read phrases; raises `PolicyRejected`."""
    problems: list[Problem] = []
    found = _PHRASES.read(nodes.parse(text, file), Place("phrases", problems))
    if found is None or problems:
        raise PolicyRejected(problems)
    return MappingProxyType(
        {
            language: MappingProxyType({key: got.value.need(said) for key, got in found.items()})
            for language, said in _SAID.items()
        }
    )


def _built_in() -> Mapping[Language, Mapping[str, str]]:
    folder = resources.files("troth.policy")
    texts = (
        read((folder / file).read_text(encoding="utf-8"), file)
        for file in ("phrases.yaml", "statement_phrases.yaml")
    )
    first, second = texts
    return MappingProxyType(
        {language: MappingProxyType({**first[language], **second[language]}) for language in Language}
    )


PHRASES: Mapping[Language, Mapping[str, str]] = _built_in()
