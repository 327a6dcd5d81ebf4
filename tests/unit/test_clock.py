from __future__ import annotations

import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from troth.app.clock import OffsetClock, SystemClock, TimeRunsForward

DAY = timedelta(days=1)


def test_system_clock_is_aware_and_in_utc():
    before = datetime.now(UTC)
    seen = SystemClock().now()
    assert before <= seen <= datetime.now(UTC)
    assert seen.tzinfo is UTC


def test_a_fresh_offset_clock_is_the_system_clock(tmp_path: Path):
    clock = OffsetClock(tmp_path / "clock")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
    assert (tmp_path / "clock").stat().st_mode & 0o777 == 0o600


def test_every_reader_of_the_file_sees_the_days_pass(tmp_path: Path):
    one, other = OffsetClock(tmp_path / "clock"), OffsetClock(tmp_path / "clock")
    one.advance(15 * DAY)
    moment = other.advance(timedelta(hours=1, microseconds=1))
    assert one.offset() == 15 * DAY + timedelta(hours=1, microseconds=1)
    assert abs(moment - one.now()) < timedelta(seconds=1)
    assert one.now() > datetime.now(UTC) + 15 * DAY


def test_the_offset_outlives_the_process(tmp_path: Path):
    OffsetClock(tmp_path / "clock").advance(DAY)
    assert OffsetClock(tmp_path / "clock").offset() == DAY


def _advance(path: Path) -> None:
    clock = OffsetClock(path)
    for _ in range(200):
        clock.advance(timedelta(seconds=1))


def test_no_step_is_lost_when_processes_advance_at_once(tmp_path: Path):
    path = tmp_path / "clock"
    spawn = multiprocessing.get_context("spawn")
    others = [spawn.Process(target=_advance, args=(path,)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(20)
    assert OffsetClock(path).offset() == timedelta(seconds=400)


def test_time_runs_forward(tmp_path: Path):
    clock = OffsetClock(tmp_path / "clock")
    with pytest.raises(TimeRunsForward, match="cannot be moved back"):
        clock.advance(-timedelta(microseconds=1))
    assert clock.offset() == timedelta(0)
