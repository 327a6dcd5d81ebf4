"""The proof itself: real policies hold, every scenario can turn red, sabotage shows, a maker's file works.

One system for each way of being wrong, and in each one clause for each scenario; ``TROTH_PROVE=all`` (`make
prove`) tries every clause of the second policy, too.
"""

import asyncio
import json
import os
import random
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from troth.app import policies
from troth.edges.cli.app import app
from troth.main import commands  # noqa: F401 - it is what puts `prove` among the commands
from troth.main.prove import Telling, proven, wanted
from troth.main.prove import scratch as scratch_system
from troth.main.proving import NotWhole
from troth.main.sabotaging import sabotaged
from troth.prove.case import Case
from troth.prove.changes import EVERYTHING, NOTHING, QUICK
from troth.prove.points import by_name
from troth.prove.proof import Outcome, Verdict, attempt
from troth.prove.scenarios import SCENARIOS
from troth.prove.story.gateway import Gateway
from troth.prove.told import proven as proven_promises
from troth.prove.world import World

WHOLE, SAMPLED = "sunmi-camera", "kaiconn"
EVERY = os.environ.get("TROTH_PROVE") == "all"
HOWTO = Path(__file__).parents[2] / "docs" / "howto"
QUIET = Telling(lambda _: None, lambda _: None, lambda: None)
AT_ONCE = 8
WRONG = {
    "empty": (404, {"detail": "there is nothing here"}),
    "says no": (403, {"reason": "not_accepted", "clauses": [], "effect": "function_unavailable"}),
    "says yes": (200, {"account": "a", "token": "t", "version": 1, "language": "en", "text_hash": "h"}),
}
"""Systems that are nothing but one answer, whatever is asked."""


def some(compiled, share):
    chance = random.Random(6)  # noqa: S311 - a sample
    chosen = {each.id for each in compiled.policy.clauses if EVERY or chance.random() < share}
    return lambda clause: clause.id in chosen


def everything_of(compiled):
    """Every trial that a proof of this policy would make."""
    cases = [Case(compiled.policy.name, compiled, clause) for clause in compiled.policy.clauses]
    return [
        (scenario, case)
        for scenario in SCENARIOS
        for case in cases
        if isinstance(case.clause, scenario.of) and scenario.fits(case)
    ]


def some_of_each(compiled, most):
    """A few clauses for each scenario (``TROTH_PROVE=all``: every one)."""
    found = {}
    for scenario, case in everything_of(compiled):
        found.setdefault((scenario.name, scenario.of), []).append((scenario, case))
    return [pair for pairs in found.values() for pair in (pairs if EVERY else pairs[:most])]


async def tried(world, pairs) -> list[Outcome]:
    world.pace.at_once(AT_ONCE)
    return await asyncio.gather(*(attempt(world, case, scenario) for scenario, case in pairs))


def told(outcomes):
    return [
        (each.clause, each.scenario, line.what.en, line.seen)
        for each in outcomes
        if each.verdict is Verdict.BROKEN
        for line in each.lines
        if not line.held
    ]


async def test_one_policy_is_proven():
    found = wanted([WHOLE])
    (result,) = await proven(found, only=lambda _: True, at_once=AT_ONCE, tell=QUIET)
    assert told(result.outcomes) == []
    kept = [each.promise for each in result.promises if each.verdict is Verdict.KEPT]
    assert len(kept) >= 40
    assert all(
        each.why for each in result.promises if each.verdict in {Verdict.NOT_PROVABLE, Verdict.NOT_BUILT}
    )


async def test_sabotage_breaks_what_rests_on_it():
    found = wanted([str(HOWTO / "lanternwell.yaml")])
    results = await proven(found, only=lambda _: True, at_once=AT_ONCE, tell=QUIET)
    (struck,) = await sabotaged(found, results, points=[by_name("choice")], at_once=AT_ONCE, tell=QUIET)
    broke = {blow.by for blow in struck.sabotage.blows if blow.related and blow.broke}
    assert broke >= {"taken away", "choice"}
    assert "lanternwell.fn.dusk" in proven_promises(struck.promises, struck.sabotage)


async def test_a_sample_of_the_other_policy_is_proven():
    found = wanted([SAMPLED])
    (_, compiled) = found[SAMPLED]
    (result,) = await proven(found, only=some(compiled, 0.1), at_once=AT_ONCE, tell=QUIET)
    assert told(result.outcomes) == []
    assert sum(each.verdict in {Verdict.KEPT, Verdict.FACT} for each in result.outcomes) >= 10


