"""The report for auditors: one HTML file, in both languages, signed as a whole.

Says for every promise what the policy says, what was tried, what was seen and how long it took; one picture
for each policy. The signature covers every byte but itself. Decides no verdict; opens no file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from ruamel.yaml import YAML

from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.policy.text import notice
from troth.prove.picture import COLOURS, SIGNS, Mark, picture
from troth.prove.proof import Judged, Outcome, Verdict
from troth.prove.sabotage import Cell, Sabotage, matrix
from troth.prove.told import broken_by, counts, proven

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.terms import ClauseId

KIND = "troth-proof+jws"
LANGUAGES = ("zh", "en")
_SIGNATURE = re.compile(r"<!-- troth-signature: ([\w.-]*) -->")
_EMPTY = "<!-- troth-signature:  -->"


@dataclass(frozen=True, slots=True)
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

    @property
    def proven(self) -> frozenset[str]:
        """Return the promises that were kept and broke under sabotage."""
        return frozenset(proven(self.promises, self.sabotage)) if self.sabotage else frozenset()

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many promises have each verdict; proven ones are among the kept."""
        more = {"proven": len(self.proven)} if self.sabotage else {}
        return {**more, **counts(self.promises)}

    @property
    def matrix(self) -> Mapping[str, Mapping[str, Cell]]:
        """Return what broke under which sabotage."""
        return matrix([self.sabotage]) if self.sabotage else {}

    @property
    def struck(self) -> Sequence[str]:
        """Return everything that was taken away, in the order of the matrix."""
        return list(dict.fromkeys(by for row in self.matrix.values() for by in row))

    def mark(self, each: Judged) -> Mark:
        """Return how a promise is drawn."""
        return Mark.PROVEN if each.promise in self.proven else Mark(each.verdict.value)

    def broken_by(self, each: Judged) -> tuple[str, ...]:
        """Return what broke a promise."""
        return broken_by(each, self.sabotage) if self.sabotage else ()

    def says(self, outcomes: Sequence[Outcome], language: str) -> Mapping[ClauseId, str]:
        """Return what people are told by each clause of these trials, where the notice has a line of it."""
        lines = _lines(self.compiled, language)
        return {each.clause: lines.get(each.clause, "") for each in outcomes}

    def picture(self, language: str) -> str:
        """Return the promises at a glance, as SVG."""
        words = catalogue()
        rows = [
            (words["sections"].get(name, {}).get(language, name), [(e.promise, self.mark(e)) for e in found])
            for name, found in self.sections.items()
        ]
        return picture(rows, {mark: words["marks"][mark.value][language] for mark in Mark})


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
            languages=LANGUAGES,
            key=str(signer.public),
            version=version("troth"),
            colours=COLOURS,
            signs=SIGNS,
            first="zh" if all("zh" in each.compiled.policy.languages for each in chapters) else "en",
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
    return cast("Mapping[str, Mapping[str, Any]]", YAML(typ="safe").load(text))  # pyright: ignore[reportUnknownMemberType]


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
                found[line.clause] = f"{line.label}: {line.text}"
    return found


def _hash(page: str) -> str:
    return hashlib.sha256(page.encode()).hexdigest()
