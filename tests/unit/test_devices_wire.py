"""What a device may say, byte for byte: the form is read back as written, anything else is `Malformed`."""

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.devices import Ack, Batch, Malformed, Refusal
from troth.edges.devices import topics, wire
from troth.prove import simulator
from troth.terms import Reading

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BATCH, READING = "0b0e9f0a-6a3f-4f0e-9a53-0d4a3a1f8a11", "7d8f7e0e-6f2b-4b67-8f4e-6a4e3f1f0c55"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=8,
)
readings = st.builds(
    Reading,
    st.uuids(),
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True),
    st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001 - hypothesis wants it
    st.dictionaries(st.text("abc"), json_values, max_size=3),
)
batches = st.builds(Batch, st.uuids(), st.lists(readings, min_size=1, max_size=5).map(tuple))


def message(**changed):
    one = {"id": READING, "item": "line_crossing", "at": AT.isoformat(), "value": {"count": 1}}
    one.update(changed)
    return json.dumps({"id": BATCH, "readings": [one]}).encode()


@given(batches)
def test_what_was_written_is_read(batch):
    assert wire.batch(wire.payload(batch)) == batch


@given(batches)
def test_the_simulated_camera_writes_the_same_form(batch):
    assert wire.batch(simulator.payload(batch.id, batch.readings)) == batch


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_arbitrary_bytes_never_crash(raw):
    with pytest.raises(Malformed):
        wire.batch(raw)


@given(st.data())
def test_damaged_messages_are_read_or_malformed(data):
    raw = bytearray(message())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        wire.batch(bytes(raw))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"x" * (wire.MAX_BYTES + 1), Refusal.OVERSIZED),
        (b"", Refusal.NOT_JSON),
        (b"\xff", Refusal.NOT_JSON),
        (b"[" * 60_000, Refusal.WRONG_SHAPE),
        (message(value={"deep": None}).replace(b"null", b"[" * 9000 + b"]" * 9000), Refusal.NOT_JSON),
        (b"null", Refusal.WRONG_SHAPE),
        (message(extra=1), Refusal.WRONG_SHAPE),
        (message(item="Line Crossing"), Refusal.WRONG_SHAPE),
        (message(item="line\n"), Refusal.WRONG_SHAPE),
        (message(value=[1]), Refusal.WRONG_SHAPE),
        (message(at=1772442000), Refusal.WRONG_SHAPE),
        (message(id="7"), Refusal.WRONG_SHAPE),
        (message(at="2026-03-02T09:00:00"), Refusal.NAIVE_TIME),
        (message(at="0001-01-01T00:00:00+10:00"), Refusal.TIME_OUT_OF_RANGE),
        (json.dumps({"id": BATCH, "readings": []}).encode(), Refusal.WRONG_SHAPE),
    ],
)
def test_each_kind_of_bad_message_has_its_reason(raw, reason):
    with pytest.raises(Malformed) as malformed:
        wire.batch(raw)
    assert malformed.value.reason is reason


def test_too_many_readings_are_refused():
    # The shortest reading, so that the limit is met before that of size.
    one = b'{"id":"%s","item":"a","at":"2026-03-02T09:00:00Z","value":{}}' % b"%032x"
    many = b",".join(one % n for n in range(wire.MAX_READINGS + 1))
    raw = b'{"id":"' + BATCH.encode() + b'","readings":[' + many + b"]}"
    with pytest.raises(Malformed) as malformed:
        wire.batch(raw)
    assert malformed.value.reason in {Refusal.TOO_MANY_READINGS, Refusal.OVERSIZED}


def test_a_time_is_read_in_any_zone():
    there = AT.astimezone(timezone(timedelta(hours=8)))
    (one,) = wire.batch(message(at=there.isoformat())).readings
    assert (one.measured, one.measured.tzinfo) == (AT, UTC)


def test_a_sender_hears_why_when_its_batch_has_an_id():
    with pytest.raises(Malformed) as malformed:
        wire.batch(message(extra=1))
    assert json.loads(wire.refused(malformed.value)) == {"id": BATCH, "refused": "wrong_shape"}
    assert json.loads(wire.refused(Malformed(Refusal.NOT_JSON))) == {"id": None, "refused": "not_json"}


def test_an_acknowledgement_says_what_became_of_each_reading():
    said = json.loads(wire.ack(Ack(UUID(BATCH), 1, 2, 3, 4)))
    assert said == {"id": BATCH, "stored": 1, "duplicates": 2, "dropped": 3, "denied": 4}


def test_no_message_repeats_what_was_sent():
    with pytest.raises(Malformed) as malformed:
        wire.batch(message(value="planted-secret"))
    assert "planted" not in str(malformed.value)
    assert malformed.value.__cause__ is None
    assert malformed.value.__suppress_context__


@given(st.text() | st.from_regex(r"up\.[0-9a-f]{30,34}\.[a-z_.>*]{0,9}"))
def test_a_subject_is_two_opaque_words_or_malformed(subject):
    with contextlib.suppress(Malformed):
        token, function = topics.spoken(subject)
        assert topics.may_publish(token, [function]) == [subject]
