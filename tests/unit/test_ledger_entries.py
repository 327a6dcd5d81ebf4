"""The text of an entry is canonical, and its id grows with time. The rest is held by `tests/contract`."""

import json
from datetime import UTC, datetime, timedelta

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from troth.ledger import EntryKind, NewEntry, UnfitEntry
from troth.ledger.entries import body, new_id
from troth.terms import Reason

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TEXTS = st.text(max_size=12) | st.from_regex(r"[a-z0-9_.:/-]{1,20}", fullmatch=True)
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ENTRIES = st.builds(
    NewEntry,
    kind=st.sampled_from(EntryKind),
    at=TIMES,
    policy=st.none() | TEXTS,
    version=st.none() | st.integers(1, 99),
    function=st.none() | TEXTS,
    reason=st.none() | st.sampled_from(Reason),
    clauses=st.lists(TEXTS, max_size=4).map(tuple),
    details=st.dictionaries(TEXTS, TEXTS | st.integers(), max_size=4),
)


@given(ENTRIES, st.none() | st.binary(min_size=32, max_size=32))
def test_whatever_is_taken_is_written_as_rfc_8785_has_it(new, committed):
    try:
        text = body(new_id(new.at), new, committed)
    except UnfitEntry:
        return
    assert text == rfc8785.dumps(json.loads(text))
    assert text.isascii()


@given(TIMES, st.timedeltas(timedelta(milliseconds=1), timedelta(days=9999)))
def test_ids_grow_with_time_and_never_repeat(at, later):
    one, other = new_id(at), new_id(at + later)
    assert one < other
    assert (one.version, one.variant) == (7, "specified in RFC 4122")
    assert new_id(at) != one
