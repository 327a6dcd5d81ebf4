"""A guardian's word for a child: given at the desk, bound to one number, one text and the child's majority.

The desk has proven who speaks for the child and shown them the text; the word that it hands out is a keyed
tag over all that, so nothing of it is kept, and it opens an account for that number alone. What it comes to
are acts; whether they are enough, the gate says.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from troth.subjects.age import full_years
from troth.subjects.tags import Tagged, tag
from troth.terms import LEGAL_TIME, Act, ActKind, PolicyName, TrothError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troth.policy.compiled import Compiled
    from troth.vault.keyring import Keyring

LASTS = timedelta(days=7)
_SEPARATOR = "."


class NoGuardianAsked(TrothError):
    """this policy asks for no guardian's word for someone of this age: they register by themselves"""


class NotTheirWord(TrothError):
    """this is no guardian's word for this number and this text: let the guardian give it at the desk"""


@dataclass(frozen=True, slots=True)
class Word:
    """What a guardian agreed to: that whoever has ``login`` is under this text, until they come of age."""

    login: str
    policy: PolicyName
    version: int
    language: str
    text_hash: str

    def given(self, keyring: Keyring, compiled: Compiled, born: date, now: datetime) -> str:
        """Return the word, to be handed in on registering. Raises `NoGuardianAsked`, `BadBirthDate`."""
        if compiled.guardian is None or full_years(born, now) >= compiled.own_age:
            raise NoGuardianAsked
        over, ends = _birthday(born, compiled.own_age), now + LASTS
        return _SEPARATOR.join((over.isoformat(), f"{ends.timestamp():.0f}", self._tag(keyring, over, ends)))

    def acts(self, keyring: Keyring, text: str, now: datetime) -> tuple[Act, ...]:
        """Return what a word comes to. Raises `NotTheirWord`, also for one that has lapsed."""
        try:
            day, lapses, shown = text.split(_SEPARATOR)
            over, ends = date.fromisoformat(day), datetime.fromtimestamp(int(lapses), LEGAL_TIME)
        except (ValueError, OverflowError, OSError):
            raise NotTheirWord from None
        if ends < now or not hmac.compare_digest(self._tag(keyring, over, ends), shown):
            raise NotTheirWord
        verified = Act(kind=ActKind.GUARDIAN_VERIFIED, policy=self.policy, at=now)
        consented = Act(
            kind=ActKind.GUARDIAN_CONSENTED,
            policy=self.policy,
            at=now,
            version=self.version,
            language=self.language,
            text_hash=self.text_hash,
            until=datetime.combine(over, time(), LEGAL_TIME),
        )
        return verified, consented

    def _tag(self, keyring: Keyring, over: date, ends: datetime) -> str:
        parts: Iterable[str] = (
            self.login, self.policy, str(self.version), self.language, self.text_hash,
            over.isoformat(), f"{ends.timestamp():.0f}",
        )  # fmt: skip
        return tag(keyring, Tagged.GUARDIAN, *parts).hex()


def _birthday(born: date, age: int) -> date:
    """Return the day on which someone completes so many years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February
        return date(born.year + age, 3, 1)
