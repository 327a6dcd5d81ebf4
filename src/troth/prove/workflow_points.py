"""Enforcement points of the workflows: requests at the desk, cancelling, minors, what is over.

Each is one function of a workflow, replaced by one that lets through, forgets or puts off what the policy
asks for. What rests on it is said by the refusal that is seen, or by the names of the trials.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import uuid4

from troth.policy.compiled import Compiled
from troth.policy.requests import Complaint, Proofs
from troth.policy.words import Channel
from troth.prove.point import Point, method, replaced
from troth.terms import ClauseId

_MUCH_LATER = timedelta(days=90)
_SAYS = "troth.policy.requests"


async def _nothing(*_args: object, **_more: object) -> None:
    """Do nothing where something had to be done."""


async def _none_of_it(*_args: object, **_more: object) -> int:
    return 0


async def _nobody(*_args: object, **_more: object) -> tuple[str, ...]:
    return ()


async def _shrugged(*_args: object, **_more: object) -> object:
    """Answer that a minor's data will go, and leave it."""
    return SimpleNamespace(erasure=uuid4())


def _never(*_args: object, **_more: object) -> None:
    return None


def _every_way(compiled: Compiled, right: str) -> Mapping[str, ClauseId]:
    own = compiled.rights.get(right)
    return {} if own is None else dict.fromkeys((each.value for each in Channel), own.id)


def _no_proof(*_args: object, **_more: object) -> Proofs:
    return Proofs()


def _any_clause(compiled: Compiled, *_args: object, **_more: object) -> ClauseId:
    return next(iter(compiled.clauses))


def _nowhere_to_complain(*_args: object) -> Complaint:
    return Complaint({}, (), frozenset())


def _any_step(steps: ModuleType) -> None:
    """Let a request that nobody has proven do what a proven one may."""
    inside = vars(steps)
    state, moves = inside["State"], inside["MOVES"]
    inside["MOVES"] = {**moves, state.RECEIVED: {**moves[state.OPEN], **moves[state.RECEIVED]}}


def _much_later(module: ModuleType) -> None:
    """Set deadlines that no policy names."""
    inside = vars(module)
    due: Callable[..., tuple[datetime, ClauseId] | None] = inside["due"]

    def later(*args: Any) -> tuple[datetime, ClauseId] | None:
        found = due(*args)
        return None if found is None else (found[0] + _MUCH_LATER, found[1])

    inside["due"] = later


def _never_late(rows: ModuleType) -> None:
    """Show no request as late."""

    def late(*_args: object) -> bool:
        return False

    rows.Request.late = late


def _takes_nothing_back(effects: ModuleType) -> None:
    """Answer that a choice was taken back, and leave it."""
    kept: Collection[str] = frozenset()
    vars(effects)["TAKEN_BACK"] = kept


def _none_locked(*_args: object) -> frozenset[str]:
    return frozenset()


WORKFLOWS: tuple[Point, ...] = (
    Point(
        "locked",
        "troth.subjects.records",
        "nobody changes by themselves what the policy locks",
        "",
        replaced("_locked", _none_locked),
        trials=frozenset({"put right"}),
    ),
    Point(
        "ways in",
        _SAYS,
        "a request comes in only by a way that is named",
        "",
        replaced("ways_in", _every_way),
        frozenset({"not_this_way"}),
    ),
    Point(
        "proof",
        _SAYS,
        "nothing is handled before it is shown who asks",
        "",
        replaced("proofs", _no_proof),
        frozenset({"proof_missing"}),
    ),
    Point(
        "order of steps",
        "troth.rights.steps",
        "no request skips a step",
        "",
        _any_step,
        frozenset({"no_such_step"}),
    ),
    Point(
        "grounds",
        _SAYS,
        "a request is refused only on a listed ground",
        "",
        replaced("ground_of", _any_clause),
        frozenset({"ground_unlisted"}),
    ),
    Point(
        "fee",
        _SAYS,
        "a first request costs nothing",
        "",
        replaced("may_cost", _any_clause),
        frozenset({"no_fee"}),
    ),
    Point(
        "deadline",
        "troth.policy.deadlines",
        "an answer is due when the policy says",
        "",
        _much_later,
        trials=frozenset({"in time"}),
    ),
    Point(
        "late",
        "troth.rights.rows",
        "what is late shows as late",
        "",
        _never_late,
        trials=frozenset({"late is marked"}),
    ),
    Point(
        "taken back in time",
        _SAYS,
        "a cancellation waits as long as it can be taken back",
        "",
        replaced("taken_back", _never),
        trials=frozenset({"waits and can be taken back"}),
    ),
    Point(
        "where to complain",
        _SAYS,
        "a refusal says where to complain",
        "",
        replaced("complaint", _nowhere_to_complain),
        trials=frozenset({"told where to complain"}),
    ),
    Point(
        "deleting what was asked",
        "troth.rights.effects",
        "a request to delete is met by deleting",
        "",
        method("Effects", "_delete", _nothing),
        trials=frozenset({"deleted on this ground", "deleted when asked"}),
    ),
    Point(
        "taking back what was asked",
        "troth.rights.effects",
        "a request to withdraw is met by withdrawing",
        "",
        _takes_nothing_back,
        trials=frozenset({"taken back when asked"}),
    ),
    Point(
        "recipients",
        "troth.rights.cancel",
        "who was given something is told to delete it",
        "",
        replaced("given_to", _nobody),
        trials=frozenset({"recipients delete too", "recipients delete a part"}),
    ),
    Point(
        "found minor",
        "troth.rights.minors",
        "a minor who is found is refused and erased",
        "",
        method("Minors", "found", _shrugged),
        trials=frozenset({"found later", "of no use"}),
    ),
    Point(
        "what is over",
        "troth.retention.retention",
        "the end of a purpose begins the end of its data",
        "",
        method("Retention", "ended", _nothing),
        trials=frozenset({"gone when it is over"}),
    ),
    Point(
        "retention",
        "troth.vault.expiry",
        "what is over is deleted",
        "",
        method("Expiry", "run", _none_of_it),
        trials=frozenset({"gone when it is over"}),
    ),
    Point(
        "backups",
        "troth.app.system",
        "what is erased is out of every backup in time",
        "",
        replaced("gone_from_every_backup", _never),
        trials=frozenset({"out of every backup"}),
    ),
)
