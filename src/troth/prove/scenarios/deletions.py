"""Grounds to have data deleted: on each of them a request is met by deleting, and nothing else goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.statements import DeleteGroundClause
from troth.policy.words import Right
from troth.prove import desk
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding, rows
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import REGISTER

if TYPE_CHECKING:
    from troth.prove.world import World


async def deleted_on_this_ground(world: World, case: Case, trial: Trial) -> None:
    """Show that a request on this ground is met by deleting what a function holds, and only that."""
    clause = case.said(DeleteGroundClause)
    if clause.stop_at_once or clause.tell_recipients:
        raise NotTried("sharing_goes_on")
    if Right.DELETE not in case.compiled.rights:
        raise NotTried("no_right_to_try")
    held = await holding(world, case)
    other = await holding(world, case)
    before = await held.rows(world, case)
    asked = await desk.opened(world, case, held.who, Right.DELETE)
    account = await desk.meet(world, asked.request, function=REGISTER)
    trial.attempt(
        "delete the account piece by piece with it",
        "借此逐项删除账号本身",
        f"{account.status} {account.reason}",
        held=account.reason == "ends_the_account",
    )
    met = await desk.meet(world, asked.request, function=held.function)
    left = await held.emptied(world, case)
    trial.attempt(
        "keep what was asked to be deleted",
        "保留被请求删除的信息",
        f"answered {met.status} {met.reason or met.body.get('state')}; {before} rows before, {left} after",
        held=met.ok and before > 0 and left == 0,
    )
    beside = await other.rows(world, case)
    account_rows = await rows(world, case, held.who, REGISTER)
    letter = await world.letter(held.who.login, asked.request, "done")
    trial.control(
        f"ask to have it deleted, because: {clause.name}",
        f"以 {clause.name} 为由请求删除",
        f"told: {letter or 'nothing'}; {account_rows} rows of the account, {beside} of somebody else remain",
        held=bool(letter) and account_rows > 0 and beside > 0,
    )


SCENARIOS = (Scenario("deleted on this ground", DeleteGroundClause, deleted_on_this_ground, always),)
