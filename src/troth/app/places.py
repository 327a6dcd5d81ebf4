"""Directories and files that only this user can open. Never loosens or takes over what it did not make."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from shutil import disk_usage
from typing import TYPE_CHECKING

from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Unusable(TrothError):
    """a directory or file cannot be used as it is"""


def own_directory(path: Path) -> Path:
    """Make ``path`` (0700) and its missing parents; refuse one that others can open or that is not ours.

    Existing directories are left as they are. Raises `Unusable` with what to do.
    """
    try:
        missing = [p for p in (path, *path.parents) if not p.exists()]
        for parent in reversed(missing):
            parent.mkdir(mode=0o700, exist_ok=True)
        found = path.stat()
    except OSError as error:
        raise Unusable(why_not(path, error)) from error
    if not stat.S_ISDIR(found.st_mode):
        raise Unusable(f"{path} is not a directory: name another one")
    if found.st_uid != os.geteuid():
        raise Unusable(f"{path} belongs to another user (uid {found.st_uid}): name a directory of your own")
    if found.st_mode & 0o077:
        raise Unusable(
            f"{path} can be opened by others (mode {stat.S_IMODE(found.st_mode):04o}): "
            f"run 'chmod 700 {path}' if it is yours alone, or name another one"
        )
    return path


def own_file(path: Path, text: str) -> Path:
    """Write ``path`` whole or not at all, readable by this user only."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise Unusable(why_not(path, error)) from error
    return path


_WHAT_TO_DO = {
    "PermissionError": "no permission: name a directory that this user may write to, or mend its owner",
    "FileExistsError": "a file stands where a directory is needed: name another one",
    "NotADirectoryError": "a part of the path is a file: name another one",
}


def why_not(path: Path, error: OSError) -> str:
    """Return a sentence that says what is wrong with ``path`` and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: no space left: free some, or name a directory on another disk"
    if error.errno == errno.EROFS:
        return f"{path}: the file system is read-only: name a directory on another one"
    return f"{path}: {_WHAT_TO_DO.get(type(error).__name__, error.strerror or 'cannot be used')}"


def enough_space(
    path: Path, need_mb: int, *, free: Callable[[Path], int] = lambda p: disk_usage(p).free
) -> None:
    """Raise `Unusable` when less than ``need_mb`` MB are free where ``path`` is or will be."""
    there = next(p for p in (path, *path.parents) if p.exists())
    left = free(there) // 1_000_000
    if left < need_mb:
        raise Unusable(
            f"{path}: no space: {left} MB are free and {need_mb} MB are needed: free some, "
            "or name a directory on another disk"
        )


class Hold:
    """An exclusive lock on a directory that lives as long as any process that was handed it.

    The file descriptor is passed on to the service, so that a second start waits for the last process
    of the first, even when whoever started it is long gone.
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / ".lock"
        self.fd: int | None = None

    def take(self) -> bool:
        """Try to take the lock; True when it is ours (now or already)."""
        if self.fd is not None:
            return True
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self.fd = fd
        return True

    def release(self) -> None:
        """Let go of our share of the lock."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
