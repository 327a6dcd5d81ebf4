"""What the log says was taken back since a backup, and what that must mean for everybody. Pure.

An entry says that somebody withdrew this consent, not who: the salt that would say so is lost with the
database. So it is taken as withdrawn by everyone who had given it, until they give it again. What cannot be
known is a no (docs/decisions/0023-what-a-restore-cannot-know.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from troth.ledger import EntryKind
from troth.ledger.endings import WHOLE, End
from troth.policy.vocabulary import MET_BY
from troth.terms import (
    Act,
    ActKind,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Standing,
    SwitchName,
)
from troth.vault.pieces import Gone, gone

_TAKES_BACK: Mapping[EntryKind, ActKind] = {
    EntryKind.ENDED: ActKind.ENDED,
    EntryKind.WITHDRAWN: ActKind.WITHDRAWN,
    EntryKind.REMOVED: ActKind.REMOVED,
    EntryKind.GUARDIAN_WITHDREW: ActKind.GUARDIAN_WITHDREW,
    # Who it was is erased by the roll; should they not be, nothing goes on without their word.
    EntryKind.FOUND_MINOR: ActKind.ENDED,
    EntryKind.CANCELLED: ActKind.ENDED,
}
_GIVES: Mapping[ActKind, frozenset[ActKind]] = {
    ActKind.ENDED: frozenset({ActKind.ACCEPTED}),
    ActKind.WITHDRAWN: frozenset({ActKind.CHOSEN}),
    ActKind.REMOVED: frozenset({ActKind.SUPPLIED}),
    ActKind.GUARDIAN_WITHDREW: frozenset({ActKind.GUARDIAN_CONSENTED}),
}
_BY_ERASURE = frozenset({EntryKind.FOUND_MINOR, EntryKind.CANCELLED})


@dataclass(frozen=True, slots=True)
class Lost:
    """What the entries after a backup say that matters to a restore."""

    acts: tuple[Act, ...] = ()
    endings: tuple[End, ...] = ()
    """What the maker ended; which clause makes it stop, the policy says."""
    gone: tuple[tuple[Gone, Act | None], ...] = ()
    """What people deleted or corrected, by name, in order; each with the act that went with it."""
    unbound: frozenset[UUID] = frozenset()
    staff: frozenset[UUID] = frozenset()
    stages: Mapping[UUID, int] | None = None
    recipients: tuple[str, ...] = ()
    orders: tuple[UUID, ...] = ()
    """The papers of authorities' orders that were placed or prolonged."""
    orders_ended: tuple[UUID, ...] = ()
    """And of those that were ended: of whom, the log does not say, so one may be among both."""


def read(bodies: Iterable[bytes], erased: frozenset[UUID]) -> Lost:
    """Read the texts of the entries that came after a backup. ``erased``: erasures that the roll repeats."""
    acts: dict[str, Act] = {}
    texts = [cast("dict[str, Any]", json.loads(body)) for body in bodies]
    ids: dict[EntryKind, set[UUID]] = {EntryKind.UNBOUND: set(), EntryKind.STAFF_REMOVED: set()}
    stages: dict[UUID, int] = {}
    recipients: set[str] = set()
    leaving: list[Act] = []
    endings: dict[object, End] = {}
    for said in texts:
        kind, details = EntryKind(said["kind"]), cast("dict[str, Any]", said.get("details", {}))
        if kind is EntryKind.UNBOUND:
            ids[kind].add(UUID(details["device"]))
        elif kind is EntryKind.STAFF_REMOVED:
            ids[kind].add(UUID(details["staff"]))
        elif kind in {EntryKind.SHARED, EntryKind.DISCLOSED} and "recipient" in details:
            recipients.add(str(details["recipient"]))
        elif kind is EntryKind.ENDING and "until" in details:
            endings.update({(end.policy, end.function): end for end in _endings(said, details)})
        elif "erasure" in details and "stage" in details:
            erasure = UUID(details["erasure"])
            stages[erasure] = max(stages.get(erasure, 0), int(details["stage"]))
        act = _act(kind, said, details)
        if act is not None and kind in _BY_ERASURE:
            leaving.append(act)
        elif act is not None:
            acts[said["entry"]] = act
    named = [piece for said in texts if (piece := gone(said)) is not None]
    known = {each.act for each in named}
    unknown = {_about(act): act for entry, act in acts.items() if entry not in known}
    # Everyone who left is on the roll, unless some did not get that far.
    if len(leaving) > len(erased & stages.keys()):
        unknown.update({_about(act): act for act in leaving})
    return Lost(
        tuple(unknown.values()),
        tuple(endings.values()),
        tuple((each, acts.get(each.act or "")) for each in named),
        frozenset(ids[EntryKind.UNBOUND]),
        frozenset(ids[EntryKind.STAFF_REMOVED]),
        stages,
        tuple(sorted(recipients)),
        _orders(texts, EntryKind.HELD),
        _orders(texts, EntryKind.HOLD_ENDED),
    )


