"""When a shop is open, in local time.

One span a day, which may run past midnight. Decides nothing about what happens outside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.terms import LEGAL_TIME, TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DAY = 24 * 60
_TIME = re.compile(r"(?P<hour>[01]\d|2[0-4]):(?P<minute>[0-5]\d)")


class BadBusinessHours(TrothError):
    """write business hours as {"opens": "09:00", "closes": "21:00"}, and 00:00 to 24:00 if never closed"""


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Minutes of the local day: open from ``opens`` until just before ``closes``."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not (0 <= self.opens < DAY and 0 < self.closes <= DAY) or self.opens == self.closes:
            raise BadBusinessHours

    @classmethod
    def read(cls, value: Mapping[str, object]) -> BusinessHours:
        """Read the document's value; raises `BadBusinessHours`."""
        return cls(_minutes(value.get("opens")), _minutes(value.get("closes")))

    def open_at(self, moment: datetime) -> bool:
        """Tell whether the shop is open at this moment."""
        local = moment.astimezone(LEGAL_TIME)
        minute = local.hour * 60 + local.minute
        if self.opens < self.closes:
            return self.opens <= minute < self.closes
        return minute >= self.opens or minute < self.closes


def _minutes(text: object) -> int:
    if not isinstance(text, str) or (found := _TIME.fullmatch(text)) is None:
        raise BadBusinessHours
    minutes = int(found["hour"]) * 60 + int(found["minute"])
    if minutes > DAY:
        raise BadBusinessHours
    return minutes
