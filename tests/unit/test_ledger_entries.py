"""The text of an entry is canonical, and its id grows with time. The rest is held by `tests/contract`."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from troth.ledger import EntryKind, NewEntry, UnfitEntry
from troth.ledger.entries import Alike, body, new_id, stamp
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


@given(ENTRIES, st.none() | TIMES, st.binary(min_size=32, max_size=32))
def test_what_many_entries_share_is_written_as_for_each(new, done, committed):
    if done is not None:
        new = replace(new, details={**new.details, "done": stamp(done).lower()})
    made = new_id(new.at)
    try:
        alone = body(made, new, committed)
    except UnfitEntry:
        with pytest.raises(UnfitEntry):
            Alike(new)
        return
    assert Alike(new).body(made, committed, done or new.at) == alone
