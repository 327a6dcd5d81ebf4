"""The byte scan finds a marker in every form, and only where it is."""

import base64
import json
import random
import zlib
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from troth.prove import pglz
from troth.prove.scan import forms, scan
from troth.terms import ItemName, Reading
from troth.vault import blocks

MARKER = "+8613800000001-marker"

WRITERS = {
    "plain": lambda m: b"xx" + m.encode() + b"yy",
    "hex": lambda m: m.encode().hex().encode(),
    "utf-16": lambda m: m.encode("utf-16"),
    "json": lambda m: json.dumps({"a": m}).encode(),
    "base64": lambda m: base64.b64encode(m.encode()),
    "base64, shifted by one": lambda m: base64.b64encode(b"a" + m.encode() + b"zz"),
    "base64, shifted by two": lambda m: base64.b64encode(b"ab" + m.encode() + b"z"),
    "zlib": lambda m: b"head" + zlib.compress(b"some" + m.encode() * 3) + b"tail",
    "zlib, level 1": lambda m: zlib.compress(m.encode(), 1),
}


@pytest.mark.parametrize("how", WRITERS)
@pytest.mark.parametrize("marker", [MARKER, "商店名称标记八一七"])
def test_finds_the_marker_written_as(tmp_path, how, marker):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(WRITERS[how](marker))
    assert {s.marker for s in scan([tmp_path], [marker, "another"])} == {marker}


def test_finds_the_marker_in_a_block_of_readings_that_nobody_sealed(tmp_path):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    readings = [Reading(uuid4(), ItemName("note"), at, {"n": n, "text": MARKER * 2}) for n in range(9)]
    block = blocks.encode(readings)
    assert MARKER.encode() not in block  # compressed, without a head that tells
    (tmp_path / "file").write_bytes(b"some page" + block + bytes(99))
    assert {s.marker for s in scan([tmp_path], [MARKER, "another"])} == {MARKER}


def test_finds_nothing_where_nothing_is(tmp_path):
    (tmp_path / "file").write_bytes(zlib.compress(b"nothing here") + b"\x78\x9cgarbage")
    assert scan([tmp_path], [MARKER]) == frozenset()


def test_what_looks_like_a_compressed_value_and_is_none_is_passed_over(tmp_path):
    chance = random.Random(3)  # noqa: S311 - bytes, not a secret
    (tmp_path / "file").write_bytes(chance.randbytes(200_000) + bytes(5000))
    assert scan([tmp_path], [MARKER]) == frozenset()


def test_a_value_that_postgresql_compressed_is_opened():
    # SELECT lp, t_data ... of repeat('abcd', 10): four literals, one match of 36 bytes, 4 back.
    packed = b"\x10abcd\x0f\x04\x12"
    assert pglz.opened_as(packed, 40) == b"abcd" * 10
    assert pglz.opened_as(b"\x01\x00\x05", 40) is None
    assert pglz.opened_as(packed[:-1], 40) is None


def test_every_form_is_long_enough_to_mean_something():
    assert all(len(needle) >= len(MARKER) - 1 for needle in forms(MARKER).values())
