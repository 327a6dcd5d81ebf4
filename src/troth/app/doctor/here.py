"""Checks of what lies on this machine: file modes, keys apart, certificate, space, backups, workers.

Each looks at one thing and takes what it needs, the moment too; none opens a connection or reads a value.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import disk_usage

from troth.app.backup.take import taken_at
from troth.app.doctor.finding import Finding, failed, ok, warning
from troth.app.embedded import authority
from troth.app.settings import Settings
from troth.app.tls import Papers, UnfitTls, listening

_SHOWN = 3
_LOW, _EMPTY = 0.10, 0.03
_BEAT = timedelta(minutes=1)
BACKUP_AGE = timedelta(days=1, hours=6)
"""A day, and the time that one takes."""


def modes(settings: Settings) -> Finding:
    """See that nobody but this user can open what is kept, whoever made it."""
    roots = [settings.data, settings.keyring]
    loose = [path for root in roots for path in _open_to_others(root)]
    if settings.tls_key is not None and settings.tls_key.exists() and _mode(settings.tls_key) & 0o077:
        loose.append(settings.tls_key)
    if not loose:
        return ok("file modes", "only this user can open what is kept")
    some = ", ".join(map(str, loose[:_SHOWN]))
    return failed(
        "file modes",
        f"others can open {len(loose)} files or folders, such as {some}",
        f"run 'chmod -R go= {some.split(', ')[0]}', and look who could have read it",
    )


def keyring(settings: Settings) -> Finding:
    """See that the keys lie elsewhere than what they open."""
    check = "keyring apart"
    if settings.keyring_root is not None:
        return ok(check, "the keyring is sealed under a root that is not on this disk")
    there = [path for path in (settings.keyring, settings.data) if path.exists()]
    if len({path.stat().st_dev for path in there}) > 1:
        return ok(check, "the keyring lies on a volume of its own")
    return warning(
        check,
        f"{settings.keyring} lies on the disk of the data: who takes the disk has both",
        "put it on another volume (TROTH_KEYRING), or seal it under a root key (TROTH_KEYRING_ROOT_FILE)",
    )


def certificate(papers: Papers | None, now: datetime) -> Finding:
    """See that what listeners show is a pair, and lasts."""
    check = "certificate"
    if papers is None:
        return ok(check, "no TLS: this system can be reached from this machine alone")
    try:
        listening(papers)
        left = (authority.ends(papers.certificate) - now).days
    except (UnfitTls, OSError, ValueError) as error:
        return failed(
            check, str(error), "start troth serve, which makes its own, or name a pair of PEM files"
        )
    own = papers.authority is not None
    then = (
        "start troth serve, which renews it" if own else "renew it; a running system takes it up in an hour"
    )
    least, soon = (30, 90) if own else (7, 21)
    seen = f"{papers.certificate.name} is good for {left} days"
    if left < least:
        return failed(check, seen, then)
    return warning(check, seen, then) if left < soon else ok(check, seen)


def space(settings: Settings) -> Finding:
    """See that there is room for what comes."""
    usage = disk_usage(next(p for p in (settings.data, *settings.data.parents) if p.exists()))
    share, seen = usage.free / usage.total, f"{usage.free // 1_000_000:,} MB are free"
    then = f"free some on the disk of {settings.data}, or move TROTH_DATA: a full disk stops all storing"
    if share < _EMPTY:
        return failed("disk space", seen, then)
    return warning("disk space", seen, then) if share < _LOW else ok("disk space", seen)


def backups(folder: Path | None, now: datetime) -> Finding:
    """See that the newest backup is a day old at most."""
    check = "backups"
    if folder is None:
        return warning(check, "not looked at", "name the folder of your backups with --backups")
    found = [taken_at(one.name) for one in folder.iterdir()] if folder.is_dir() else []
    newest = max(filter(None, found), default=None)
    then = f"run 'troth backup {folder} --keys ANOTHER' every day"
    if newest is None:
        return failed(check, f"there is none in {folder}", then)
    seen = f"the newest was begun {newest:%Y-%m-%d %H:%M} UTC"
    return ok(check, seen) if now - newest <= BACKUP_AGE else failed(check, seen, then)


def workers(settings: Settings, signs: Sequence[Path], now: datetime) -> Finding:
    """See that every worker is up and says so."""
    beats = {sign.stem: _beat(sign) for sign in signs}
    dead = sorted(name for name, beat in beats.items() if beat is None or now - beat > _BEAT)
    if not dead:
        return ok("workers", f"{len(beats)} at work")
    return failed(
        "workers",
        f"no word of {', '.join(dead)} for a minute",
        f"see the end of {settings.data}/logs/{dead[0]}.log; troth serve starts a dead worker again",
    )


def stream_key(settings: Settings, *, embedded: bool) -> Finding:
    """See that the embedded broker has a key for its store. Its start proved that it is used."""
    check = "stream encryption"
    if not embedded:
        return warning(check, "the broker is your own", "see that its jetstream block has a cipher and a key")
    config, key = settings.data / "nats" / "nats.conf", settings.keyring / "stream.key"
    told = config.read_text(encoding="utf-8") if config.exists() else ""
    if "cipher: aes" in told and key.exists() and key.read_text(encoding="ascii").strip():
        return ok(check, "the broker's store is sealed; its last start proved it")
    return failed(check, "the broker was not told a key", "start troth serve, which refuses a store in clear")


def _open_to_others(root: Path) -> Iterator[Path]:
    """Return the outermost of what others can open; beneath a closed folder nothing can be."""
    if not root.exists():
        return
    if not _mode(root) & 0o077:
        return
    yield root
    for path in sorted(root.iterdir()):
        if not path.is_symlink() and _mode(path) & 0o077:
            yield path


def _mode(path: Path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def _beat(sign: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(sign.stat().st_mtime, UTC)
    except OSError:
        return None
