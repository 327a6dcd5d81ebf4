"""Whether someone is old enough, from an assertion that is used here and never stored.

Decides the age class only; what follows from it is the policy's audience clause, read by the gate.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from troth.terms import LEGAL_TIME, ActKind, Age, TrothError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from troth.terms import PolicyName, Standing

_OLDEST = 130


class BadBirthDate(TrothError):
    """the birth date lies in the future or too far back: write it as YYYY-MM-DD"""


def age_class(minimum_age: int, now: datetime, *, birth_date: date | None, declares_adult: bool) -> Age:
    """Return the age class. A birth date beats a declaration; without either the age is unknown."""
    if birth_date is not None:
        return Age.ADULT if full_years(birth_date, now) >= minimum_age else Age.MINOR
    return Age.ADULT if declares_adult else Age.UNKNOWN


def declared_elsewhere(standing: Standing, policy: PolicyName) -> Iterator[int]:
    """Yield the highest age declared under other policies, unless one was under this or a minor was found."""
    ages: list[int] = []
    for act in standing.acts:
        if act.kind is ActKind.FOUND_MINOR or (act.kind is ActKind.DECLARED_ADULT and act.policy == policy):
            return
        if act.kind is ActKind.DECLARED_ADULT and act.age is not None:
            ages.append(act.age)
    yield from sorted(ages)[-1:]


def full_years(birth_date: date, now: datetime) -> int:
    """Return completed years by local date; who was born on 29 February completes one on 1 March."""
    today = now.astimezone(LEGAL_TIME).date()
    years = today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
    if birth_date > today or years > _OLDEST:
        raise BadBirthDate
    return years
