"""What a process of a scratch system can be told to be, by name, besides the system as it is.

Without one enforcement point (`points`), saying yes or no to everything, with one clause of a policy taken
away or turned (`variants`), or only quicker. Replaces functions from outside, like `points`; nothing here
runs in a served system.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher, Type

from troth.policy.compiled import Compiled
from troth.prove.nexts import concerning, is_copy, nexts
from troth.prove.points import POINTS, by_name
from troth.prove.variants import variants
from troth.terms import LEGAL_TIME, Allow, Decision, Deny, PolicyName, Reason

EVERYTHING = "everything"
NOTHING = "nothing"
VARIANTS = "variants"
NEXTS = "nexts"
QUICK = "quick"


def _yes_to_everything() -> None:
    """Enforce nothing: every point is out, the gate allows whatever is asked, any text is the one shown."""

    def yes(_compiled: object, _standing: object, ask: Any) -> Decision:
        return Allow(frozenset(ask.items), frozenset(), frozenset())

    for point in POINTS:
        point.sabotage()
    _put("troth.gate.decide", "_decide", yes)


def _no_to_everything() -> None:
    """Let the gate refuse whatever is asked."""

    def no(*_args: object) -> Decision:
        return Deny(Reason.NOT_ACCEPTED, frozenset(), None)

    _put("troth.gate.decide", "_decide", no)


def _with_variants() -> None:
    """Let every policy be in force beside all its variants."""
    module = import_module("troth.app.policies")
    read: Callable[[Path | None], Mapping[PolicyName, Mapping[int, Compiled]]] = vars(module)["in_force"]

    def in_force(folder: Path | None) -> Mapping[PolicyName, Mapping[int, Compiled]]:
        found = dict(read(folder))
        for name, versions in tuple(found.items()):
            if is_copy(name):
                continue
            newest = versions[max(versions)]
            for each in variants(newest):
                found[each.name] = {each.compiled.policy.version: each.compiled}
                if concerning(newest.clauses[each.clause]):
                    found |= nexts(each.compiled, _made(folder))
        return found

    _put("troth.app.policies", "in_force", in_force)


def _with_nexts() -> None:
    """Let every policy be in force beside copies of it that have a next version, or may end."""
    module = import_module("troth.app.policies")
    read: Callable[[Path | None], Mapping[PolicyName, Mapping[int, Compiled]]] = vars(module)["in_force"]

    def in_force(folder: Path | None) -> Mapping[PolicyName, Mapping[int, Compiled]]:
        found = dict(read(folder))
        for versions in tuple(found.values()):
            found |= nexts(versions[max(versions)], _made(folder))
        return found

    _put("troth.app.policies", "in_force", in_force)


def _made(folder: Path | None) -> date:
    """Return when the folder was written: the day on which the proof began, for each of its processes."""
    at = folder.stat().st_mtime if folder is not None else 0.0
    return datetime.fromtimestamp(at, LEGAL_TIME).date()


def _quick() -> None:
    """Hash passwords cheaply: hundreds of people register in a proof, and none of them has anything to lose.

    How dear a hash is in a served system, is a unit test's to say.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
    _put("troth.subjects.passwords", "HASHER", cheap)


def _put(where: str, name: str, instead: object) -> None:
    module = import_module(where)
    getattr(module, name)  # what is gone must fail, not pass
    setattr(module, name, instead)


_CHANGES: Mapping[str, Callable[[], None]] = {
    EVERYTHING: _yes_to_everything,
    NOTHING: _no_to_everything,
    VARIANTS: _with_variants,
    NEXTS: _with_nexts,
    QUICK: _quick,
}


def change(name: str) -> Callable[[], None]:
    """Return what changes this process as ``name`` says. Raises `UnknownPoint`."""
    if name in _CHANGES:
        return _CHANGES[name]
    return by_name(name).sabotage
