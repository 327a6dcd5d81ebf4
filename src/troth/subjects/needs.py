"""Needs that are met by what is put on file, such as a store of theirs by its name and address.

Which items meet which need, the vocabulary says. A need met this way is met for every function: what each may
have of the store it still asks the gate for. Whoever puts something on file calls `meet` before the gate is
asked, in the same transaction: a refusal takes it back with everything else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.policy.vocabulary import MET_BY
from troth.subjects.acts import on_file
from troth.terms import Act, ActKind

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from troth.db import Tx
    from troth.policy.compiled import Compiled
    from troth.terms import ItemName, Standing


async def meet(
    tx: Tx, standing: Standing | None, compiled: Compiled, given: AbstractSet[ItemName], at: datetime
) -> Standing | None:
    """Note the needs of this policy that ``given`` meets and that were not met; return what stands then."""
    if standing is None:
        return None
    for need in _needed(compiled):
        if MET_BY[need] <= given and not _met(standing, compiled, need):
            standing = await _note(tx, standing, _act(ActKind.SUPPLIED, compiled, need, at))
    return standing


async def lapse(
    tx: Tx, standing: Standing | None, compiled: Compiled, gone: ItemName, at: datetime
) -> Standing | None:
    """Note the needs that are met no longer, since no function has all of what met them."""
    if standing is None:
        return None
    for need in _needed(compiled):
        if gone not in MET_BY[need] or not _met(standing, compiled, need):
            continue
        held = [
            await on_file(tx, standing.subject, compiled.policy.name, each) for each in compiled.functions
        ]
        if not any(MET_BY[need] <= items for items in held):
            standing = await _note(tx, standing, _act(ActKind.REMOVED, compiled, need, at))
    return standing


def _needed(compiled: Compiled) -> list[str]:
    return sorted({need for table in compiled.functions.values() for need in table.needs} & MET_BY.keys())


def _met(standing: Standing, compiled: Compiled, need: str) -> bool:
    """Tell whether a need was noted for every function, and not taken back since."""
    ours = compiled.policy.name, need, None
    kinds = [act.kind for act in standing.acts if (act.policy, act.need, act.function) == ours]
    return bool(kinds) and kinds[-1] is ActKind.SUPPLIED


def _act(kind: ActKind, compiled: Compiled, need: str, at: datetime) -> Act:
    return Act(kind=kind, policy=compiled.policy.name, at=at, need=need)


async def _note(tx: Tx, standing: Standing, act: Act) -> Standing:
    await ledger.record(tx, standing.subject, act)
    return replace(standing, acts=(*standing.acts, act))
