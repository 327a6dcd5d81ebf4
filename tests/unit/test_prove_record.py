"""What a proof came to is noted as it is done: another start with the same text and code goes on there."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from troth.app import policies
from troth.main import prove as proving
from troth.main.prove import Telling, proven, wanted
from troth.prove import record
from troth.prove.proof import BUSY, Outcome
from troth.prove.record import Record
from troth.prove.sabotage import Blow
from troth.prove.trial import Trial
from troth.prove.why import Why, Words

CAMERA, RULES = policies.compiled("sunmi-camera"), policies.compiled("sunmi-rules")
BIND = "sunmi-camera/functions/bind"
BLOW = Blow(BIND, "runs when it may", "choice", related=True, broke=True)


def outcome(*, held=True, why_not=None):
    trial = Trial()
    trial.control("what was tried", "试验", "got all", held=True)
    trial.attempt("what was tried in vain", "未遂的试验", "403 not_chosen", held=held)
    return Outcome(BIND, "runs when it may", tuple(trial.lines), why_not, 7)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "done.jsonl"


def test_what_was_done_reads_back_as_it_was(file):
    tried = [outcome(), outcome(why_not=Why.of("nothing_to_bind", function=Words("filming", "拍摄")))]
    Record(file).tried(CAMERA, tried)
    Record(file).add(CAMERA, "choice", [BLOW])
    again = Record(file)
    assert again.proof(CAMERA) == tuple(tried)
    assert again.has(CAMERA, "choice")
    assert again.of(CAMERA, "choice") == (BLOW,)


def test_nothing_is_done_of_another_part_policy_or_text(file):
    Record(file).tried(CAMERA, [outcome()])
    Record(file).add(CAMERA, "choice", [BLOW])
    again = Record(file)
    edited = replace(CAMERA, policy=replace(CAMERA.policy, digest="another"))
    assert not again.has(CAMERA, "age")
    assert again.of(CAMERA, "age") == ()
    for other in (RULES, edited):
        assert again.proof(other) is None
        assert not again.has(other, "choice")


def test_what_other_code_came_to_does_not_count(file, monkeypatch):
    monkeypatch.setattr(record, "code", lambda: "code of yesterday")
    Record(file).tried(CAMERA, [outcome()])
    Record(file).add(CAMERA, "choice", [BLOW])
    monkeypatch.undo()
    assert Record(file).proof(CAMERA) is None
    assert not Record(file).has(CAMERA, "choice")


@pytest.mark.parametrize("unsettled", [outcome(held=False), outcome(why_not=Why.of(BUSY))])
def test_a_proof_that_another_try_may_change_is_made_again(file, unsettled):
    kept = Record(file)
    kept.tried(CAMERA, [outcome(), unsettled])
    assert kept.proof(CAMERA) is None
    assert not file.exists()


def test_without_a_file_parts_are_known_until_the_end():
    kept = Record()
    kept.add(CAMERA, "choice", [BLOW])
    assert kept.of(CAMERA, "choice") == (BLOW,)


async def test_a_proof_on_record_brings_up_no_system_and_one_that_is_not_does(file, monkeypatch):
    asked_for = []

    @asynccontextmanager
    async def system(found, *_args, **_more):
        asked_for.append(set(found))
        yield None

    async def prove(*_args, **_more):
        return (outcome(held=False),)

    monkeypatch.setattr(proving, "system", system)
    monkeypatch.setattr(proving, "prove", prove)
    Record(file).tried(CAMERA, [outcome()])
    tell = Telling(lambda _: None, lambda _: None, lambda: None)
    results = await proven(
        wanted(["sunmi-camera", "sunmi-rules"]),
        only=lambda _: True,
        at_once=2,
        tell=tell,
        record=Record(file),
    )
    assert asked_for == [{"sunmi-rules"}]
    assert [each.compiled.policy.name for each in results] == ["sunmi-camera", "sunmi-rules"]
    assert results[0].outcomes == (outcome(),)
    assert Record(file).proof(RULES) is None, "what is broken is tried again"
