"""The report for auditors: one HTML file, in both languages, signed as a whole.

Says for every promise what the policy says, what was tried, what was seen and how long it took; one picture
for each policy. Without a script: what is shown is chosen by style alone. The signature covers every byte but
itself. Decides no verdict; opens no file.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.policy import nodes
from troth.policy.text import notice
from troth.policy.words import Language
from troth.prove.marks import COLOURS, SIGNS, Mark
from troth.prove.points import POINTS
from troth.prove.proof import Judged, Verdict
from troth.prove.sabotage import Cell, Sabotage, column, matrix
from troth.prove.seen import in_chinese
from troth.prove.told import broken_by, counts, proven
from troth.prove.variants import TAKEN_AWAY
from troth.prove.why import Words

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.terms import ClauseId

KIND = "troth-proof+jws"
_TURNED, _CLAUSE = "turned", "the clause itself"
_SIGNATURE = re.compile(r"<!-- troth-signature: ([\w.-]*) -->")
_EMPTY = "<!-- troth-signature:  -->"


@dataclass(frozen=True)
class Chapter:
    """The proof of one policy."""

    compiled: Compiled
    promises: tuple[Judged, ...]
    sabotage: Sabotage | None

    @property
    def sections(self) -> Mapping[str, Sequence[Judged]]:
        """Return the promises by the part of the text that they are from."""
        found: dict[str, list[Judged]] = {}
        for each in self.promises:
            found.setdefault(section(each.promise), []).append(each)
        return found

    @cached_property
    def proven(self) -> frozenset[str]:
        """Return the promises that were kept and broke under sabotage."""
        return frozenset(proven(self.promises, self.sabotage)) if self.sabotage else frozenset()

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many promises have each verdict; proven ones are among the kept."""
        more = {"proven": len(self.proven)} if self.sabotage else {}
        return {**more, **counts(self.promises)}

    @property
    def struck(self) -> Sequence[Struck]:
        """Return everything that was taken away, each with what broke."""
        return struck(self.sabotage) if self.sabotage else ()

    @property
    def marks(self) -> Mapping[Mark, int]:
        """Return how many promises are drawn with each mark."""
        found = Counter(self.mark(each) for each in self.promises)
        return {mark: found[mark] for mark in Mark}

    def mark(self, each: Judged) -> Mark:
        """Return how a promise is drawn."""
        return Mark.PROVEN if each.promise in self.proven else Mark(each.verdict.value)

    def broken_by(self, each: Judged) -> Sequence[Words]:
        """Return what broke a promise."""
        return [named("struck", by) for by in broken_by(each, self.sabotage)] if self.sabotage else ()

    @cached_property
    def says(self) -> Mapping[ClauseId, Words]:
        """Return what people are told by each clause; without a line of its own, nothing."""
        english, chinese = (_lines(self.compiled, language) for language in ("en", "zh"))
        return {
            clause: Words(english.get(clause, ""), chinese.get(clause, "")) for clause in {*english, *chinese}
        }

    def title(self) -> Words:
        """Return what the policy is called."""
        titles = self.compiled.policy.title
        other = next(iter(titles.values()))
        return Words(titles.get(Language.EN, other), titles.get(Language.ZH, other))


@dataclass(frozen=True, slots=True)
class Struck:
    """One thing that was taken away: what it keeps, and what became of the trials, by their kind."""

    name: Words
    keeps: str
    total: Cell
    kinds: Sequence[tuple[Words, Cell]]


def struck(sabotage: Sabotage) -> Sequence[Struck]:
    """Return what each sabotage broke, in the order in which it was made."""
    rows = matrix([sabotage])
    keeps = {point.name: point.keeps for point in POINTS}
    return [
        Struck(
            named("struck", by),
            keeps.get(by, ""),
            sum_of(row[by] for row in rows.values() if by in row),
            [(named("trials", trial), row[by]) for trial, row in rows.items() if by in row and row[by].made],
        )
        for by in dict.fromkeys(column(blow) for blow in sabotage.blows)
    ]


def sum_of(cells: Iterable[Cell]) -> Cell:
    """Add cells up."""
    found = Cell()
    for each in cells:
        found = Cell(
            found.broken + each.broken,
            found.made + each.made,
            found.lost + each.lost,
            found.beside + each.beside,
        )
    return found


def named(kind: str, name: str) -> Words:
    """Return the name of a kind of trial, or of a sabotage, in both languages."""
    words = catalogue()[kind]
    if kind == "struck" and name == TAKEN_AWAY:
        return Words(_CLAUSE, words[name])
    key = _TURNED if kind == "struck" and name.endswith(_TURNED) else name
    return Words(name, words.get(key, name) if key == name else f"{words[key]} {name.removesuffix(_TURNED)}")


def section(promise: str) -> str:
    """Return the part of the text that a promise is from; for a maker's own, whatever stands second."""
    parts = promise.split(".")
    return parts[1] if len(parts) > 1 else promise


def signed(chapters: Sequence[Chapter], at: datetime, signer: Signer) -> str:
    """Return the report as HTML, signed."""
    page = (
        _environment()
        .get_template("report.html")
        .render(
            chapters=chapters,
            at=at,
            words=catalogue(),
            key=str(signer.public),
            version=version("troth"),
            colours=COLOURS,
            signs=SIGNS,
            marks={mark: sum(each.marks[mark] for each in chapters) for mark in Mark},
            named=named,
            in_chinese=in_chinese,
            first="zh" if all(Language.ZH in each.compiled.policy.languages for each in chapters) else "en",
            broken=sum(each.counts[Verdict.BROKEN.value] for each in chapters),
            signature=_EMPTY,
        )
    )
    policies = {
        c.compiled.policy.name: dict(c.counts) | {"digest": c.compiled.policy.digest} for c in chapters
    }
    token = signer.token(
        {"at": at.isoformat(), "policies": policies, "sha256": _hash(page), "troth": version("troth")}, KIND
    )
    return page.replace(_EMPTY, _EMPTY.replace(":  ", f": {token} "))


def verified(page: str, key: PublicKey) -> Mapping[str, Any]:
    """Return what the signature of a report says. Raises `NotGenuine` when a byte of it is another."""
    found = _SIGNATURE.findall(page)
    if len(found) != 1:
        raise NotGenuine("there is no signature in this file, or more than one")
    said = key.read(found[0], KIND)
    if said.get("sha256") != _hash(_SIGNATURE.sub(_EMPTY, page)):
        raise NotGenuine("this report was changed after it was signed")
    return said


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """Return the report's own words, by kind, name and language."""
    text = files("troth.prove").joinpath("report.yaml").read_text(encoding="utf-8")
    said: Mapping[str, Mapping[str, Any]] = nodes.plain(text, "report.yaml")
    return said


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("troth.prove"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _lines(compiled: Compiled, language: str) -> Mapping[ClauseId, str]:
    found: dict[ClauseId, str] = {}
    for part in notice(compiled, language).sections:
        if part.clause is not None:
            found.setdefault(part.clause, part.heading)
        for line in part.lines:
            if line.clause is not None:
                found[line.clause] = line.whole
    return found


def _hash(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
