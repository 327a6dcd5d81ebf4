"""Where the promises are enforced, one by one, and how to take each out of action.

A promise that survives the removal of what it rests on was never kept by it. So the proof, in processes that
it starts on a scratch system, replaces one function from outside and looks whether the promise breaks. The
code that is replaced knows nothing of this; nothing here runs unless `troth.main.scratch` is started with
its name, and a served system never starts that.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from troth.ledger.verify import Verified
from troth.prove.notice_points import NOTICES
from troth.prove.point import Point, method, replaced
from troth.prove.workflow_points import WORKFLOWS
from troth.terms import Reading, Reason, TrothError
from troth.vault.marks import Sent


class UnknownPoint(TrothError):
    """there is no enforcement point of that name"""


def _without_check(check: str) -> Callable[[ModuleType], None]:
    """Return a sabotage that drops one check from the gate's order."""

    def take_out(gate: ModuleType) -> None:
        inside = vars(gate)
        gone = inside[check]
        inside["_ORDER"] = tuple(c for c in inside["_ORDER"] if c is not gone)

    return take_out


def _any_item_passes(gate: ModuleType) -> None:
    """Let undeclared and unchosen items through the gate."""

    def pass_all(case: Any) -> None:
        case.passed.update(case.ask.items)

    inside = vars(gate)
    sorts = inside["_items"]
    inside["_ORDER"] = tuple(pass_all if check is sorts else check for check in inside["_ORDER"])


def _any_form(values: ModuleType) -> None:
    """Find that every value has the form of its item, at the doors and in the vault."""

    def nothing_wrong(*_args: object) -> None:
        return None

    def all_right(*_args: object) -> bool:
        return True

    replaced("misfit", nothing_wrong)(values.Values)
    replaced("fit", all_right)(values.Values)


_TAG = 16
"""How much longer a sealed chunk is: places in a stream are counted with it."""


def _sealed_by_nobody(cipher: ModuleType) -> None:
    """Store what comes as it is."""

    def as_it_is(_key: bytes, _aad: bytes, value: bytes) -> bytes:
        return value

    def chunk(_key: bytes, _aad: bytes, _number: int, value: bytes, *, last: bool) -> bytes:
        del last
        return bytes(value) + bytes(_TAG)

    def chunk_again(_key: bytes, _aad: bytes, _number: int, sealed: bytes, *, last: bool) -> bytes:
        del last
        return bytes(sealed)[:-_TAG]

    for name in ("seal", "unseal"):
        replaced(name, as_it_is)(cipher)
    replaced("seal_chunk", chunk)(cipher)
    replaced("unseal_chunk", chunk_again)(cipher)


def _any_cipher(module: ModuleType) -> None:
    """Let a listener agree on whatever cipher it is asked for."""
    vars(module)["CIPHERS"] = "ALL"


def _any_code(_key: bytes, _serial: str, _code: str) -> bytes:
    return bytes(32)


async def _unlimited(*_args: object) -> None:
    """Count no tries."""


def _unlimited_tries(module: ModuleType) -> None:
    """Let anyone try as often and as fast as they like."""
    for name in ("spend", "slow"):
        replaced(name, _unlimited)(module)


def _any_text(registration: ModuleType) -> None:
    """Let people agree and consent having been shown whatever it was."""

    def whatever(*_args: object) -> None:
        return None

    for module in (registration, import_module("troth.subjects.choices")):
        replaced("the_text", whatever)(module)


def _any_password(password: str) -> str:
    return password


async def _all_new(_tx: object, sent: Sequence[Sent], _marks: object) -> list[list[Reading]]:
    return [[reading for day in one.days.values() for reading in day.readings] for one in sent]


async def _nothing_held(*_args: object) -> AsyncGenerator[object]:
    for held in ():
        yield held


async def _nothing_closed(*_args: object) -> Mapping[str, int]:
    return {}


async def _never_bent(*_args: object, **_more: object) -> Verified:
    return Verified(size=0, root=bytes(32), heads=0, pending=0)


def _anything_sent(*_args: object) -> frozenset[str]:
    return frozenset()


def _all_matched(*_args: object) -> bool:
    return True


async def _nothing_due(_doors: object) -> int:
    return 0


async def _nobody_looked(*_args: object) -> tuple[object, ...]:
    return ()


_GATE = "troth.gate.decide"
_AGE = frozenset({Reason.UNDERAGE, Reason.AGE_UNKNOWN})

