"""How often someone was turned away before the gate was asked: counted by word and minute, never by person.

Strangers can knock as often as they like, so they are counted together: while one count is being written, the
next ones wait in memory and go in one row update. The answer never waits for more than that, and a count that
cannot be written changes no answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from psycopg import OperationalError

from troth import ledger
from troth.devices import stock
from troth.rights.moves import NoSuchMove
from troth.subjects.accounts import SignInRefused
from troth.subjects.choices import NotAChoice
from troth.subjects.codes import WrongCode
from troth.subjects.registration import NotTheText
from troth.subjects.sessions import NotSignedIn
from troth.subjects.staff import NotStaff
from troth.subjects.tries import TooManyTries
from troth.vault import LinkSpent

if TYPE_CHECKING:
    from troth.db import Database
    from troth.terms import Clock, TrothError


class TurnedAway(StrEnum):
    """Why. Closed; what is none of these is ``other``."""

    NOT_SIGNED_IN = "not_signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    WRONG_CODE = "wrong_code"
    TOO_MANY_TRIES = "too_many_tries"
    NOT_THE_TEXT = "not_the_text"
    NOT_A_CHOICE = "not_a_choice"
    NOT_STAFF = "not_staff"
    LINK_SPENT = "link_spent"
    NO_SUCH_MOVE = "no_such_move"
    OTHER = "other"


WHY: Mapping[type[TrothError], TurnedAway] = {
    NotSignedIn: TurnedAway.NOT_SIGNED_IN,
    SignInRefused: TurnedAway.SIGN_IN_REFUSED,
    WrongCode: TurnedAway.WRONG_CODE,
    stock.WrongCode: TurnedAway.WRONG_CODE,
    TooManyTries: TurnedAway.TOO_MANY_TRIES,
    NotTheText: TurnedAway.NOT_THE_TEXT,
    NotAChoice: TurnedAway.NOT_A_CHOICE,
    NotStaff: TurnedAway.NOT_STAFF,
    LinkSpent: TurnedAway.LINK_SPENT,
    NoSuchMove: TurnedAway.NO_SUCH_MOVE,
}
_ROUNDS = 2


class Tally:
    """Counts for one process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._waiting: Counter[tuple[TurnedAway, datetime]] = Counter()
        self._writing = False

    async def add(self, refused: TrothError) -> None:
        """Count one who was refused with ``refused``; never raises for want of a database."""
        why = WHY.get(type(refused), TurnedAway.OTHER)
        self._waiting[why, self._clock.now().replace(second=0, microsecond=0)] += 1
        if self._writing:
            return
        self._writing = True
        try:
            for _ in range(_ROUNDS):
                await self._write()
        finally:
            self._writing = False

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, Counter()
        if not batch:
            return
        try:
            async with self._db.transaction() as tx:
                for (why, minute), n in sorted(batch.items()):
                    await ledger.count(tx, None, None, "deny", why, minute, n)
        except OperationalError:
            self._waiting.update(batch)  # they are written with the next one
