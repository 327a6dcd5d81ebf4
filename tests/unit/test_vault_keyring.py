"""Keyrings, all by one contract: private, whole or not at all, and never made anew where one was lost."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from troth.vault import EpochKind, FolderKeyring, KeyDestroyed, KeyringUnfit

KEK = EpochKind.KEK
ROOT = bytes(range(32))


@pytest.fixture(params=[None, ROOT], ids=["files", "root in the environment"])
def root(request):
    return request.param


@pytest.fixture
def ring(tmp_path, root):
    return FolderKeyring.create(tmp_path / "ring", root)


def test_a_new_keyring_has_first_epochs_that_only_this_user_can_read(ring, tmp_path):
    assert {kind: ring.epochs(kind) for kind in EpochKind} == dict.fromkeys(EpochKind, (1,))
    for path in [tmp_path / "ring", *(tmp_path / "ring").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert ring.current(KEK).key.hex() not in repr(ring.current(KEK))


def test_creating_again_opens_what_is_there(ring, tmp_path, root):
    assert FolderKeyring.create(tmp_path / "ring", root).current(KEK) == ring.current(KEK)


def test_opening_never_makes_a_keyring(tmp_path, root):
    with pytest.raises(KeyringUnfit, match="missing"):
        FolderKeyring(tmp_path / "none", root)
    assert not (tmp_path / "none").exists()


def test_creating_never_fills_a_gap(ring, tmp_path, root):
    (tmp_path / "ring" / "kek" / "1.key").unlink()
    with pytest.raises(KeyringUnfit, match="no key"):
        FolderKeyring.create(tmp_path / "ring", root)


def test_a_folder_beside_others_is_still_a_new_keyring(tmp_path, root):
    (tmp_path / "ring" / "sign").mkdir(parents=True, mode=0o700)
    (tmp_path / "ring").chmod(0o700)
    assert FolderKeyring.create(tmp_path / "ring", root).epochs(KEK) == (1,)


def test_a_keyring_that_others_may_enter_is_refused(ring, tmp_path, root):
    (tmp_path / "ring" / "index").chmod(0o750)
    with pytest.raises(KeyringUnfit, match="chmod 700"):
        FolderKeyring(tmp_path / "ring", root)


def test_a_key_that_was_cut_short_is_refused(ring, tmp_path, root):
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


def test_those_who_create_at_once_agree(tmp_path, root):
    with ThreadPoolExecutor(8) as pool:
        keys = pool.map(lambda _: FolderKeyring.create(tmp_path / "ring", root).current(KEK).key, range(8))
    assert len(set(keys)) == 1


def test_under_a_root_no_file_holds_a_key_that_is_used(tmp_path):
    ring = FolderKeyring.create(tmp_path / "ring", ROOT)
    used = [ring.key(kind, 1) for kind in EpochKind] + [ring.add_farewell(uuid4())]
    written = b"".join(f.read_bytes() for f in (tmp_path / "ring").rglob("*.key"))
    assert len(set(used)) == len(used) == 4
    assert not any(key in written for key in used)


@pytest.mark.parametrize(
    ("made_under", "opened_under", "sentence"),
    [
        (ROOT, None, "set TROTH_KEYRING_ROOT"),
        (None, ROOT, "but TROTH_KEYRING_ROOT is set"),
        (ROOT, bytes(32), "another keyring's"),
    ],
)
def test_a_keyring_opens_under_its_own_root_only(tmp_path, made_under, opened_under, sentence):
    FolderKeyring.create(tmp_path / "ring", made_under)
    with pytest.raises(KeyringUnfit, match=sentence):
        FolderKeyring.create(tmp_path / "ring", opened_under)
    FolderKeyring(tmp_path / "ring", made_under)


def test_a_sealed_key_opens_in_its_own_place_only(tmp_path):
    ring = FolderKeyring.create(tmp_path / "ring", ROOT)
    one, other = (tmp_path / "ring" / kind.value / "1.key" for kind in (KEK, EpochKind.INDEX))
    one.write_bytes(other.read_bytes())
    with pytest.raises(KeyringUnfit, match="does not open"):
        ring.current(KEK)
