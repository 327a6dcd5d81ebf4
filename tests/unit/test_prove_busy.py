"""A slow machine is no broken promise: what came too late is tried again, and then said to be so."""

import asyncio

import pytest

from troth.app import policies
from troth.policy.clauses import AcceptanceClause
from troth.prove import proof
from troth.prove.pace import Pace
from troth.prove.proof import BUSY, Verdict, prove
from troth.prove.pulse import Pulse, ran_out
from troth.prove.trial import Scenario, always

RULES = policies.compiled("sunmi-rules")
ONE = next(each for each in RULES.policy.clauses if isinstance(each, AcceptanceClause))


class Scratch:
    """All of a world that `prove` itself asks for. ``is_prompt``: it answers in good time."""

    def __init__(self, *, is_prompt=True):
        self.pace, self.pulse, self._prompt = Pace(self._never), Pulse(), is_prompt

    async def _never(self, _moment):
        raise AssertionError("no trial here waits for the clock")

    async def prompt(self):
        return self._prompt


class Tries:
    """A trial that goes as ``go`` says turn by turn, and from then on as its last word."""

    def __init__(self, *go):
        self.go, self.made = go, 0

    async def act(self, _world, _case, trial):
        turn = self.go[min(self.made, len(self.go) - 1)]
        self.made += 1
        if turn == "never ends":
            raise TimeoutError
        if turn == "late":
            ran_out()
        trial.control("what may be done", "允许的操作", "done", held=turn != "late")
        trial.attempt("what may not", "禁止的操作", "refused", held=turn != "wrong")


@pytest.fixture
def proving(monkeypatch):
    async def run(tries, world):
        scenario = Scenario("as told", AcceptanceClause, tries.act, always)
        monkeypatch.setattr(proof, "by_type", lambda: {AcceptanceClause: [scenario]})
        told = []
        found = await prove(world, RULES.policy.name, RULES, only=lambda c: c is ONE, done=told.append)
        return found, told

    return run


@pytest.mark.parametrize("slow", ["late", "never ends"])
async def test_what_came_too_late_is_tried_again_and_told_once(proving, slow):
    tries = Tries(slow, "kept")
    found, told = await proving(tries, Scratch())
    assert [each.verdict for each in found] == [Verdict.KEPT]
    assert tuple(told) == found
    assert tries.made == 2


async def test_what_was_seen_to_be_wrong_is_not_tried_again(proving):
    tries = Tries("wrong", "kept")
    found, _ = await proving(tries, Scratch())
    assert [each.verdict for each in found] == [Verdict.BROKEN]
    assert tries.made == 1


@pytest.mark.parametrize("slow", ["late", "never ends"])
async def test_what_never_comes_is_broken_where_all_else_is_prompt(proving, slow):
    found, _ = await proving(Tries(slow), Scratch())
    assert [each.verdict for each in found] == [Verdict.BROKEN]


@pytest.mark.parametrize("slow", ["late", "never ends"])
async def test_where_nothing_comes_in_time_nothing_was_seen(proving, slow):
    (found,), _ = await proving(Tries(slow), Scratch(is_prompt=False))
    assert (found.verdict, found.lines) == (Verdict.NOT_PROVABLE, ())
    assert found.why_not.code == BUSY


async def test_a_busy_machine_excuses_nothing_that_was_seen_to_be_wrong(proving):
    found, _ = await proving(Tries("wrong"), Scratch(is_prompt=False))
    assert [each.verdict for each in found] == [Verdict.BROKEN]


async def test_what_is_tried_again_runs_a_few_at_once(monkeypatch):
    tried, now, most = set(), 0, {"first": 0, "again": 0}

    def trial(name):
        async def act(_world, _case, trial):
            nonlocal now
            turn = "again" if name in tried else "first"
            tried.add(name)
            now += 1
            most[turn] = max(most[turn], now)
            for _ in range(20):
                await asyncio.sleep(0)
            now -= 1
            if turn == "first":
                raise TimeoutError
            trial.control("what may be done", "允许的操作", "done", held=True)

        return Scenario(name, AcceptanceClause, act, always)

    monkeypatch.setattr(proof, "by_type", lambda: {AcceptanceClause: [trial(f"n{n}") for n in range(8)]})
    await prove(Scratch(), RULES.policy.name, RULES, only=lambda c: c is ONE, at_once=6)
    assert most == {"first": 6, "again": 2}
