"""Enforcement points of what people are told and of what is given away: incidents, versions, listed cases.

As in `workflow_points`, each is one function, replaced by one that lets through, forgets or says nothing.
"""

from __future__ import annotations

from typing import Any

from troth.policy.statement_words import Condition
from troth.prove.point import Point, method, replaced
from troth.terms import Reason


def _lacks_nothing(*_args: object) -> tuple[str, ...]:
    return ()


async def _nothing_left(*_args: object) -> tuple[Any, ...]:
    return ()


async def _told_nobody(*_args: object) -> None:
    """Write to nobody."""


async def _announced_nothing(*_args: object) -> bool:
    return False


def _says_nothing(*_args: object) -> str:
    return "-"


async def _nothing_to_read(*_args: object) -> None:
    return None


def _any_case(*_args: object) -> None:
    return None


def _yes(*_args: object) -> bool:
    return True


async def _none_of_it(*_args: object) -> int:
    return 0


def _everything_on_record(*_args: object) -> frozenset[str]:
    return frozenset(each.value for each in Condition)


_TOLD = frozenset(
    {
        "each is told",
        "every part is told",
        "major is told",
        "told prominently",
        "a remedy is owed",
        "told of the end",
    }
)

NOTICES: tuple[Point, ...] = (
    Point(
        "every part",
        "troth.breach.incidents",
        "no notice of a breach goes out with a part missing",
        "",
        replaced("_lacks", _lacks_nothing),
        trials=frozenset({"every part is told"}),
    ),
    Point(
        "what is left to do",
        "troth.subjects.matters",
        "nothing ends with a step left to do",
        "",
        replaced("steps", _nothing_left),
        trials=frozenset({"reported first", "contained first", "told in time"}),
    ),
    Point(
        "letters to each",
        "troth.subjects.rounds",
        "each person concerned is told",
        "",
        method("Rounds", "_tell", _told_nobody),
        trials=_TOLD,
    ),
    Point(
        "announcements",
        "troth.subjects.matters",
        "what concerns everybody is announced",
        "",
        replaced("announce", _announced_nothing),
        trials=frozenset({"announced", "published"}),
    ),
    Point(
        "what a change says",
        "troth.changes.versions",
        "people read what a change touches, and what it asks of them",
        "",
        replaced("letter", _says_nothing),
        trials=frozenset({"major is told", "told prominently", "asked first", "revised"}),
    ),
    Point(
        "archive",
        "troth.changes.versions",
        "older versions stay readable",
        "",
        method("Changes", "readable", _nothing_to_read),
        trials=frozenset({"archived"}),
    ),
    Point(
        "cases",
        "troth.gate.decide",
        "nothing is given away beyond the functions but in a listed case",
        "",
        replaced("_in_a_case", _any_case),
        frozenset({Reason.CASE_UNLISTED, Reason.CONDITION_MISSING}),
    ),
    Point(
        "facts",
        "troth.app.doors.records",
        "what a case needs is on record",
        "",
        replaced("facts", _everything_on_record),
        frozenset({Reason.CONDITION_MISSING}),
    ),
    Point(
        "listed permissions",
        "troth.subjects.records",
        "only permissions of the list may be asked for",
        "",
        replaced("may_ask_for", _yes),
        frozenset({"not_listed"}),
    ),
    Point(
        "endings",
        "troth.ledger.endings",
        "what has ended takes nothing in",
        "",
        method("Endings", "ended", _any_case),
        trials=frozenset({"stops at its end"}),
    ),
    Point(
        "erasing what ended",
        "troth.cessation.ends",
        "what an ended function held is erased in time",
        "",
        method("Ends", "erase", _none_of_it),
        trials=frozenset({"erased after the end"}),
    ),
    Point(
        "signing out",
        "troth.subjects.sessions",
        "who signed out is recognised no more",
        "",
        replaced("end", _told_nobody),
        trials=frozenset({"opaque and over"}),
    ),
    Point(
        "signing out everywhere",
        "troth.subjects.sessions",
        "a leak ends every session",
        "",
        replaced("end_all", _none_of_it),
        trials=frozenset({"a leak ends every session"}),
    ),
    Point(
        "device's secret",
        "troth.devices.credentials",
        "a device is let in by its own secret alone",
        "",
        replaced("proves", _yes),
        trials=frozenset({"its own topics only"}),
    ),
    Point(
        "who got what",
        "troth.sharing.given",
        "people can read who got what of theirs",
        "",
        replaced("about", _nothing_left),
        trials=frozenset({"only in this case"}),
    ),
)
