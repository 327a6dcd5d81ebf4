"""Items: declared ones pass as declared, anything else is dropped; permissions of the phone hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.devices.names import KINDS
from troth.policy.clauses import PERMISSION, ItemClause, Keep, Need, NeedClause
from troth.prove.case import Case, NotTried
from troth.prove.someone import Someone
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import REGISTER, needed, purpose_for
from troth.terms import ActorKind, Basis, ItemName, Role, Verb

if TYPE_CHECKING:
    from troth.prove.world import Did, World

_BEYOND = frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT})


async def taken_as_declared(world: World, case: Case, trial: Trial) -> None:
    """Show that the function takes the item as declared, and one that does not name it gets none."""
    clause = _item(case)
    if clause.function == REGISTER:
        await _at_registration(world, case, trial, clause)
        return
    table = case.compiled.functions[clause.function]
    if clause.basis in _BEYOND:
        raise NotTried("on_a_ground", item=clause.item, basis=clause.basis)
    who = await world.user(case, clause.function)
    if clause.need is Need.OPTIONAL or clause.basis is not None:
        (await world.choose(case, who, clause.function, clause.item)).require()
    did = await world.collect(case, who, clause.function, needed(table, clause.item))
    rows = await world.rows(case, who, clause.function, clause.item)
    stored = clause.keep is Keep.STORED
    trial.control(
        f"give {clause.item} to {clause.function}",
        f"向 {clause.function} 提供 {clause.item}",
        f"{did.says()}; {rows} rows",
        held=did.answer.ok and (rows == 1 if stored else rows == 0),
    )
    await _undeclared(world, case, trial, clause)


async def _at_registration(world: World, case: Case, trial: Trial, clause: ItemClause) -> None:
    if clause.item == "verification_code":
        raise NotTried("typed_code")
    if clause.item == "password":  # refused by the form on any system, so a refusal would show nothing
        raise NotTried("in_the_form", item=clause.item)
    field = {"phone_number": "phone", "email_address": "email"}.get(clause.item)
    if clause.need is Need.EITHER and field is not None:
        await _one_of_them(world, case, trial, clause, field)
        return
    if clause.need is Need.REQUIRED:
        form = await world.form(case)
        if field is None:
            form["items"] = {item: value for item, value in form["items"].items() if item != clause.item}
            form = {key: value for key, value in form.items() if value}
        else:
            form.pop(field, None)
        refused = await world.stranger().ask("POST", "/v1/accounts", form)
        trial.attempt(
            f"register without {clause.item}",
            f"不提供 {clause.item} 而注册",
            f"{refused.status} {refused.reason}",
            held=refused.reason == "required_item_missing",
        )
    who = await world.person(case)
    if clause.need is not Need.REQUIRED:
        if clause.need is Need.OPTIONAL:
            skipped = await world.give(who, clause.function, {clause.item})
            trial.attempt(
                f"take {clause.item} unasked",
                f"未经选择而收集 {clause.item}",
                skipped.says(),
                held=skipped.refused_for("item_not_chosen"),
            )
            (await world.choose(case, who, clause.function, clause.item)).require()
        if clause.permission is not None:
            await world.meet(case, who, clause.function, PERMISSION + clause.permission)
        (await world.give(who, clause.function, {clause.item})).answer.require()
    rows = await world.rows(case, who, clause.function, clause.item)
    trial.control(
        f"open an account with {clause.item}", f"提供 {clause.item} 注册", f"{rows} rows", held=rows == 1
    )
    await _undeclared(world, case, trial, clause)


async def _one_of_them(world: World, case: Case, trial: Trial, clause: ItemClause, field: str) -> None:
    """Open an account with this one of the two, and try to with neither."""
    neither = await world.registering(case, phone=None, email=None)
    trial.attempt(
        f"register without {clause.item} and without the other",
        f"既不提供 {clause.item} 也不提供另一项而注册",
        f"{neither.status} {neither.reason}",
        held=neither.reason == "required_item_missing",
    )
    number = world.number()
    address = {"phone": f"+86138{number:08d}", "email": f"m{number}x@proof.example"}
    alone = {key: value if key == field else None for key, value in address.items()}
    who = await world.person(case, **alone)
    rows = await world.rows(case, who, clause.function, clause.item)
    trial.control(
        f"open an account with {clause.item} alone",
        f"仅提供 {clause.item} 注册",
        f"{rows} rows",
        held=rows == 1,
    )
    await _undeclared(world, case, trial, clause)


async def _undeclared(world: World, case: Case, trial: Trial, clause: ItemClause) -> None:
    """Try the item on a function that does not name it."""
    for function, table in sorted(case.compiled.functions.items()):
        purpose = purpose_for(table, Verb.COLLECT, ActorKind.SERVICE)
        if clause.item in table.items or purpose is None:
            continue
        try:
            who = await world.user(case, function)
            items = await world.stuff(case, who, function) if function != REGISTER else frozenset[ItemName]()
        except NotTried:
            continue
        did = await world.take_in(who, function, purpose, {*items, clause.item})
        rows = await world.rows(case, who, function, clause.item)
        dropped = clause.item not in did.items
        trial.attempt(
            f"give {clause.item} to {function}, which does not name it",
            f"向未声明该项的 {function} 提供 {clause.item}",
            f"{did.says()}; {rows} rows",
            held=rows == 0 and (dropped or did.refused_for("item_undeclared")),
        )
        return
    raise NotTried("all_take_it", item=clause.item)


async def only_when_needed_items_are_there(world: World, case: Case, trial: Trial) -> None:
    """Show that without a required item the function is not available."""
    clause = _item(case)
    table = case.compiled.functions[clause.function]
    others = needed(table) - {clause.item}
    spare = sorted(item for item, one in table.items.items() if one.need is Need.WHEN_USED)
    asked = others or frozenset(spare[:1])
    if not asked:
        raise NotTried("all_it_takes", item=clause.item, function=clause.function)
    who = await world.user(case, clause.function)
    if who.tills:
        await _once_taken_back(world, case, trial, who)
        return
    did = await world.collect(case, who, clause.function, asked)
    trial.attempt(
        f"use {clause.function} without {clause.item}",
        f"不提供 {clause.item} 而使用 {clause.function}",
        did.says(),
        held=did.refused_for("required_item_missing"),
    )
    whole = await world.collect(case, who, clause.function, needed(table))
    trial.control("use it with all it needs", "提供全部所需信息后使用", whole.says(), held=whole.answer.ok)


async def _once_taken_back(world: World, case: Case, trial: Trial, who: Someone) -> None:
    """Show the same where binding a device brought all that is needed: one item is taken off file again."""
    clause = _item(case)
    items = needed(case.compiled.functions[clause.function])
    if any(clause.item in KINDS[kind].sends for kind in who.tills):
        raise NotTried("with_its_device", item=clause.item, function=clause.function)
    sent = await world.once_more(case, who, clause.function, items)
    trial.control("use it with all it needs", "提供全部所需信息后使用", sent.says(), held=sent.answer.ok)
    path = f"/v1/me/functions/{clause.function}/items/{clause.item}"
    if not (await who.ask("DELETE", path)).ok:
        raise NotTried("with_its_device", item=clause.item, function=clause.function)
    did = await world.once_more(case, who, clause.function, items)
    trial.attempt(
        f"use {clause.function} without {clause.item}",
        f"不提供 {clause.item} 而使用 {clause.function}",
        did.says(),
        held=did.refused_for("required_item_missing", "topic_refused"),
    )


async def only_when_chosen(world: World, case: Case, trial: Trial) -> None:
    """Show that an optional or separately consented item is taken only while the person chose it."""
    clause = _item(case)
    who = await world.user(case, clause.function)
    table = case.compiled.functions[clause.function]
    items = needed(table, clause.item)
    did = await world.collect(case, who, clause.function, items)
    rows = await world.rows(case, who, clause.function, clause.item)
    trial.attempt(
        f"take {clause.item} before it was chosen",
        f"未选择前收集 {clause.item}",
        f"{did.says()}; {rows} rows",
        held=rows == 0 and _not_taken(did, clause.item),
    )
    (await world.choose(case, who, clause.function, clause.item)).require()
    taken = await world.collect(case, who, clause.function, items)
    rows = await world.rows(case, who, clause.function, clause.item)
    trial.control(
        f"take {clause.item} once it was chosen",
        f"选择后收集 {clause.item}",
        f"{taken.says()}; {rows} rows",
        held=taken.answer.ok and rows == (1 if clause.keep is Keep.STORED else 0),
    )


async def only_through_its_permission(world: World, case: Case, trial: Trial) -> None:
    """Show that an item that comes through a permission of the phone is taken only while that is granted."""
    clause = _item(case)
    table = case.compiled.functions[clause.function]
    who = await world.user(case, clause.function)
    path = f"/v1/me/functions/{clause.function}/needs/{PERMISSION}{clause.permission}"
    if clause.need is Need.OPTIONAL or clause.basis is not None:
        (await world.choose(case, who, clause.function, clause.item)).require()
    await world.meet(case, who, clause.function, f"{PERMISSION}{clause.permission}")
    asked = {clause.item} if clause.function == REGISTER else needed(table, clause.item)
    taken = await world.collect(case, who, clause.function, asked)
    trial.control("take it while granted", "已授权时收集", taken.says(), held=clause.item in taken.items)
    other = await world.user(case, clause.function)
    if clause.need is Need.OPTIONAL or clause.basis is not None:
        (await world.choose(case, other, clause.function, clause.item)).require()
    (await other.ask("PUT", path, {"met": False})).require()
    did = await world.collect(case, other, clause.function, asked)
    rows = await world.rows(case, other, clause.function, clause.item)
    trial.attempt(
        f"take {clause.item} without the permission {clause.permission}",
        f"未授予 {clause.permission} 权限而收集 {clause.item}",
        f"{did.says()}; {rows} rows",
        held=rows == 0,
    )


async def only_with_its_need(world: World, case: Case, trial: Trial) -> None:
    """Show that a function that needs something to be there does not run without it."""
    clause = case.said(NeedClause)
    table = case.compiled.functions[clause.function]
    bare = await world.person(case)
    await world.choose(case, bare, clause.function)
    items = await world.stuff(case, bare, clause.function)
    for need in table.needs:
        if need != clause.need:
            await world.meet(case, bare, clause.function, need, alone=True)
    did = await world.collect(case, bare, clause.function, items)
    trial.attempt(
        f"use {clause.function} without {clause.need}",
        f"缺少 {clause.need} 而使用 {clause.function}",
        did.says(),
        held=did.refused_for("need_missing") or did.answer.reason == "topic_refused",
    )
    who = await world.user(case, clause.function)
    items = await world.stuff(case, who, clause.function)
    taken = await world.collect(case, who, clause.function, items)
    trial.control("use it with it", "具备后使用", taken.says(), held=taken.answer.ok)


def _not_taken(did: Did, item: ItemName) -> bool:
    return did.dropped.get(item) == "item_not_chosen" or did.refused or item not in did.items


def _item(case: Case) -> ItemClause:
    """Return the clause. Raises `NotTried` where the item is about people whom no door can name."""
    clause = case.said(ItemClause)
    if clause.item not in case.compiled.functions[clause.function].takes[Role.HOLDER]:
        raise NotTried("about_others", item=clause.item, function=clause.function, role=clause.about)
    return clause


def _required(case: Case) -> bool:
    clause = case.said(ItemClause)
    return clause.need is Need.REQUIRED and clause.function != REGISTER


def _optional(case: Case) -> bool:
    clause = case.said(ItemClause)
    asks = clause.need is Need.OPTIONAL or clause.basis in {Basis.CONSENT, Basis.SEPARATE_CONSENT}
    return asks and clause.function != REGISTER


def _permitted(case: Case) -> bool:
    return case.said(ItemClause).permission is not None


SCENARIOS = (
    Scenario("taken as declared", ItemClause, taken_as_declared, always),
    Scenario("needed", ItemClause, only_when_needed_items_are_there, _required),
    Scenario("chosen", ItemClause, only_when_chosen, _optional),
    Scenario("permitted", ItemClause, only_through_its_permission, _permitted),
    Scenario("its need", NeedClause, only_with_its_need, always),
)
