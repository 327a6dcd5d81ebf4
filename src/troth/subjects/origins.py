"""Limits by origin: how often one network may try, and how often it may try one login. In memory only.

An origin is known by a hash under a key that this process draws anew each day and never stores, so that no
address is kept and none can be worked out later. Each process counts for itself. Only failures stay counted:
success hands its try back. An address of the machine itself is no origin: it is a proxy, or the operator.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from ipaddress import IPv6Address, ip_address

from troth.subjects.tries import Limit, TooManyTries

A_LOGIN = Limit(tries=5, window=timedelta(minutes=15))
"""One origin at one login: what guessing a password may take."""
ALL_LOGINS = Limit(tries=60, window=timedelta(minutes=15))
"""One origin at whatever logins: a household or an office, not a list of leaked passwords."""
REGISTRATIONS = Limit(tries=20, window=timedelta(hours=1))
"""One origin and whatever numbers: each registration sends someone a code."""
_MOST = 100_000
_HOUSEHOLD = 64  # bits of an IPv6 address that one customer is given


@dataclass(slots=True)
class _Window:
    started: datetime
    n: int


@dataclass(slots=True)
class Origins:
    """The counts of one process."""

    _day: date = date.min
    _key: bytes = field(default=b"", repr=False)
    _windows: OrderedDict[bytes, _Window] = field(default_factory=OrderedDict[bytes, _Window], repr=False)

    def spend(self, origin: str | None, what: bytes, limit: Limit, now: datetime) -> bytes | None:
        """Pay for one try at ``what``; return what to hand back. Raises `TooManyTries`."""
        network = _network(origin)
        return None if network is None else self.spend_by(network, what, limit, now)

    def spend_by(self, who: bytes, what: bytes, limit: Limit, now: datetime) -> bytes:
        """Do the same for anything that tells one caller from another, such as a token."""
        tag = self._tag(who, what, now)
        window = self._windows.get(tag)
        if window is None or window.started + limit.window <= now:
            window = _Window(now, 0)
            self._windows[tag] = window
        if window.n >= limit.tries:
            raise TooManyTries(window.started + limit.window)
        window.n += 1
        self._windows.move_to_end(tag)
        if len(self._windows) > _MOST:
            self._windows.popitem(last=False)
        return tag

    def hand_back(self, tag: bytes | None) -> None:
        """Take one try back: it succeeded."""
        window = self._windows.get(tag) if tag else None
        if window is not None and window.n:
            window.n -= 1

    def _tag(self, who: bytes, what: bytes, now: datetime) -> bytes:
        if self._day != now.date():
            self._day, self._key = now.date(), secrets.token_bytes(32)
            self._windows.clear()
        text = len(who).to_bytes(4, "big") + who + what
        return hmac.digest(self._key, text, hashlib.sha256)


def _network(origin: str | None) -> bytes | None:
    """Return the network that an address stands for, or None where there is none to tell."""
    try:
        address = ip_address((origin or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return None
    return address.packed[: _HOUSEHOLD // 8] if address.version == 6 else address.packed  # noqa: PLR2004
