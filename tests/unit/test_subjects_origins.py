"""Limits by origin: counted in memory, under a key of the day, never by address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from troth.subjects.origins import Origins
from troth.subjects.tries import Limit, TooManyTries

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
TWICE = Limit(tries=2, window=timedelta(minutes=15))


def test_tries_of_one_network_at_one_thing_are_counted_and_come_back_after_the_window():
    counts = Origins()
    for _ in range(2):
        counts.spend("203.0.113.9", b"a", TWICE, NOW)
    with pytest.raises(TooManyTries) as stopped:
        counts.spend("203.0.113.9", b"a", TWICE, NOW)
    counts.spend("203.0.113.10", b"a", TWICE, NOW)
    counts.spend("203.0.113.9", b"b", TWICE, NOW)
    counts.spend("203.0.113.9", b"a", TWICE, stopped.value.until)


def test_a_household_of_ipv6_addresses_is_one_origin_and_a_mapped_address_is_what_it_maps():
    counts = Origins()
    for host in ("2001:db8::1", "2001:db8::ffff:2"):
        counts.spend(host, b"a", TWICE, NOW)
    with pytest.raises(TooManyTries):
        counts.spend("2001:db8::3", b"a", TWICE, NOW)
    counts.spend("2001:db8:0:1::3", b"a", TWICE, NOW)
    for host in ("203.0.113.9", "::ffff:203.0.113.9"):
        counts.spend(host, b"m", TWICE, NOW)
    with pytest.raises(TooManyTries):
        counts.spend("203.0.113.9", b"m", TWICE, NOW)


@pytest.mark.parametrize("nowhere", [None, "", "127.0.0.1", "::1", "testclient"])
def test_who_has_no_origin_is_not_counted_by_it(nowhere):
    counts = Origins()
    assert [counts.spend(nowhere, b"a", TWICE, NOW) for _ in range(5)] == [None] * 5


def test_success_hands_its_try_back():
    counts = Origins()
    for _ in range(5):
        counts.hand_back(counts.spend("203.0.113.9", b"a", TWICE, NOW))


def test_no_address_is_kept_and_the_key_ends_with_the_day():
    counts = Origins()
    first = counts.spend("203.0.113.9", b"a", TWICE, NOW)
    assert "203.0.113.9" not in repr(counts)
    assert bytes([203, 0, 113, 9]) not in b"".join(counts._windows)
    assert counts.spend("203.0.113.9", b"a", TWICE, NOW + timedelta(days=1)) != first
    assert len(counts._windows) == 1
    assert Origins().spend("203.0.113.9", b"a", TWICE, NOW) != first