@pytest.mark.parametrize("wrong", [EVERYTHING, NOTHING])
async def test_no_scenario_is_green_on_a_system_that_enforces_nothing_or_refuses_everything(scratch, wrong):
    compiled = wanted([WHOLE])[WHOLE][1]
    async with scratch_system(scratch / wrong, without=(QUICK, wrong), say=lambda _: None) as world:
        outcomes = await tried(world, some_of_each(compiled, 2))
    green = [(each.scenario, each.clause) for each in outcomes if each.verdict is Verdict.KEPT]
    assert green == []
    assert any(each.verdict is Verdict.BROKEN for each in outcomes)


@pytest.mark.parametrize("name", policies.names() if EVERY else [WHOLE, SAMPLED])
@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
async def test_no_trial_is_green_where_everyone_gets_the_same_answer(one_answer, name, answer):
    async with one_answer(*answer) as world:
        outcomes = await tried(world, everything_of(wanted([name])[name][1]))
    green = {each.scenario for each in outcomes if each.verdict in {Verdict.KEPT, Verdict.FACT}}
    assert green == set()
    assert any(each.verdict is Verdict.BROKEN for each in outcomes)


def test_the_page_for_makers_of_their_own_works_as_it_is_written(tmp_path, monkeypatch):
    page = (HOWTO / "prove-your-policy.md").read_text(encoding="utf-8")
    text = (HOWTO / "lanternwell.yaml").read_text(encoding="utf-8")
    draft = tmp_path / "draft.yaml"
    draft.write_text(
        text.replace("basis: contract\n    starts: when_chosen", "basis: consent\n    starts: when_chosen"),
        encoding="utf-8",
    )
    rejected = CliRunner().invoke(app, ["check", str(draft)])
    assert rejected.exit_code == 1
    assert re.search(r"'geolocation' is sensitive.*instead", page).group() in rejected.output
    assert CliRunner().invoke(app, ["check", str(HOWTO / "lanternwell.yaml")]).exit_code == 0

    monkeypatch.setenv("TROTH_DATA", str(tmp_path / "data"))
    report = tmp_path / "proof.html"
    asked = ["prove", str(HOWTO / "lanternwell.yaml"), "--json", "--report", str(report)]
    shown = CliRunner().invoke(app, asked)
    assert shown.exit_code == 0, shown.output
    said = json.loads(shown.stdout)["policies"]["lanternwell"]
    status = {each["id"]: each["status"] for each in said["promises"]}
    assert status["lanternwell.fn.dusk"] == status["lanternwell.fn.dusk.place"] == "kept"
    assert status["lanternwell.protect.fitters"] == "attested"
    assert said["broken"] == 0
    genuine = CliRunner().invoke(app, ["prove", "--verify", str(report)])
    assert (genuine.exit_code, "lanternwell" in genuine.output) == (0, True)
    report.write_text(report.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert CliRunner().invoke(app, ["prove", "--verify", str(report)]).exit_code == 1


@pytest.mark.parametrize("asked", [["--sabotage"], ["--report", "x.html"], ["--resume", "x.jsonl"]])
def test_sabotage_a_report_and_what_is_resumed_speak_of_whole_policies(asked):
    refused = CliRunner().invoke(app, ["prove", WHOLE, "--only", "*.consent.*", *asked])
    assert isinstance(refused.exception, NotWhole)


class NoEvidence:
    async def value(self, *_args):
        return 0


class NoLevers:
    def now(self):
        return datetime.now(UTC)

    def advance_to(self, _moment):
        pass

    async def command(self, *_words):
        return 0, "no-such-token"


class NoLetters(Gateway):
    async def code(self, to, **_more):
        raise TimeoutError(f"no letter ever comes to {to}")


class Impatient(World):
    """Nothing comes later where nothing happens."""

    async def waiting(self, look, **_more):
        return await look()


@pytest.fixture
def one_answer():
    """Something that listens and answers the same to everyone; its devices are never heard."""

    @asynccontextmanager
    async def made(status, body):
        said = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {len(said)}\r\n"

        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head.encode() + b"connection: close\r\n\r\n" + said)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with NoLetters() as gateway:
            yield Impatient(
                f"http://127.0.0.1:{port}", ("127.0.0.1", port), NoEvidence(), gateway, NoLevers()
            )
        server.close()

    return made
