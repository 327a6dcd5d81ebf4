"""The list of all promises against the catalogue, what a proof hands in, and what `troth promises` prints."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tests.unit.promise_catalogue import folder, promise_ids
from troth.app import policies
from troth.app.promises import NoProof, listed, proven
from troth.edges.cli.app import app
from troth.policy.promises import carried

NAMES = ("kmuun", "kme-smart", "kaiconn", "kamoer", "sunmi-device", "sunmi-rules", "sunmi-camera")
COLUMNS = ["promises", "expressed", "enforced", "proven", "attested", "not_kept"]


def troth(*words, **told):
    return CliRunner(env={"TROTH_DATA": "/nowhere", **told}).invoke(app, [str(word) for word in words])


def test_every_promise_is_listed_once():
    every = [each for ids in listed().values() for each in ids]
    assert tuple(listed()) == NAMES
    assert len(every) == len(set(every)) == 698


@pytest.mark.skipif(folder() is None, reason="no catalogue beside the repository")
def test_the_list_is_the_catalogues():
    assert {name: list(ids) for name, ids in listed().items()} == promise_ids()


def test_no_clause_carries_a_promise_that_is_not_listed():
    gaps = {"gap", "gaps"}
    for name in policies.names():
        own = {each for each in carried(policies.compiled(name).policy) if not gaps & set(each.split("."))}
        assert own <= set(listed().get(name, ()))


def test_the_json_has_a_row_for_each_of_the_seven_and_their_sum():
    told = json.loads(troth("promises", "--json").output)
    assert set(told) == {"policies", "total"}
    assert list(told["policies"]) == list(NAMES)
    for name, row in told["policies"].items():
        assert list(row) == COLUMNS
        reasons = sum(row["not_kept"].values())
        assert row["promises"] == len(listed()[name]) == row["enforced"] + row["attested"] + reasons
        assert row["expressed"] == row["promises"] - row["not_kept"].get("not_written", 0)
    for column in COLUMNS[:-1]:
        assert told["total"][column] == sum(row[column] for row in told["policies"].values())
    assert told["total"]["promises"] == 698


def test_what_is_not_kept_is_listed_with_its_reason_and_its_clauses():
    told = json.loads(troth("promises", "sunmi-camera", "--json", "--not-kept").output)
    row = told["total"]
    assert len(told["not_kept"]) == row["promises"] - row["enforced"]
    team = next(each for each in told["not_kept"] if each["promise"] == "sunmi-camera.protect.team")
    assert team["reason"] == "attested"
    assert team["clauses"][0]["clause"] == "sunmi-camera/attested/security_team"
    assert team["clauses"][0]["file"] == "policies/sunmi-camera.yaml"
    text = troth("promises", "sunmi-camera", "--not-kept").output
    assert "sunmi-camera.protect.team: attested\n    sunmi-camera/attested/security_team" in text
    assert str(row["enforced"]) in text.split("total")[1]


def test_a_file_of_ones_own_is_measured_by_the_promises_of_that_text(tmp_path):
    file = tmp_path / "mine.yaml"
    text, _ = policies.builtin("sunmi-camera")
    file.write_text(text.replace("camera.protect.team", "camera.protect.training"), encoding="utf-8")
    told = json.loads(troth("promises", file, "--json", "--not-kept").output)
    assert told["policies"]["sunmi-camera"]["expressed"] == 96
    team = {"promise": "sunmi-camera.protect.team", "reason": "no_clause", "clauses": []}
    assert team in told["not_kept"]


def test_a_misspelt_name_is_answered_with_the_nearest():
    found = troth("promises", "kaicon", COLUMNS="200")
    assert found.exit_code == 2
    assert "did you mean 'kaiconn'?" in found.output


def test_what_a_proof_shows_counts_for_the_text_that_it_proved(tmp_path):
    file = tmp_path / "proven.json"
    digest = policies.compiled("sunmi-camera").policy.digest
    shown = {"sunmi-camera": {"digest": digest, "promises": ["sunmi-camera.fn.bind"]}}
    file.write_text(json.dumps(shown))
    assert proven(file, {"sunmi-camera": digest}) == {"sunmi-camera.fn.bind"}
    assert proven(file, {"sunmi-camera": "another"}) == frozenset()
    for words, env in ((("--proven", file), {}), ((), {"TROTH_DATA": str(tmp_path)})):
        told = json.loads(troth("promises", "sunmi-camera", "--json", *words, **env).output)
        assert told["total"]["proven"] == 1


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"digest": "x"}}', "\x00"])
def test_what_is_no_proof_is_refused(tmp_path, text):
    file = tmp_path / "proven.json"
    file.write_text(text)
    with pytest.raises(NoProof, match="promises"):
        proven(file, {})
