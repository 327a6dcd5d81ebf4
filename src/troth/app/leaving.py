"""What cancelling would do, told before anybody confirms it: frozen values, ready for any edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from troth.app.views import KeptByLaw
from troth.terms import ClauseId, FunctionName, ItemName, PolicyName


@dataclass(frozen=True, slots=True, kw_only=True)
class Goes:
    """What one function has and would lose: items on file, what devices measured, films and the like."""

    policy: PolicyName
    function: FunctionName
    title: Mapping[str, str]
    items: tuple[ItemName, ...]
    measured: bool
    filmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """Cancelling, thing by thing. ``begins``: when it takes effect; ``by``: when all that goes is gone here.

    ``backups``: when the last backup with any of it lapses (None: no policy says); ``told``: who received
    something and is told to delete it; ``stays``: what a law wants kept.
    """

    begins: datetime
    by: datetime
    backups: datetime | None
    clause: ClauseId | None
    deletes: ClauseId | None
    revocable: ClauseId | None
    goes: tuple[Goes, ...]
    stays: tuple[KeptByLaw, ...]
    told: tuple[str, ...]
