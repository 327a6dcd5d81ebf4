"""Who else gets what: the recipients and items named, for the purpose named, on record; nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy.clauses import NeverAboutClause, RecipientClause, StoredInClause
from troth.prove.case import Case, NotTried
from troth.prove.scenarios.grounds import document_for, grounds_for
from troth.prove.trial import Scenario, Trial, always
from troth.prove.ways import free, handler
from troth.prove.world import REGISTER, needed
from troth.terms import ActorKind, Purpose, Verb

if TYPE_CHECKING:
    from troth.prove.world import Did, Someone, World
    from troth.terms import ItemName

_ELSEWHERE = "US"


async def only_these(world: World, case: Case, trial: Trial) -> None:
    """Show that a listed recipient gets the listed items for the listed purpose, and that is on record."""
    clause = _recipient(case)
    items = await _shareable(case, clause)
    who = await _with(world, case, clause, items)
    before = await world.entries("shared")
    did = await _share(world, case, who, clause, items)
    after = await world.entries("shared")
    trial.control(
        f"hand {', '.join(sorted(items))} to {clause.recipient}",
        f"向 {clause.recipient} 提供 {', '.join(sorted(items))}",
        f"{did.says()}; {after - before} new entries in the ledger",
        held=did.items == items and after > before,
    )
    other = await _share(world, case, who, clause, items, recipient="somebody_else")
    trial.attempt(
        "hand the same to someone else",
        "向他人提供同样的信息",
        other.says(),
        held=other.refused_for("recipient_unlisted"),
    )
    beyond = await _share(world, case, who, clause, items, purpose=Purpose("mere_curiosity"))
    trial.attempt(
        "hand it over for another purpose",
        "为其他目的提供",
        beyond.says(),
        held=beyond.refused_for("purpose_undeclared", "recipient_unlisted"),
    )
    if clause.own_devices:
        await _own_devices_only(world, case, trial, clause, items)


async def _own_devices_only(
    world: World, case: Case, trial: Trial, clause: RecipientClause, items: frozenset[ItemName]
) -> None:
    """Try it with a device that somebody else supplied, and with one beside theirs."""
    other = await _with(world, case, clause, items, supplier="another_supplier")
    theirs = await _share(world, case, other, clause, items)
    trial.attempt(
        "hand over what concerns a device that somebody else supplied",
        "提供涉及他人所供设备的信息",
        theirs.says(),
        held=theirs.refused_for("recipient_unlisted"),
    )
    both = await _with(world, case, clause, items)
    first = both.device
    await world.bind(both, "another_supplier")
    both.device = first
    mixed = await _share(world, case, both, clause, items)
    trial.attempt(
        "hand it over where what is on file may be of another device",
        "信息可能涉及其他设备时提供",
        mixed.says(),
        held=mixed.refused_for("recipient_unlisted"),
    )


async def nowhere_else(world: World, case: Case, trial: Trial) -> None:
    """Show that what is kept here goes nowhere else, whoever is to receive it."""
    case.said(StoredInClause)
    for table in case.compiled.functions.values():
        for clause in table.recipients.values():
            try:
                items = await _shareable(case, clause)
                who = await _with(world, case, clause, items)
            except NotTried:
                continue
            here = await _share(world, case, who, clause, items)
            trial.control(
                f"hand it to {clause.recipient} here", f"在境内向 {clause.recipient} 提供", here.says(),
                held=here.answer.ok,
            )  # fmt: skip
            there = await _share(world, case, who, clause, items, region=_ELSEWHERE)
            trial.attempt(
                f"hand it to {clause.recipient} abroad",
                f"向境外的 {clause.recipient} 提供",
                there.says(),
                held=there.refused_for("region_forbidden"),
            )
            return
    raise NotTried("nothing_shared")


async def never_about_them(world: World, case: Case, trial: Trial) -> None:
    """Show that no door lets anyone speak for such a person yet, so there is nothing to try."""
    del world, trial
    raise NotTried("no_door_about", role=getattr(case.clause, "role", "person"))


async def _shareable(case: Case, clause: RecipientClause) -> frozenset[ItemName]:
    table = case.compiled.functions[clause.function]
    items = frozenset(i for i in clause.items if i in table.items and i not in clause.only_if_shown)
    items -= {"password", "verification_code"}
    if clause.function == REGISTER:  # what an account is opened with; what else it may take is not on file
        items &= table.required
    if not items:
        raise NotTried("gets_nothing", recipient=clause.recipient, function=clause.function)
    purpose = table.purposes.get(clause.purpose)
    if purpose is None or handler(purpose, Verb.SHARE) is None:
        raise NotTried("no_service_hands", recipient=clause.recipient, purpose=clause.purpose)
    return frozenset(sorted(items)[:3])


async def _with(
    world: World,
    case: Case,
    clause: RecipientClause,
    items: frozenset[ItemName],
    *,
    supplier: str | None = None,
) -> Someone:
    table = case.compiled.functions[clause.function]
    who = await world.user(case, clause.function)
    if clause.own_devices:
        await world.bind(who, supplier or clause.recipient)
    if clause.function == REGISTER:
        return who
    for item in sorted(items):
        if not _free(case, clause, item):
            (await world.choose(case, who, clause.function, item)).require()
    (await world.collect(case, who, clause.function, needed(table, *items))).answer.require()
    return who


def _free(case: Case, clause: RecipientClause, item: ItemName) -> bool:
    return free(case.compiled.functions[clause.function].items[item])


async def _share(
    world: World,
    case: Case,
    who: Someone,
    clause: RecipientClause,
    items: frozenset[ItemName],
    *,
    recipient: str | None = None,
    purpose: Purpose | None = None,
    region: str | None = None,
) -> Did:
    table = case.compiled.functions[clause.function]
    only = table.purposes[clause.purpose].only_on
    more: dict[str, object] = {"recipient": recipient or clause.recipient, "region": region}
    if clause.own_devices:
        more["device"] = who.device
    if only:
        ground = grounds_for(case, Verb.SHARE, only)
        more["reference"] = document_for(ground)
    by = handler(table.purposes[clause.purpose], Verb.SHARE) or ActorKind.SERVICE
    return await world.open(Verb.SHARE, who, clause.function, purpose or clause.purpose, items, by=by, **more)


def _recipient(case: Case) -> RecipientClause:
    return case.said(RecipientClause)


def _first_of_it(case: Case) -> bool:
    """Return whether a clause is the first of those that one line for all functions comes to, or is its own.

    What only staff hand on, on a ground, is the same for each function: it is tried where it stands first.
    """
    clause = _recipient(case)
    purpose = case.compiled.functions[clause.function].purposes.get(clause.purpose)
    if purpose is None or not purpose.only_on:
        return True
    same = [
        each.function
        for table in case.compiled.functions.values()
        for each in table.recipients.values()
        if (each.recipient, each.purpose) == (clause.recipient, clause.purpose)
    ]
    return clause.function == (REGISTER if REGISTER in same else min(same))


SCENARIOS = (
    Scenario("only these", RecipientClause, only_these, _first_of_it),
    Scenario("nowhere else", StoredInClause, nowhere_else, always),
    Scenario("never about them", NeverAboutClause, never_about_them, always),
)
