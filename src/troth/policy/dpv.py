"""Our words as terms of the W3C Data Privacy Vocabulary 2.3, from `dpv.yaml`. Only the terms that we use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from troth.policy import nodes
from troth.policy.kinds import Known, MapOf, Pattern, Place, Text
from troth.policy.problems import PolicyRejected, Problem
from troth.policy.records import Field, Record
from troth.policy.vocabulary import VOCABULARY
from troth.terms import ItemName


class Of(StrEnum):
    """Of which closed list a word is."""

    VERB = "verb"
    BASIS = "basis"
    SENSITIVITY = "sensitivity"
    THEN = "then"
    RECEIVER = "receiver"
    RIGHT = "right"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Term:
    """A term: its short name, such as ``dpv:Consent``, and its address."""

    curie: str
    iri: str


_WORD = Pattern("a word of a closed list", r"[a-z][a-z_]{0,40}")
_CURIE = Pattern("a term such as dpv:Consent", r"[a-z-]{2,10}:[A-Z][A-Za-z0-9-]{0,60}")
_PREFIXES = Field(
    "prefixes", MapOf(Pattern("a prefix", r"[a-z-]{2,10}"), Text()), "what they stand for", must=True
)
_TERMS = Field(
    "terms",
    MapOf(Known("a list", frozenset(Of)), MapOf(_WORD, _CURIE)),
    "the terms, by list and word",
    must=True,
)
_FILE = Record("terms", (_PREFIXES, _TERMS))


def term(of: Of, word: str) -> Term | None:
    """Return the term for a word; None where the vocabulary has none that says the same."""
    return _terms()[of].get(word)


def item(name: ItemName) -> Term:
    """Return the term for an item: its own, else that of its category."""
    own = VOCABULARY[name].dpv
    found = _term(f"pd:{own}") if own else term(Of.CATEGORY, VOCABULARY[name].category)
    if found is None:
        raise KeyError(name)  # every category has a term; a test says so
    return found


def every() -> frozenset[Term]:
    """Return all terms that we map to."""
    mapped = {found for words in _terms().values() for found in words.values()}
    return frozenset(mapped | {item(name) for name in VOCABULARY})


@cache
def _terms() -> Mapping[Of, Mapping[str, Term]]:
    _, told = _read()
    return {Of(of): {word: _term(curie) for word, curie in words.items()} for of, words in told.items()}


def _term(curie: str) -> Term:
    prefixes, _ = _read()
    prefix, _, name = curie.partition(":")
    return Term(curie, f"{prefixes[prefix]}{name}")


@cache
def _read() -> tuple[Mapping[str, str], Mapping[str, Mapping[str, str]]]:
    text = (resources.files("troth.policy") / "dpv.yaml").read_text(encoding="utf-8")
    problems: list[Problem] = []
    found = _FILE.read(nodes.parse(text, "dpv.yaml"), Place("dpv", problems))
    if found is None or problems:
        raise PolicyRejected(problems)
    prefixes = {each: got.value for each, got in found.need(_PREFIXES).items()}
    terms = {
        of: {word: got.value for word, got in words.value.items()} for of, words in found.need(_TERMS).items()
    }
    return prefixes, terms
