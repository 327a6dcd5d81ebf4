"""What the doctor sees on a machine: each check, well and not well, and a next step whenever it isn't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from troth.app.doctor import here
from troth.app.doctor.finding import Finding, Verdict
from troth.app.embedded import authority
from troth.app.settings import Settings

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED


@pytest.fixture
def told(tmp_path: Path) -> Settings:
    made = Settings.from_environ({"TROTH_DATA": str(tmp_path / "data")})
    made.keyring.mkdir(parents=True, mode=0o700)
    made.data.chmod(0o700)
    return made


def stands(found: Finding, verdict: Verdict, said: str = "") -> None:
    assert found.verdict is verdict, found
    assert said in found.seen
    assert bool(found.then) == (verdict is not OK)


def test_what_others_can_open_is_found_under_a_folder_that_they_can_open(told: Settings):
    (told.data / "note").write_text("x")
    (told.data / "note").chmod(0o644)
    stands(here.modes(told), OK)
    told.data.chmod(0o750)
    stands(here.modes(told), FAILED, "2 files or folders")
    assert f"chmod -R go= {told.data}" in here.modes(told).then


def test_keys_beside_the_data_are_warned_of_and_a_root_elsewhere_is_enough(told: Settings, tmp_path: Path):
    stands(here.keyring(told), WARNING, "who takes the disk has both")
    root = tmp_path / "root"
    root.write_text("A" * 43 + "=")
    sealed = Settings.from_environ({"TROTH_DATA": str(told.data), "TROTH_KEYRING_ROOT_FILE": str(root)})
    stands(here.keyring(sealed), OK)


@pytest.mark.parametrize(("days", "verdict"), [(0, OK), (280, WARNING), (340, FAILED), (400, FAILED)])
def test_a_certificate_is_looked_at_before_it_ends(told: Settings, days: int, verdict: Verdict):
    authority.ensure(told.data / "tls", ("localhost",), NOW)
    stands(here.certificate(told.papers, NOW + timedelta(days=days)), verdict, "good for")


def test_no_certificate_and_no_tls(told: Settings):
    stands(here.certificate(told.papers, NOW), FAILED, "no certificate with its key")
    stands(here.certificate(None, NOW), OK, "this machine alone")


def test_space_runs_out_by_degrees(told: Settings, monkeypatch: pytest.MonkeyPatch):
    for free, verdict in ((50, OK), (9, WARNING), (2, FAILED)):
        usage = SimpleNamespace(free=free, total=100)
        monkeypatch.setattr(here, "disk_usage", lambda _path, usage=usage: usage)
        stands(here.space(told), verdict)


def test_a_backup_may_be_a_day_old(tmp_path: Path):
    stands(here.backups(None, NOW), WARNING)
    stands(here.backups(tmp_path / "none", NOW), FAILED)
    (tmp_path / "2026-03-01T030000Z-0a1b2c3d").mkdir()
    stands(here.backups(tmp_path, datetime(2026, 3, 2, 8, tzinfo=UTC)), OK, "2026-03-01 03:00")
    stands(here.backups(tmp_path, datetime(2026, 3, 2, 10, tzinfo=UTC)), FAILED)


def test_a_worker_that_says_nothing_is_dead(told: Settings):
    signs = [told.data / f"worker-{n}.ready" for n in (1, 2)]
    signs[0].touch()
    now = datetime.now(UTC)
    stands(here.workers(told, signs[:1], now), OK, "1 at work")
    stands(here.workers(told, signs, now), FAILED, "worker-2")
    stands(here.workers(told, signs[:1], now + timedelta(minutes=2)), FAILED, "worker-1")


def test_a_stream_without_a_key_is_found(told: Settings):
    stands(here.stream_key(told, embedded=False), WARNING)
    stands(here.stream_key(told, embedded=True), FAILED)
    (told.data / "nats").mkdir()
    (told.data / "nats" / "nats.conf").write_text("cipher: aes")
    (told.keyring / "stream.key").write_text("stream-ab")
    stands(here.stream_key(told, embedded=True), OK)
    (told.keyring / "stream.key").write_text("\n")
    stands(here.stream_key(told, embedded=True), FAILED)
