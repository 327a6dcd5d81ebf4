"""Sealing, labels, and the packing of readings: pure, so tried on generated input."""

from __future__ import annotations

import zlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from troth.terms import DeviceId, ItemName, Reading, SubjectId
from troth.vault import Unsealable, blocks, cipher
from troth.vault.label import Kind, Label

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)
VALUES = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), PLAIN, max_size=4)
READINGS = st.builds(
    Reading,
    id=st.uuids(),
    item=st.sampled_from(["motion", "line_crossing", "door"]).map(ItemName),
    measured=st.datetimes(
        datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
        datetime(2199, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    value=VALUES,
)
LABELS = st.builds(
    Label,
    kind=st.sampled_from(Kind),
    subject=st.uuids().map(SubjectId),
    record=st.uuids(),
    function=st.text(max_size=5),
    retention=st.text(max_size=5),
    name=st.text(max_size=5),
    version=st.integers(0, 1000),
    policy_version=st.integers(0, 1000),
)


@given(VALUES)
@settings(max_examples=60)
def test_a_value_comes_back_equal(value):
    assert blocks.decode_value(blocks.encode_value(value)) == value


@given(st.lists(READINGS, min_size=1, max_size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_readings_come_back_equal_and_in_order(readings):
    assert blocks.decode(blocks.encode(readings)) == readings


def test_a_block_of_like_readings_is_small():
    readings = [
        Reading(uuid4(), ItemName("line_crossing"), datetime(2026, 3, 2, 8, n, tzinfo=UTC), {"in": n % 3})
        for n in range(60)
    ]
    assert len(blocks.encode(readings)) < 60 * 22  # the ids alone are 16 bytes each and do not shrink


@pytest.mark.parametrize("data", [b"", b"x", b"\x78\x9c", bytes(50)])
def test_what_is_not_a_block_does_not_open(data):
    with pytest.raises(Unsealable):
        blocks.decode(data)


def test_what_is_not_a_value_does_not_open():
    with pytest.raises(Unsealable):
        blocks.decode_value(b"\xc1")


@given(LABELS, LABELS)
def test_two_labels_never_run_together(one, other):
    assert (one.aad() == other.aad()) == (one == other)


def test_every_part_of_a_label_counts():
    label = Label(kind=Kind.BLOCK, subject=SubjectId(uuid4()), record=uuid4())
    changed = {
        "kind": Kind.PLAN,
        "subject": SubjectId(uuid4()),
        "record": uuid4(),
        "function": "x",
        "retention": "x",
        "name": "x",
        "version": 1,
        "policy_version": 1,
    }
    assert set(changed) == {field.name for field in fields(Label)}
    found = {replace(label, **{name: value}).aad() for name, value in changed.items()}
    assert len(found | {label.aad()}) == len(changed) + 1


@given(st.binary(max_size=100), st.binary(max_size=20))
@settings(max_examples=50)
def test_only_the_same_key_label_and_bytes_open(plaintext, aad):
    key = cipher.new_key()
    sealed = cipher.seal(key, aad, plaintext)
    assert cipher.unseal(key, aad, sealed) == plaintext
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for wrong in (
        (cipher.new_key(), aad, sealed),
        (key, aad + b"x", sealed),
        (key, aad, flipped),
        (key, aad, sealed[:-1]),
        (key, aad, b""),
    ):
        with pytest.raises(Unsealable):
            cipher.unseal(*wrong)


def test_sealing_twice_never_gives_the_same_bytes():
    key = cipher.new_key()
    assert len({cipher.seal(key, b"", b"same") for _ in range(100)}) == 100


def test_a_wrap_is_always_as_long_as_the_table_demands():
    assert len(cipher.wrap(cipher.new_key(), b"", cipher.new_key())) == 60


def test_marks_differ_by_function_device_and_reading():
    device, reading = DeviceId(UUID(int=1)), UUID(int=2)
    found = {
        blocks.mark("a", device, reading),
        blocks.mark("b", device, reading),
        blocks.mark("a", None, reading),
        blocks.mark("a", device, UUID(int=3)),
    }
    assert len(found) == 4
    assert blocks.mark("a", device, reading) in found


def test_a_block_of_the_first_release_still_opens():
    at = datetime(2026, 3, 2, 4, 5, 6, 789, tzinfo=UTC)
    columns = [
        UUID(int=7).bytes + UUID(int=8).bytes,
        ["motion"],
        [0, 0],
        1_772_424_306_000_789,  # that moment in microseconds since 1970
        [5],
        [{"n": 1}, {"n": 2}],
    ]
    first, second = blocks.decode(zlib.compress(msgspec.msgpack.encode(columns)))
    assert (first.id, first.item, first.measured, first.value) == (UUID(int=7), "motion", at, {"n": 1})
    assert (second.id, second.measured - at, second.value) == (
        UUID(int=8),
        timedelta(microseconds=5),
        {"n": 2},
    )


@pytest.mark.parametrize(
    "data", [b"", b"\x00", b"\x01\x00\x00\x00\x10short", b"\x02\x00\x00\x00\x00no stream", b"x no"]
)
def test_what_is_no_block_is_refused(data):
    with pytest.raises(Unsealable):
        blocks.decode(data)