POINTS: tuple[Point, ...] = (
    Point("age", _GATE, "nobody under the stated age has an account", "b", _without_check("_age"), _AGE),
    Point(
        "acceptance",
        _GATE,
        "nothing runs before the policy is accepted",
        "b",
        _without_check("_acceptance"),
        frozenset({Reason.NOT_ACCEPTED, Reason.ACCEPTANCE_ENDED}),
    ),
    Point(
        "text",
        "troth.subjects.registration",
        "nobody agrees or consents but to the very text in force",
        "b",
        _any_text,
        frozenset({"not_the_text"}),
    ),
    Point(
        "code",
        "troth.devices.stock",
        "only who holds the code binds a device",
        "c",
        replaced("_code_tag", _any_code),
    ),
    Point(
        "tries",
        "troth.subjects.tries",
        "codes can't be guessed at leisure",
        "c",
        _unlimited_tries,
        frozenset({"too_many_tries"}),
    ),
    Point(
        "weak passwords",
        "troth.subjects.registration",
        "a password that is soon guessed is not taken",
        "",
        replaced("fit", _any_password),
        frozenset({"weak_password"}),
    ),
    Point(
        "switches",
        _GATE,
        "what is measured while switched off is dropped",
        "d",
        _without_check("_switches"),
        frozenset({Reason.SWITCHED_OFF}),
    ),
    Point(
        "items",
        _GATE,
        "an item that no clause declares is dropped",
        "d",
        _any_item_passes,
        frozenset({Reason.ITEM_UNDECLARED, Reason.ITEM_NOT_CHOSEN}),
    ),
    Point(
        "forms",
        "troth.policy.values",
        "nothing undeclared rides inside a declared item",
        "d",
        _any_form,
    ),
    Point(
        "once", "troth.vault.marks", "what is sent again is stored once", "d", replaced("unseen", _all_new)
    ),
    Point(
        "purpose",
        _GATE,
        "no use without a stated purpose",
        "e",
        _without_check("_purpose"),
        frozenset({Reason.PURPOSE_UNDECLARED}),
    ),
    Point(
        "choice",
        _GATE,
        "a function runs only while it is chosen",
        "f",
        _without_check("_choice"),
        frozenset({Reason.NOT_CHOSEN, Reason.WITHDRAWN}),
    ),
    Point(
        "till's own",
        "troth.devices.ingest",
        "a device sends what its kind sends and nothing else",
        "g",
        replaced("unsent", _anything_sent),
    ),
    Point(
        "till rules",
        "troth.functions.rules",
        "what till and camera tell differently is flagged",
        "h",
        replaced("matched", _all_matched),
    ),
    Point(
        "alarm",
        "troth.app.doors.alarms",
        "an owner hears of a movement at night",
        "h",
        method("AlarmDoors", "alarm", _nothing_due),
    ),
    Point(
        "seen by its owner",
        "troth.sharing.openings",
        "an owner sees who of the maker's people looked",
        "i",
        replaced("about", _nobody_looked),
    ),
    Point(
        "whole copy",
        "troth.vault.vault",
        "a copy holds everything",
        "j",
        method("Vault", "everything", _nothing_held),
        trials=frozenset({"everything is shown"}),
    ),
    Point(
        "erasure",
        "troth.vault.sweep",
        "the erased can't be opened",
        "k",
        replaced("close", _nothing_closed),
        trials=frozenset({"ends everything", "found later", "held for the law", "kept on an order"}),
    ),
    Point(
        "sealing",
        "troth.vault.cipher",
        "no value lies readable in a file",
        "k",
        _sealed_by_nobody,
        trials=frozenset({"sealed at rest", "bound to its place", "against the risks"}),
    ),
    Point(
        "evidence",
        "troth.app.doors.operator",
        "an edited entry of the ledger is found",
        "l",
        replaced("verify", _never_bent),
    ),
    Point(
        "forbids",
        _GATE,
        "what is closed, or about people who never agreed, stays closed",
        "i",
        _without_check("_forbidden"),
        frozenset({Reason.CLOSED_TO_CONTROLLER, Reason.ROLE_FORBIDDEN}),
    ),
    Point(
        "person",
        _GATE,
        "nothing goes on after the account is closed",
        "",
        _without_check("_person"),
        frozenset({Reason.CANCELLED}),
    ),
    Point(
        "guardian",
        _GATE,
        "no child without a guardian's consent",
        "",
        _without_check("_guardian"),
        frozenset({Reason.GUARDIAN_MISSING, Reason.RENEWAL_DUE}),
    ),
    Point(
        "basis",
        _GATE,
        "only a listed ground, with its document, stands in for consent",
        "",
        _without_check("_basis"),
        frozenset({Reason.BASIS_UNLISTED, Reason.REFERENCE_MISSING}),
    ),
    Point(
        "needs",
        _GATE,
        "a function waits for what it cannot do without",
        "",
        _without_check("_needs"),
        frozenset({Reason.NEED_MISSING, Reason.REQUIRED_ITEM_MISSING}),
    ),
    Point(
        "recipient",
        _GATE,
        "only recipients that the text names get anything",
        "",
        _without_check("_recipient"),
        frozenset({Reason.RECIPIENT_UNLISTED}),
    ),
    Point(
        "region",
        _GATE,
        "nothing leaves the stated regions",
        "",
        _without_check("_region"),
        frozenset({Reason.REGION_FORBIDDEN}),
    ),
    Point(
        "ciphers",
        "troth.app.tls",
        "nothing goes over the network under a cipher that lets it be altered",
        "",
        _any_cipher,
        trials=frozenset({"nothing in the clear"}),
    ),
    *WORKFLOWS,
    *NOTICES,
)


def by_name(name: str) -> Point:
    """Return the point called ``name``. Raises `UnknownPoint`, with the names there are."""
    for point in POINTS:
        if point.name == name:
            return point
    known = ", ".join(point.name for point in POINTS)
    raise UnknownPoint(f"there is no enforcement point {name!r}: write one of {known}")
