"""The human policy, written from the file: the notice and what else the policy says, as Markdown or HTML.

The notice is what people agree to, so its words are used as they are. Beside it stand the clauses that it has
no line for (what only paper shows), and those that bind in one language alone. Decides nothing; opens no file
but its template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from troth.policy.clauses import Clause, ItemClause
from troth.policy.compiled import Compiled
from troth.policy.explained import told
from troth.policy.notice import Line, Notice, Section
from troth.policy.phrases import PHRASES
from troth.policy.text import notice
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.policy.words import Language
from troth.terms import ClauseId

_ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A policy in one language. ``strong``: the clauses whose lines stand out; ``other``: told otherwise.

    ``other`` is what binds in the other language alone, as it is told there; None where nothing does.
    """

    compiled: Compiled
    notice: Notice
    sections: tuple[Section, ...]
    strong: frozenset[ClauseId]
    other: Section | None

    @property
    def clauses(self) -> Mapping[ClauseId, Clause]:
        """The clauses behind the lines."""
        return self.compiled.clauses


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that follow each other under one label."""

    label: str
    lines: tuple[Line, ...]


def grouped(section: Section) -> Iterator[Group]:
    """Put lines of one label that follow each other together, so that it is read once."""
    for label, lines in groupby(section.lines, key=lambda line: line.label):
        yield Group(label, tuple(lines))


def rendered(compiled: Compiled, language: Language) -> Rendered:
    """Render a policy in one language: every clause that binds in it has a line or a heading."""
    shown = notice(compiled, language)
    sections = (*shown.sections, *_beyond(compiled, shown, language))
    sensitive = (
        each.id
        for each in compiled.clauses.values()
        if isinstance(each, ItemClause) and VOCABULARY[each.item].sensitivity is Sensitivity.SENSITIVE
    )
    return Rendered(
        compiled, shown, sections, shown.strong | frozenset(sensitive), _other(compiled, language)
    )


def markdown(page: Rendered) -> str:
    """Return a page as Markdown; every line ends with its clause, linked to where it stands in the file."""
    shown = page.notice
    written = [f"# {_plain(shown.title)}", "", _plain(shown.opening)]
    for section in page.sections if page.other is None else (*page.sections, page.other):
        written += ["", f"## {_plain(section.heading)}{_link(page, section.clause)}", ""]
        written += [_markdown_line(page, line) for line in section.lines]
    return "\n".join((*written, "", f"SHA-256 `{shown.text_hash}`", ""))


def html(page: Rendered) -> str:
    """Return a page as one HTML file without scripts or requests; each line has its clause as an anchor."""
    return _template().render(
        page=page,
        shown=page.notice,
        phrases=PHRASES[page.notice.language],
        grouped=grouped,
        short=_short,
        seen=set[str](),
    )


@cache
def _template() -> Template:
    loader = PackageLoader("troth.policy")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("policy.html")


def _beyond(compiled: Compiled, shown: Notice, language: Language) -> Iterator[Section]:
    """Tell the clauses that bind in this language and stand nowhere in the notice."""
    there = {line.clause for section in shown.sections for line in section.lines}
    there |= {section.clause for section in shown.sections}
    said = told(compiled)
    lines = tuple(
        Line(PHRASES[language]["render.also"], text, each.id)
        for each in compiled.clauses.values()
        if each.id not in there and each.lang in {None, language}
        for text in said[each.id][language]
    )
    if lines:
        yield Section("beyond", PHRASES[language]["render.beyond"], None, lines)


def _other(compiled: Compiled, language: Language) -> Section | None:
    """Tell what binds in the other language alone, as it is told there."""
    said = told(compiled)
    lines = tuple(
        Line(PHRASES[language][f"language.{each.lang}"], text, each.id)
        for each in compiled.clauses.values()
        if each.lang not in {None, language}
        for text in said[each.id][Language(each.lang)] or (each.id,)
    )
    return Section("other", PHRASES[language]["render.other"], None, lines) if lines else None


def _short(clause: ClauseId) -> str:
    """Return an address without the policy, which the page is about anyway."""
    return clause.partition("/")[2]


def _markdown_line(page: Rendered, line: Line) -> str:
    mark = "**" if line.clause in page.strong else ""
    said = [f"{mark}{_plain(part)}{mark}" for part in (line.label, line.text) if part]
    return f"- {': '.join(said)}{_link(page, line.clause)}"


def _link(page: Rendered, clause: ClauseId | None) -> str:
    if clause is None:
        return ""
    at = page.clauses[clause].at
    return f" [`{clause}`]({at.file}#L{at.line})"


def _plain(text: str) -> str:
    return text.translate(_ESCAPED)
