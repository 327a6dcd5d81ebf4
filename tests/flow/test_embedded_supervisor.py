"""The supervisor over real processes: plain shell scripts that can be told apart by what they write."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from troth.app.supervisor import Child, NotReady, State, Supervisor
from troth.terms import TrothError

PATIENCE_S = 60.0  # a busy machine is late, not broken


async def until(condition, within: float = PATIENCE_S) -> float:
    """Wait for ``condition`` and return how long that took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within, "did not come about in time"
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def shell(tmp_path: Path, name: str, script: str, **more: Any) -> Child:
    marker = tmp_path / f"{name}.up"

    async def ready() -> bool:
        return marker.exists()

    more.setdefault("ready", ready)
    return Child(
        name=name,
        argv=("/bin/sh", "-c", script.replace("UP", f"echo $$ > {marker}.new; mv {marker}.new {marker}")),
        log=tmp_path / f"{name}.log",
        environment={"PATH": "/usr/bin:/bin"},
        **more,
    )


SLEEP = "while :; do sleep 0.05; done"
SLEEPER = f"UP; trap 'exit 0' TERM; {SLEEP}"


def test_children_go_up_in_order_and_down_in_reverse(tmp_path: Path):
    diary = tmp_path / "diary"

    def noted(name: str) -> Child:
        script = f"echo {name} up >> {diary}; trap 'echo {name} down >> {diary}; exit 0' TERM; UP; {SLEEP}"
        return shell(tmp_path, name, script)

    async def story():
        async with Supervisor([noted("one"), noted("two")]) as supervisor:
            await supervisor.add(noted("three"))
            assert [(h.name, h.state, h.restarts) for h in supervisor.health()] == [
                ("one", State.UP, 0), ("two", State.UP, 0), ("three", State.UP, 0),
            ]  # fmt: skip
        assert supervisor.health() == ()

    asyncio.run(story())
    lines = diary.read_text().splitlines()
    assert lines == ["one up", "two up", "three up", "three down", "two down", "one down"]


def test_what_dies_comes_back_and_health_tells(tmp_path: Path):
    async def story():
        async with Supervisor([shell(tmp_path, "it", SLEEPER)]) as supervisor:
            first = supervisor.health()[0].pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            took = await until(
                lambda: supervisor.health()[0].restarts == 1 and supervisor.health()[0].state == State.UP
            )
            health = supervisor.health()[0]
            assert took < 1
            assert health.pid != first
            assert health.trouble == "it ended (SIGKILL)"

    asyncio.run(story())


