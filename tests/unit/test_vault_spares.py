"""The roll of spare keys: what was laid apart is on it until it is known to be gone."""

from datetime import UTC, datetime

import pytest

from troth.vault import EpochKind, FolderKeyring
from troth.vault.spares import Spares, UnfitName, together

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path):
    return FolderKeyring.create(tmp_path / "ring")


@pytest.fixture
def spares(tmp_path):
    return Spares(tmp_path / "spares.log")


def test_a_copy_is_on_the_roll_until_it_is_gone(spares, ring):
    assert spares.oldest(EpochKind.KEK) is None
    spares.lay("one", ring, AT)
    ring.rotate(EpochKind.KEK)
    spares.lay("between", ring, AT)  # holds the old epoch too
    ring.destroy(EpochKind.KEK, 1)
    spares.lay("three", ring, AT)
    assert [(one.name, one.oldest[EpochKind.KEK]) for one in spares.left()] == [
        ("one", 1),
        ("between", 1),
        ("three", 2),
    ]
    assert spares.gone("one", AT)
    assert spares.oldest(EpochKind.KEK) == 1
    assert spares.gone("between", AT)
    assert not spares.gone("between", AT)
    assert not spares.gone("never", AT)
    assert (spares.oldest(EpochKind.KEK), spares.oldest(EpochKind.INDEX)) == (2, 1)


def test_a_line_that_was_torn_leaves_the_copy_on_the_roll(spares, ring, tmp_path):
    path = tmp_path / "spares.log"
    spares.lay("one", ring, AT)
    spares.gone("one", AT)
    path.write_bytes(path.read_bytes()[:-30])
    assert [one.name for one in spares.left()] == ["one"]
    spares.gone("one", AT)
    assert spares.left() == ()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 101])
def test_a_name_that_would_tear_the_roll_is_refused(spares, ring, name):
    with pytest.raises(UnfitName):
        spares.lay(name, ring, AT)
    assert spares.left() == ()


def test_several_rolls_of_one_system_say_together_what_is_left(ring, tmp_path):
    here, there = Spares(tmp_path / "here.log"), Spares(tmp_path / "there.log")
    for name in ("one", "two"):
        here.lay(name, ring, AT)
    there.take_over(here.left())
    there.take_over(here.left())
    assert there.left() == here.left()
    there.lay("three", ring, AT)
    here.gone("one", AT)
    assert {one.name for one in together((here, there))} == {"two", "three"}
    restored = Spares(tmp_path / "restored.log")
    restored.take_over(together((here, there)))
    assert {one.name for one in restored.left()} == {"two", "three"}
