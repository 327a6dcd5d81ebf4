"""Which role of the staff has which duty: the one table, which doors ask and the desk shows.

Says before which doors someone stands. What opens behind them is the gate's to decide, by the policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What someone is there for."""

    ADMIN = "admin"
    PRIVACY = "privacy"
    SUPPORT = "support"
    AUDIT = "audit"
    MAKER = "maker"  # the production line: puts devices on the shelf, sees nobody
    SERVICE = "service"  # a program of the maker's: shop, app backend; sees what a clause opens to services


class Duty(StrEnum):
    """A group of doors that belong together."""

    DESK = "desk"  # requests: enter, see, answer
    LOOK = "look"  # open items of a person, for a purpose
    MEDIA = "media"  # open media of a person, for a purpose
    OFFICE = "office"  # incidents, receivers, orders, disclosures, ends, minors
    STOCK = "stock"  # put devices on the shelf
    SERVE = "serve"  # collect, use and share for the maker's own service
    WATCH = "watch"  # ledger, health and counts: nobody in particular
    STAFF = "staff"  # invite and dismiss


DUTIES: Mapping[Role, frozenset[Duty]] = {
    Role.ADMIN: frozenset(Duty) - {Duty.SERVE},
    Role.PRIVACY: frozenset({Duty.DESK, Duty.LOOK, Duty.MEDIA, Duty.OFFICE, Duty.WATCH}),
    Role.SUPPORT: frozenset({Duty.DESK, Duty.LOOK, Duty.MEDIA}),
    Role.AUDIT: frozenset({Duty.WATCH}),
    Role.MAKER: frozenset({Duty.STOCK}),
    Role.SERVICE: frozenset({Duty.SERVE, Duty.MEDIA}),
}


def may(role: Role, duty: Duty) -> bool:
    """Tell whether ``role`` has ``duty``. What the table doesn't say is a no."""
    return duty in DUTIES.get(role, frozenset())
