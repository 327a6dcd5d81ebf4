"""The keyring folder: private, whole or not at all, and never made anew where one was lost."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from troth.vault import EpochKind, KeyDestroyed, Keyring, KeyringUnfit

KEK = EpochKind.KEK


@pytest.fixture
def ring(tmp_path):
    return Keyring.create(tmp_path / "ring")


def test_a_new_keyring_has_first_epochs_that_only_this_user_can_read(ring, tmp_path):
    assert {kind: ring.epochs(kind) for kind in EpochKind} == dict.fromkeys(EpochKind, (1,))
    for path in [tmp_path / "ring", *(tmp_path / "ring").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert ring.current(KEK).key.hex() not in repr(ring.current(KEK))


def test_creating_again_opens_what_is_there(ring, tmp_path):
    assert Keyring.create(tmp_path / "ring").current(KEK) == ring.current(KEK)


def test_opening_never_makes_a_keyring(tmp_path):
    with pytest.raises(KeyringUnfit, match="missing"):
        Keyring(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_creating_never_fills_a_gap(ring, tmp_path):
    (tmp_path / "ring" / "kek" / "1.key").unlink()
    with pytest.raises(KeyringUnfit, match="no key"):
        Keyring.create(tmp_path / "ring")


def test_a_folder_beside_others_is_still_a_new_keyring(tmp_path):
    (tmp_path / "ring" / "sign").mkdir(parents=True, mode=0o700)
    (tmp_path / "ring").chmod(0o700)
    assert Keyring.create(tmp_path / "ring").epochs(KEK) == (1,)


def test_a_keyring_that_others_may_enter_is_refused(ring, tmp_path):
    (tmp_path / "ring" / "index").chmod(0o750)
    with pytest.raises(KeyringUnfit, match="chmod 700"):
        Keyring(tmp_path / "ring")


def test_a_key_that_was_cut_short_is_refused(ring, tmp_path):
    (tmp_path / "ring" / "kek" / "1.key").write_bytes(b"short")
    with pytest.raises(KeyringUnfit, match="cut short"):
        ring.current(KEK)


def test_rotating_adds_and_destroying_takes_away(ring):
    first = ring.current(KEK)
    assert ring.rotate(KEK) == 2
    assert ring.current(KEK).number == 2
    assert ring.current(KEK).key != first.key
    assert ring.key(KEK, 1) == first.key
    ring.destroy(KEK, 1)
    ring.destroy(KEK, 1)
    assert ring.epochs(KEK) == (2,)
    with pytest.raises(KeyDestroyed):
        ring.key(KEK, 1)
    assert ring.epochs(EpochKind.INDEX) == (1,)


def test_the_epoch_in_use_cannot_be_destroyed(ring):
    with pytest.raises(KeyringUnfit, match="in use"):
        ring.destroy(KEK, 1)
    assert ring.epochs(KEK) == (1,)


def test_a_destroyed_key_is_overwritten_before_its_name_goes(ring, tmp_path):
    path = tmp_path / "ring" / "kek" / "1.key"
    key = path.read_bytes()
    os.link(path, tmp_path / "other_name")
    ring.rotate(KEK)
    ring.destroy(KEK, 1)
    assert not path.exists()
    left = (tmp_path / "other_name").read_bytes()
    assert len(left) == len(key)
    assert left != key


def test_a_farewell_key_is_made_once_and_destroyed(ring):
    erasure = uuid4()
    key = ring.add_farewell(erasure)
    assert ring.add_farewell(erasure) == ring.farewell(erasure) == key
    assert list(ring.farewells()) == [erasure]
    ring.destroy_farewell(erasure)
    ring.destroy_farewell(erasure)
    with pytest.raises(KeyDestroyed):
        ring.farewell(erasure)


def test_those_who_create_at_once_agree(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = pool.map(lambda _: Keyring.create(tmp_path / "ring").current(KEK).key, range(8))
    assert len(set(keys)) == 1
