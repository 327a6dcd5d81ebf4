"""Permissions of the phone: only those of the list are asked for, and nothing comes through one not given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import Need
from troth.policy.statements import PermissionClause
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import REGISTER, needed

if TYPE_CHECKING:
    from troth.prove.story.person import Answer
    from troth.prove.world import Someone, World
    from troth.terms import FunctionName, ItemName

_NOT_LISTED = "read_your_mind"


async def only_the_listed(world: World, case: Case, trial: Trial) -> None:
    """Show that this permission may be asked for and that what is said of it is on record; no other may."""
    permission = case.said(PermissionClause).name
    who = await world.person(case)
    before = await world.about(who, "supplied")
    given = await _say(who, permission, given=True)
    after = await world.about(who, "supplied")
    trial.control(
        f"ask for {permission}, and hear yes",
        f"申请 {permission} 权限并获准",
        f"{given.status} {given.reason}; {after - before} entries in the ledger",
        held=given.ok and after > before,
    )
    other = await _say(who, _NOT_LISTED, given=True)
    trial.attempt(
        "ask for a permission that is not on the list",
        "申请列表之外的权限",
        f"{other.status} {other.reason}",
        held=other.reason == "not_listed",
    )
    through = _through(case, permission)
    if through is not None:
        await _nothing_without(world, case, trial, through, permission)


async def _nothing_without(
    world: World, case: Case, trial: Trial, through: tuple[FunctionName, ItemName], permission: str
) -> None:
    function, item = through
    clause = case.compiled.functions[function].items[item]
    try:
        who = await world.user(case, function)
        if clause.need is Need.OPTIONAL or clause.basis is not None:
            (await world.choose(case, who, function, item)).require()
        (await _say(who, permission, given=False)).require()
        did = await world.collect(case, who, function, needed(case.compiled.functions[function], item))
    except NotTried:
        return
    rows = await world.rows(case, who, function, item)
    trial.attempt(
        f"take {item} after the permission was taken back",
        f"收回权限后仍收集 {item}",
        f"{did.says()}; {rows} rows",
        held=rows == 0 and item not in did.items,
    )


def _through(case: Case, permission: str) -> tuple[FunctionName, ItemName] | None:
    """Return an item of a function that comes through this permission."""
    for function, table in sorted(case.compiled.functions.items()):
        for item, clause in sorted(table.items.items()):
            if clause.permission == permission and function != REGISTER:
                return function, item
    return None


async def _say(who: Someone, permission: str, *, given: bool) -> Answer:
    return await who.ask("PUT", f"/v1/me/permissions/{permission}", {"met": given})


SCENARIOS = (Scenario("only the listed", PermissionClause, only_the_listed, always),)
