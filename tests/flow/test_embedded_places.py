"""Directories that are ours alone, and sentences for those that are not."""

from __future__ import annotations

import errno
import os
import warnings
from pathlib import Path

import pytest

from troth.app.places import Hold, Unusable, enough_space, own_directory, own_file, why_not

NOBODY = 65534


def as_nobody(work) -> str:
    """Run ``work`` as a user who owns nothing, and return the sentence that it is refused with."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():  # a thread of the shared services may run; the fork only ends itself
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:  # pragma: no cover
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            work()
            os.write(writing, b"nothing was refused")
        except Unusable as refused:
            os.write(writing, str(refused).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        sentence = told.read()
    os.waitpid(pid, 0)
    return sentence


def test_what_is_missing_is_made_for_this_user_alone(tmp_path: Path):
    made = own_directory(tmp_path / "a" / "b")
    assert [path.stat().st_mode & 0o777 for path in (made, made.parent)] == [0o700, 0o700]
    file = own_file(made / "seed", "text")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == "text"
    assert own_file(file, "other").read_text() == "other"
    assert [path.name for path in made.iterdir()] == ["seed"]


def test_without_permission_the_sentence_says_where_to_go():
    assert as_nobody(lambda: own_directory(Path("/usr/troth"))) == (
        "/usr/troth: no permission: name a directory that this user may write to, or mend its owner"
    )


def test_a_directory_of_somebody_else_is_refused():
    assert as_nobody(lambda: own_directory(Path("/usr"))) == (
        "/usr belongs to another user (uid 0): name a directory of your own"
    )


def test_a_file_where_a_directory_should_be_is_refused(tmp_path: Path):
    (tmp_path / "f").write_text("")
    with pytest.raises(Unusable, match="is not a directory"):
        own_directory(tmp_path / "f")
    with pytest.raises(Unusable, match="a part of the path is a file"):
        own_directory(tmp_path / "f" / "g")


def test_a_link_in_the_place_of_a_secret_is_not_followed(tmp_path: Path):
    (tmp_path / f".seed.{os.getpid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unusable):
        own_file(tmp_path / "seed", "secret")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "no space left: free some, or name a directory on another disk"),
        (errno.EDQUOT, "no space left: free some, or name a directory on another disk"),
        (errno.EROFS, "the file system is read-only: name a directory on another one"),
        (errno.EACCES, "no permission: name a directory that this user may write to, or mend its owner"),
    ],
)
def test_each_trouble_has_its_sentence(number: int, sentence: str):
    assert why_not(Path("/x"), OSError(number, "")) == f"/x: {sentence}"


def test_room_is_measured_where_the_directory_will_be(tmp_path: Path):
    asked: list[Path] = []

    def free(path: Path) -> int:
        asked.append(path)
        return 299_999_999

    with pytest.raises(Unusable, match=r"no space: 299 MB are free and 300 MB are needed"):
        enough_space(tmp_path / "not" / "there", 300, free=free)
    enough_space(tmp_path / "not" / "there", 299, free=free)
    assert asked == [tmp_path, tmp_path]


def test_a_hold_lasts_as_long_as_whoever_it_was_handed_to(tmp_path: Path):
    first, second = Hold(tmp_path), Hold(tmp_path)
    assert first.take()
    assert first.take()
    assert not second.take()
    assert first.fd is not None
    handed_on = os.dup(first.fd)
    first.release()
    assert not second.take()
    os.close(handed_on)
    assert second.take()
    second.release()
