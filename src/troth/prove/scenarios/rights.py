"""Rights: asked for by the ways named and no other, and met by doing what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import RightClause
from troth.policy.words import Right
from troth.prove import desk
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding, rows, undeclared
from troth.prove.samples import sample
from troth.prove.trial import Scenario, Trial
from troth.prove.world import REGISTER
from troth.terms import ItemName

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.prove.world import World


async def through_its_ways(world: World, case: Case, trial: Trial) -> None:
    """Show that a right is asked for through every way named, and through no other."""
    clause = case.said(RightClause)
    right = Right(clause.right)
    for way in clause.by:
        who = await world.person(case)
        made = await desk.ask(world, who, right, way)
        trial.control(
            f"ask for {right} by {way}",
            f"通过 {way} 请求 {right}",
            f"{made.status} {made.reason or made.body.get('state')}, due {made.body.get('due')}",
            held=made.ok and made.body.get("right") == right,
        )
    who = await world.person(case)
    other = await desk.enter(world, who, right, desk.unnamed(case, right))
    trial.attempt(
        "ask through a way that the policy does not name",
        "通过政策未列明的途径请求",
        f"{other.status} {other.reason}",
        held=other.reason == "not_this_way",
    )


async def everything_is_shown(world: World, case: Case, trial: Trial) -> None:
    """Show that a copy holds all that the tables hold of a person, and nobody else gets any of it."""
    who, other = await world.person(case), await world.person(case)
    await holding(world, case, who)
    theirs = await world.lines(who, "/v1/me/copy")
    documents = [line for line in theirs if line.get("kind") == "document"]
    stored = await world.evidence.value(
        "SELECT count(*) FROM document WHERE subject = %(subject)s", {"subject": who.account}
    )
    ended = bool(theirs) and theirs[-1].get("kind") == "end"
    trial.control(
        "get a copy of everything",
        "获取全部信息的副本",
        f"{len(documents)} documents in the copy, {stored} in the tables; {len(theirs)} lines",
        held=ended and len(documents) == stored > 0,
    )
    ids = {line.get("id") for line in documents}
    leaked = [line for line in await world.lines(other, "/v1/me/copy") if line.get("id") in ids]
    nobody = await world.stranger().ask("GET", "/v1/me/copy")
    trial.attempt(
        "get it as somebody else, or as nobody",
        "以他人身份或匿名获取",
        f"{len(leaked)} of their documents; without a token {nobody.status} {nobody.reason}",
        held=not leaked and nobody.reason == "not_signed_in",
    )
    unproven = await _unproven(world, case)
    trial.attempt(
        "read what was written at the desk, before anyone showed who they are",
        "未核验身份即在服务台查阅内容",
        unproven or "nothing was shown",
        held=not unproven,
    )


async def _unproven(world: World, case: Case) -> str:
    right, way = desk.at_desk(case)
    made = (await desk.enter(world, await world.person(case), right, way)).require()
    early = await desk.meet(world, str(made["request"]))
    shown = await desk.seen(world, str(made["request"]))
    if early.ok:
        return f"met: {early.status} {early.body.get('state')}"
    return str(shown.require().get("said") or "")


async def put_right(world: World, case: Case, trial: Trial) -> None:
    """Show that a person corrects what is on file, only their own, and nothing that is locked."""
    clause = case.said(RightClause)
    held = await holding(world, case)
    item = min((each for each in held.items if sample(each, 1) != sample(each, 2)), default=None)
    if item is None:
        raise NotTried("nothing_held")
    path = f"/v1/me/functions/{held.function}/items/{item}"
    before = (await held.who.ask("GET", path)).require()
    did = await world.give(held.who, held.function, {item})
    after = await held.who.ask("GET", path)
    trial.control(
        f"correct {item} oneself",
        f"自行更正 {item}",
        f"{did.says()}; it {'changed' if after.body != before else 'is as it was'}",
        held=did.answer.ok and after.ok and after.body != before,
    )
    other = await world.person(case)
    theirs = await other.ask("GET", path)
    trial.attempt(
        f"see the {item} of somebody else",
        f"查看他人的 {item}",
        f"{theirs.status} {theirs.reason}",
        held=not theirs.ok,
    )
    beyond = await world.give(held.who, REGISTER, {undeclared(case)})
    trial.attempt(
        "put something on file that the policy does not take",
        "存入政策未列明的信息",
        beyond.says(),
        held=beyond.refused_for("item_undeclared"),
    )
    for locked in clause.locked:
        if case.compiled.functions[REGISTER].items.keys() & {locked}:
            changed = await world.give(held.who, REGISTER, {ItemName(locked)})
            trial.attempt(
                f"change {locked} oneself, which is locked",
                f"自行更改已锁定的 {locked}",
                changed.says(),
                held=not changed.answer.ok,
            )


async def deleted_when_asked(world: World, case: Case, trial: Trial) -> None:
    """Show that a request to delete, met at the desk, leaves nothing of what the function held."""
    held = await holding(world, case)
    before = await held.rows(world, case)
    request = await desk.opened(world, case, held.who, Right.DELETE)
    met = await desk.meet(world, request.request, function=held.function)
    left = await held.emptied(world, case)
    trial.attempt(
        f"keep what {held.function} held as if nobody had asked",
        f"如同无人请求一样保留 {held.function} 的信息",
        f"answered {met.status} {met.reason or met.body.get('state')}; {before} rows before, {left} after",
        held=met.ok and before > 0 and left == 0,
    )
    await _told(world, case, trial, request)


async def taken_back_when_asked(world: World, case: Case, trial: Trial) -> None:
    """Show that a request to take a choice back, met at the desk, stops the function for that person."""
    right = Right(case.said(RightClause).right)
    runs = await holding(world, case)
    who = await world.user(case, runs.function)
    request = await desk.opened(world, case, who, right)
    met = await desk.meet(world, request.request, function=runs.function)
    items = await world.stuff(case, runs.who, runs.function)
    later = await world.once_more(case, who, runs.function, items)
    trial.attempt(
        f"go on with {runs.function} as if nobody had asked",
        f"如同无人请求一样继续 {runs.function}",
        f"answered {met.status} {met.reason or met.body.get('state')}; {later.says()}",
        held=met.ok and later.refused_for("not_chosen", "withdrawn", "topic_refused"),
    )
    kept = await world.once_more(case, runs.who, runs.function, items)
    trial.control("let it run on for everybody else", "其他人继续使用", kept.says(), held=kept.answer.ok)
    await _told(world, case, trial, request)


async def _told(world: World, case: Case, trial: Trial, request: desk.Open) -> None:
    letter = await world.letter(request.who.login, request.request, "done")
    kept = await rows(world, case, request.who, REGISTER)
    trial.control(
        "be told, and keep the account",
        "获得答复，账号不受影响",
        f"told: {letter or 'nothing'}; {kept} rows of the account",
        held=bool(letter) and kept > 0,
    )


def _of(*rights: Right) -> Callable[[Case], bool]:
    """Return whether a clause is about one of these rights."""
    return lambda case: Right(case.said(RightClause).right) in rights


def _of_others(case: Case) -> bool:
    return Right(case.said(RightClause).right) is not Right.CANCEL


SCENARIOS = (
    Scenario("through its ways", RightClause, through_its_ways, _of_others),
    Scenario("everything is shown", RightClause, everything_is_shown, _of(Right.ACCESS, Right.COPY)),
    Scenario("put right", RightClause, put_right, _of(Right.CORRECT)),
    Scenario("deleted when asked", RightClause, deleted_when_asked, _of(Right.DELETE)),
    Scenario(
        "taken back when asked",
        RightClause,
        taken_back_when_asked,
        _of(Right.WITHDRAW, Right.SCOPE, Right.REFUSE_MARKETING),
    ),
)