def test_what_is_killed_now_and_then_comes_back_at_once_every_time(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("troth.app.supervisor._STEADY_S", 0.05)

    async def story():
        async with Supervisor([shell(tmp_path, "it", SLEEPER)]) as supervisor:
            for number in range(1, 9):
                await asyncio.sleep(0.1)  # it has been up for longer than a moment
                pid = supervisor.health()[0].pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                back = await until(lambda n=number: supervisor.health()[0].restarts == n and up(supervisor))
                assert back < 1

    def up(supervisor: Supervisor) -> bool:
        return supervisor.health()[0].state == State.UP

    asyncio.run(story())


def test_what_dies_again_and_again_is_tried_less_and_less_often(tmp_path: Path):
    tries = tmp_path / "tries"

    async def story():
        async with Supervisor([shell(tmp_path, "it", f"echo x >> {tries}; UP; exit 3")]) as supervisor:
            await until(lambda: supervisor.health()[0].restarts >= 3)
            assert "status 3" in str(supervisor.health()[0].trouble)
            begun = time.monotonic()
            await until(lambda: supervisor.health()[0].restarts >= 5)
            assert time.monotonic() - begun > 0.5  # 0.2 s, then 0.4 s

    with suppress(NotReady):  # it may die before it was seen up
        asyncio.run(story())


def test_a_child_that_dies_before_it_is_up_says_why(tmp_path: Path):
    async def story():
        async with Supervisor([shell(tmp_path, "it", "echo the shelf is empty >&2; exit 4")]):
            raise AssertionError

    with pytest.raises(NotReady, match=r"it ended \(status 4\) before it was up: the shelf is empty \(log: "):
        asyncio.run(story())


def test_a_child_that_is_never_up_is_ended_and_so_are_those_before_it(tmp_path: Path):
    async def never() -> bool:
        await until((tmp_path / "slow.up").exists)
        return False

    first = shell(tmp_path, "first", SLEEPER)
    slow = shell(tmp_path, "slow", SLEEPER, ready=never, patience_s=0.2)

    async def story():
        async with Supervisor([first, slow]):
            raise AssertionError

    with pytest.raises(NotReady, match=r"slow was not up within 0.2 s"):
        asyncio.run(story())
    assert not alive(int((tmp_path / "first.up").read_text()))
    assert not alive(int((tmp_path / "slow.up").read_text()))


def test_a_program_that_is_not_there_says_so(tmp_path: Path):
    async def ready() -> bool:
        return False

    child = Child(name="it", argv=("/no/such/program",), log=tmp_path / "log", ready=ready)
    with pytest.raises(NotReady, match="cannot run /no/such/program: No such file"):
        asyncio.run(_start(child))


async def _start(child: Child) -> None:
    async with Supervisor([child]):
        pass


def test_a_child_whose_proof_fails_does_not_stay(tmp_path: Path):
    class Unproven(TrothError):
        """it cannot be believed"""

    async def proof() -> None:
        raise Unproven

    with pytest.raises(Unproven, match="cannot be believed"):
        asyncio.run(_start(shell(tmp_path, "it", SLEEPER, proof=proof)))
    assert not alive(int((tmp_path / "it.up").read_text()))


def test_a_child_that_will_not_go_is_killed_after_its_grace(tmp_path: Path):
    stubborn = shell(tmp_path, "it", f"trap '' TERM; UP; {SLEEP}", grace_s=0.2)
    asyncio.run(asyncio.wait_for(_start(stubborn), PATIENCE_S))
    assert not alive(int((tmp_path / "it.up").read_text()))


def test_only_what_may_be_kept_reaches_the_disk(tmp_path: Path):
    def keep(line: str) -> str | None:
        return None if "secret" in line else line.upper()

    script = "echo fine; echo a secret; echo fine too >&2; " + SLEEPER
    asyncio.run(_start(shell(tmp_path, "it", script, keep=keep)))
    log = tmp_path / "it.log"
    assert log.read_text() == "FINE\nFINE TOO\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_is_bounded(tmp_path: Path):
    script = "yes 0123456789012345678901234567890123456789 | head -c 5000000; " + SLEEPER
    asyncio.run(_start(shell(tmp_path, "it", script)))
    sizes = [path.stat().st_size for path in tmp_path.glob("it.log*")]
    assert len(sizes) == 2
    assert sum(sizes) < 2_100_000


def test_a_child_gets_its_own_environment_and_no_other(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TROTH_TEST_SECRET", "x")
    script = f"env > {tmp_path}/env; " + SLEEPER
    asyncio.run(_start(shell(tmp_path, "it", script)))
    assert "TROTH_TEST_SECRET" not in (tmp_path / "env").read_text()


def test_a_child_leaves_no_core_file_and_no_file_that_others_can_read(tmp_path: Path):
    asyncio.run(_start(shell(tmp_path, "it", f"(ulimit -c; umask) > {tmp_path}/said; " + SLEEPER)))
    assert (tmp_path / "said").read_text().split() == ["0", "0077"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed parent")
def test_no_child_outlives_a_killed_supervisor(tmp_path: Path):
    program = textwrap.dedent("""
        import asyncio, pathlib, sys
        from troth.app.supervisor import Child, Supervisor
        mark = pathlib.Path(sys.argv[1])
        async def ready():
            return mark.exists()
        async def main():
            script = f"trap '' TERM INT HUP; echo $$ > {mark}.new; mv {mark}.new {mark}; " + sys.argv[2]
            child = Child(name="it", argv=("/bin/sh", "-c", script), log=mark.with_suffix(".log"),
                          ready=ready, environment={"PATH": "/usr/bin:/bin"})
            async with Supervisor([child]):
                print("up", flush=True)
                await asyncio.sleep(60)
        asyncio.run(main())
    """)
    arguments = [sys.executable, "-c", program, tmp_path / "it.up", SLEEP]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "up\n"
        pid = int((tmp_path / "it.up").read_text())
        assert alive(pid)
        supervisor.kill()
    asyncio.run(until(lambda: not alive(pid), 2))