def presumed(since: Lost, here: AbstractSet[UUID]) -> Lost:
    """Return ``since`` for a backup with these rows: what was removed with none of them may be anybody's."""
    acts = {_about(act): act for act in since.acts}
    for each, act in since.gone:
        if act is not None and here.isdisjoint(each.piece.ids):
            acts[_about(act)] = act
    return replace(since, acts=tuple(acts.values()))


def closing(lost: Iterable[Act], standing: Standing, at: datetime) -> tuple[Act, ...]:
    """Return what is to be added to ``standing``: nothing for what it never gave, or has taken back since."""
    return tuple(replace(act, at=at) for act in lost if _stands(act, standing))


def everything(standing: Standing, at: datetime) -> tuple[Act, ...]:
    """Return the end of all that ``standing`` accepted, for when nobody knows what was taken back."""
    policies = dict.fromkeys(act.policy for act in standing.acts)
    return closing([Act(kind=ActKind.ENDED, policy=policy, at=at) for policy in policies], standing, at)


def _act(kind: EntryKind, said: Mapping[str, Any], details: Mapping[str, Any]) -> Act | None:
    if kind is EntryKind.SWITCHED:
        took = ActKind.SWITCHED_OFF if details.get("state") == "off" else None
    else:
        took = _TAKES_BACK.get(kind)
    if took is None or "policy" not in said or _follows(said, details):
        return None
    bare = Act(kind=took, policy=PolicyName(said["policy"]), at=datetime.fromisoformat(said["at"]))
    if took is ActKind.ENDED:
        return bare
    return replace(
        bare,
        function=FunctionName(said["function"]) if "function" in said else None,
        item=ItemName(details["item"]) if "item" in details else None,
        switch=SwitchName(details["switch"]) if "switch" in details else None,
        device=DeviceId(UUID(details["device"])) if "device" in details else None,
        need=details.get("need"),
    )


def _follows(said: Mapping[str, Any], details: Mapping[str, Any]) -> bool:
    """Whether it is a need that lapsed as what met it was removed: it does so again (`pieces`)."""
    return details.get("need") in MET_BY and "function" not in said


def _orders(texts: Iterable[Mapping[str, Any]], kind: EntryKind) -> tuple[UUID, ...]:
    """Return the papers of the orders that entries of a kind name, each once, as they came."""
    named = (said.get("details", {}).get("document") for said in texts if said["kind"] == kind)
    return tuple(dict.fromkeys(UUID(paper) for paper in named if paper is not None))


def _endings(said: Mapping[str, Any], details: Mapping[str, Any]) -> Iterator[End]:
    """Yield what an announced end is of: its functions, or where it names none, everything."""
    named = [str(value) for name, value in sorted(details.items()) if name.startswith("what_")]
    at = datetime.fromisoformat(str(details["until"]).upper())
    for name in named or [WHOLE]:
        yield End(PolicyName(said["policy"]), FunctionName(name), at, None)


def _stands(act: Act, standing: Standing) -> bool:
    """Whether ``act`` would take something from ``standing``."""
    if act.kind is ActKind.SWITCHED_OFF:
        return _switch_stands(act, standing)
    for past in reversed(standing.acts):
        if past.policy != act.policy:
            continue
        if past.kind in _GIVES[act.kind] and _covers(act, past):
            return True
        if past.kind is ActKind.ENDED and act.kind in {ActKind.ENDED, ActKind.WITHDRAWN}:
            return False
        if past.kind is act.kind and _about(past) == _about(act):
            return False
    return False


def _switch_stands(act: Act, standing: Standing) -> bool:
    """Whether a switch may be on: one that nobody touched may be, unless it is another's device's."""
    for past in reversed(standing.acts):
        if _about(replace(past, kind=act.kind)) == _about(act):
            if past.kind is ActKind.SWITCHED_OFF:
                return False
            if past.kind is ActKind.SWITCHED_ON:
                return True
    of_policy = [past for past in standing.acts if past.policy == act.policy]
    return any(act.device is None or past.device == act.device for past in of_policy)


def _covers(act: Act, past: Act) -> bool:
    """Whether what ``past`` gave is, or may be, what ``act`` takes back."""
    pairs = ((act.function, past.function), (act.item, past.item), (act.need, past.need))
    return all(took is None or took == gave for took, gave in pairs) and act.device in (None, past.device)


def _about(act: Act) -> tuple[object, ...]:
    return (act.kind, act.policy, act.function, act.item, act.switch, act.device, act.need)
