"""`troth render`: the whole policy in a person's words, each sentence with its clause, in both languages."""

from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from troth.app import policies
from troth.edges.cli.app import app
from troth.policy.clauses import ItemClause
from troth.policy.notice import Line, Section
from troth.policy.rendered import grouped, html, markdown, rendered
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.policy.words import Language

EACH = [(name, language) for name in policies.names() for language in Language]


class Page(HTMLParser):
    """What a browser would make of it, as far as we ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.loud: list[str] = []
        self.said: defaultdict[str, set[str]] = defaultdict(set)
        self._text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.add(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told[key] for key in ("href", "src") if key in told]
        if "loud" in told.get("class", ""):
            self.loud.append(told.get("id"))
        if tag == "p":
            self._text.clear()
        if tag == "a":
            self.said[told["href"].removeprefix("#")].add(" ".join("".join(self._text).split()))

    def handle_data(self, data):
        self._text.append(data)


@pytest.mark.parametrize(("name", "language"), EACH)
def test_every_clause_is_told_and_every_link_leads_somewhere(name, language):
    compiled = policies.compiled(name)
    told = Page(html(rendered(compiled, language)))
    headings = {table.clause.id for table in compiled.functions.values()}
    assert set(compiled.clauses) - headings <= set(told.ids)
    assert len(told.ids) == len(set(told.ids))
    assert {link.removeprefix("#") for link in told.links} <= set(told.ids)
    assert all(link.startswith("#") for link in told.links)
    assert "script" not in told.tags


@pytest.mark.parametrize(("name", "language"), EACH)
def test_the_statement_of_every_clause_stands_beside_its_address(name, language):
    compiled = policies.compiled(name)
    page = rendered(compiled, language)
    lines = [(line, page.clauses.get(line.clause)) for part in page.sections for line in part.lines]
    told = {line.clause for line, _ in lines} | {part.clause for part in page.sections}
    assert {each.id for each in compiled.clauses.values() if each.lang in {None, language}} <= told
    shown = Page(html(page)).said
    for line, clause in lines:
        assert line.text.strip()
        if clause is not None:
            assert " ".join(line.text.split()) in shown[clause.id], clause.id


def test_lines_of_one_kind_are_read_under_one_label():
    lines = (Line("a", "1", None), Line("a", "2", None), Line("b", "3", None), Line("a", "4", None))
    found = grouped(Section("function", "x", None, lines))
    assert [(each.label, len(each.lines)) for each in found] == [("a", 2), ("b", 1), ("a", 1)]


@pytest.mark.parametrize(("name", "language"), EACH)
def test_sensitive_items_stand_out(name, language):
    compiled = policies.compiled(name)
    page = rendered(compiled, language)
    loud = set(Page(html(page)).loud)
    for each in compiled.clauses.values():
        if isinstance(each, ItemClause) and VOCABULARY[each.item].sensitivity is Sensitivity.SENSITIVE:
            assert each.id in loud
    assert any(line.startswith("- **") for line in markdown(page).splitlines())


@pytest.mark.parametrize("name", policies.names())
def test_both_languages_say_the_same_or_show_where_they_do_not(name):
    compiled = policies.compiled(name)
    told = {}
    for language in Language:
        page = rendered(compiled, language)
        own = {line.clause for section in page.sections for line in section.lines}
        other = {line.clause for line in page.other.lines} if page.other else set()
        apart = {each.id for each in compiled.clauses.values() if each.lang not in {None, language}}
        assert other == apart
        told[language] = own
    both = told[Language.ZH] ^ told[Language.EN]
    assert both == {each.id for each in compiled.clauses.values() if each.lang is not None}


@pytest.mark.parametrize(("name", "language"), EACH)
def test_the_markdown_names_the_line_of_every_clause(name, language):
    compiled = policies.compiled(name)
    text = markdown(rendered(compiled, language))
    for clause, file, line in re.findall(r"\[`([^`]+)`\]\(([^)#]+)#L(\d+)\)", text):
        at = compiled.clauses[clause].at
        assert (at.file, at.line) == (file, int(line))
    assert text.count("](policies/") >= len(compiled.clauses) - len(compiled.functions)


def test_a_text_that_looks_like_markup_stays_text(tmp_path):
    source, _ = policies.builtin("sunmi-camera")
    file = tmp_path / "odd.yaml"
    file.write_text(source.replace("en: Customer flow,", "en: '<b>Flow</b> *now*',"), encoding="utf-8")
    page = rendered(policies.from_file(file), Language.EN)
    assert "<b>Flow" not in html(page)
    assert "&lt;b&gt;Flow&lt;/b&gt;" in html(page)
    assert r"\<b\>Flow\</b\> \*now\*" in markdown(page)


def test_the_command_writes_a_file(tmp_path):
    to = tmp_path / "kaiconn.html"
    said = CliRunner().invoke(app, ["render", "kaiconn", "--lang", "zh", "--to", str(to)])
    assert said.exit_code == 0
    assert to.read_text(encoding="utf-8").startswith("<!doctype html>")
    said = CliRunner().invoke(app, ["render", "sunmi-camera", "--format", "md"])
    assert said.output.startswith("# SUNMI intelligent cameras\n")
    assert CliRunner().invoke(app, ["render", "sunmi-camra"]).exit_code == 2
