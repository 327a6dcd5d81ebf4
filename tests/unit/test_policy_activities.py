"""The record of processing activities, and the terms of the Data Privacy Vocabulary that we map to."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from typer.testing import CliRunner

from tests.unit.promise_catalogue import folder
from troth.app import policies
from troth.edges.cli.app import app
from troth.policy import dpv
from troth.policy.activities import COLUMNS, register
from troth.policy.statement_words import Receiver
from troth.policy.vocabulary import VOCABULARY, Category, Sensitivity
from troth.policy.words import Language, Right
from troth.terms import Basis, Verb

EACH = [(name, language) for name in policies.names() for language in Language]
MUST = ("controller", "contact", "activity", "purpose", "basis", "subjects", "transfers", "clauses")


def troth(*words):
    return CliRunner().invoke(app, ["ropa", *map(str, words)])


@pytest.mark.parametrize(("name", "language"), EACH)
def test_every_purpose_has_a_row_that_names_its_clauses(name, language):
    compiled = policies.compiled(name)
    found = register(compiled, language)
    assert len(found.headings) == len(COLUMNS)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]
    assert all(row[column] for row in rows for column in MUST)
    told = {clause for row in rows for clause in row["clauses"].split()}
    assert told <= set(compiled.clauses)
    for table in compiled.functions.values():
        assert {each.id for each in table.purposes.values()} <= told
        if table.purposes:
            assert {each.id for each in table.items.values()} <= told


def test_whoever_may_go_abroad_and_the_officer_are_on_record():
    camera, kmuun = (
        dict(zip(COLUMNS, register(policies.compiled(name), Language.EN).rows[0], strict=True))
        for name in ("sunmi-camera", "kmuun")
    )
    assert "Abroad: only with your separate consent" in camera["transfers"]
    assert "nowhere else" not in camera["transfers"]
    assert kmuun["contact"].endswith("the data protection officer")


def test_the_command_writes_csv_that_a_spreadsheet_takes_as_text(tmp_path):
    text, _ = policies.builtin("sunmi-camera")
    file = tmp_path / "odd.yaml"
    file.write_text(text.replace("en: Customer flow,", "en: '=1+1',"), encoding="utf-8")
    rows = list(csv.reader(io.StringIO(troth(file).output)))
    assert {len(row) for row in rows} == {len(COLUMNS) + 1}
    assert any("'=1+1" in row for row in rows)


def test_the_command_writes_a_workbook(tmp_path):
    to = tmp_path / "record.xlsx"
    said = troth("sunmi-camera", "kaiconn", "--lang", "zh", "--to", to)  # an XLSX by its name
    assert said.exit_code == 0
    with zipfile.ZipFile(to) as book:
        assert {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"} <= set(book.namelist())
        assert "处理依据" in book.read("xl/sharedStrings.xml").decode()
    assert troth("kaiconn", "--format", "xlsx").exit_code == 2


@pytest.mark.parametrize(
    ("of", "words", "without"),
    [
        (dpv.Of.CATEGORY, Category, set()),
        (dpv.Of.SENSITIVITY, Sensitivity, set()),
        (dpv.Of.VERB, Verb, set()),
        (dpv.Of.BASIS, Basis, {Basis.EXEMPTION}),
        (dpv.Of.RECEIVER, Receiver, {Receiver.SUCCESSOR, Receiver.PUBLIC, Receiver.ANYONE}),
        (dpv.Of.RIGHT, Right, {Right.CANCEL, Right.REPLY, Right.EXPLAIN, Right.RELATIVES}),
    ],
)
def test_every_word_of_a_closed_list_has_a_term_or_is_known_to_have_none(of, words, without):
    assert {each for each in words if dpv.term(of, each) is None} == without


def test_every_item_has_a_term():
    assert all(dpv.item(name).iri.startswith("https://w3id.org/dpv") for name in VOCABULARY)


@pytest.mark.skipif(folder() is None, reason="no vocabulary beside the repository")
def test_the_terms_are_the_vocabularys():
    lines = (folder().parent / "dpv" / "terms.tsv").read_text(encoding="utf-8").splitlines()
    known = {tuple(line.split("\t")[:2]) for line in lines}
    assert {(each.curie, each.iri) for each in dpv.every()} <= known
