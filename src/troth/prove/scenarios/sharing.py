"""Acts beyond the functions: only in a case that the policy lists, to whom it names, with all that it needs.

For each case somebody is registered for whom everything is on record; that must go through, and be on record
for the person. Then one thing after the other is missing, and nothing goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from troth.policy.cases import ALWAYS, BEYOND
from troth.policy.statement_words import Act, Condition, Receiver
from troth.policy.statements import CaseClause
from troth.prove.case import Case, NotTried
from troth.prove.scenarios.facts import told
from troth.prove.seen import word
from troth.prove.trial import Scenario, Trial
from troth.prove.world import REGISTER, Did, free, needed
from troth.terms import Verb

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from troth.prove.world import Someone, World
    from troth.terms import FunctionName, ItemName

_PURPOSE = "comprehensive_service"
_OTHER_PURPOSE = "something_else"
_THEIRS = frozenset(
    {
        Condition.CONSENT, Condition.SEPARATE_CONSENT, Condition.REQUEST, Condition.OWN_CHOICE,
        Condition.AUTHORISATION_OF_RECEIVER,
    }
)  # fmt: skip
"""What only the person can say."""
_OURS = frozenset(
    {Condition.REGISTERED, Condition.NECESSARY_ONLY, Condition.STATED_PURPOSE, Condition.LOGGED}
)
"""What is seen by itself: it is tried by doing otherwise."""
_FILED = frozenset(
    {
        Condition.AGREEMENT, Condition.CONFIDENTIALITY, Condition.SECURITY_MEASURES, Condition.INSTRUCTIONS,
        Condition.MONITORED, Condition.IN_SCOPE, Condition.RECEIVER_BOUND, Condition.NATIONAL_RULES,
        Condition.ON_SITE_VERIFICATION, Condition.ASSESSMENT, Condition.SAFEGUARD,
    }
)  # fmt: skip
"""What is kept about the receiver, and may go out of force. All else is a paper of the occasion."""
_VERBS = {Act.DISCLOSE: Verb.DISCLOSE}


@dataclass(frozen=True, slots=True)
class Giving:
    """Something of one person that is to be given to one receiver, in one case."""

    act: str
    name: str
    needs: frozenset[str]
    kind: str
    receiver: str
    who: Someone
    function: FunctionName
    items: frozenset[ItemName]
    path: str

    @property
    def papers(self) -> frozenset[str]:
        """The conditions that a paper of the occasion shows."""
        return self.needs - _THEIRS - _OURS - _FILED


async def only_in_this_case(world: World, case: Case, trial: Trial) -> None:
    """Show that the act goes through with all that the case needs, and not with one thing less."""
    clause = case.said(CaseClause)
    giving = await ready(world, case, clause)
    before = len(await _given(giving))
    did = await give(world, giving)
    read = [each for each in await _given(giving) if each.get("recipient") == giving.receiver]
    trial.control(
        f"{giving.act} {', '.join(sorted(giving.items))} in the case {giving.name}, all on record",
        f"在“{giving.name}”情形下且记录齐备时{word(giving.act)}",
        f"{did.says()}; the person reads: {_reads(read)}",
        held=did.items == giving.items
        and len(read) == 1
        and before == 0
        and frozenset(read[0].get("items", ())) == giving.items,
    )
    other = await give(world, giving, name="because_we_can")
    trial.attempt(
        "the same in a case that is not listed",
        "在未列明的情形下",
        other.says(),
        held=other.refused_for("case_unlisted"),
    )
    for need in sorted(clause.needs):
        await _without(world, trial, giving, need)
    if clause.to and set(clause.to) != {Receiver.ANYONE}:
        await _to_another_kind(world, case, trial, giving)
    if clause.items:
        await _more_than_named(world, case, trial, giving)
    if (leaks := len(await _given(giving)) - before - 1) != 0:
        trial.attempt("have any of that go out after all", "上述任一次实际提供", f"{leaks} times", held=False)


async def _without(world: World, trial: Trial, giving: Giving, need: str) -> None:
    """Try it with one thing missing, and put that back."""
    match need:
        case Condition.LOGGED:
            return  # the control read the entry
        case Condition.REGISTERED:
            did = await give(world, giving, receiver=f"unheard-of-{world.number()}")
        case Condition.STATED_PURPOSE:
            did = await give(world, giving, purpose=_OTHER_PURPOSE)
        case Condition.NECESSARY_ONLY:
            await _register(world, giving, items=["usage_records"])
            did = await give(world, giving)
            await _register(world, giving, items=giving.items)
        case theirs if theirs in _THEIRS:
            bundled = need == Condition.SEPARATE_CONSENT
            await _allow(giving, allowed=bundled, separate=False)
            did = await give(world, giving)
            await _allow(giving, allowed=True)
        case filed if filed in _FILED:
            office = await world.staff()
            (await office.ask("DELETE", f"{giving.path}/papers/{need}")).require()
            did = await give(world, giving)
            await _file(world, giving, [need])
        case _:
            did = await give(world, giving, papers=giving.papers - {need})
    held = did.refused_for("condition_missing") or (
        need == Condition.REGISTERED and did.refused_for("case_unlisted")  # of no kind that the case names
    )
    trial.attempt(f"the same without {need}", f"缺少 {need}", did.says(), held=held)


async def _to_another_kind(world: World, case: Case, trial: Trial, giving: Giving) -> None:
    """Try it towards someone of another kind, for whom all else is on record."""
    clause = case.said(CaseClause)
    kind = next(each.value for each in Receiver if each not in clause.to)
    await _register(world, giving, kind=kind)
    did = await give(world, giving)
    trial.attempt(
        f"the same to a receiver of the kind {kind}",
        f"向 {kind} 类接收方",
        did.says(),
        held=did.refused_for("case_unlisted"),
    )
    await _register(world, giving)


async def _more_than_named(world: World, case: Case, trial: Trial, giving: Giving) -> None:
    clause = case.said(CaseClause)
    table = case.compiled.functions[giving.function]
    more = sorted(item for item, one in table.items.items() if free(one) and item not in clause.items)
    more = [item for item in more if item not in {"password", "verification_code"}]
    if not more:
        return
    await _register(world, giving, items=[*giving.items, more[0]])
    did = await give(world, giving, items=giving.items | {more[0]})
    trial.attempt(
        f"the same with {more[0]}, which the case does not name",
        f"附带该情形未列明的 {more[0]}",
        did.says(),
        held=did.refused_for("case_unlisted"),
    )


async def ready(
    world: World, case: Case, clause: CaseClause, *, among: Collection[FunctionName] | None = None
) -> Giving:
    """Return something that may be given in the case, of some functions or any, with everything on record."""
    if not any(clause.act in acts for acts in BEYOND.values()):
        raise NotTried("gives_nothing", act=clause.act)
    own = clause if clause.name != ALWAYS else _some_case(case, clause)
    all_needs = [each for each in case.compiled.all(CaseClause) if each.act == clause.act]
    needs = frozenset(n for each in all_needs if each.name in {own.name, ALWAYS} for n in each.needs)
    function, items = _something(case, own, among)
    who = await world.user(case, function)
    if function != REGISTER:
        (
            await world.collect(case, who, function, needed(case.compiled.functions[function], *items))
        ).answer.require()
    name = f"receiver-{world.number()}"
    giving = Giving(
        act=clause.act,
        name=own.name,
        needs=needs,
        kind=own.to[0] if own.to else Receiver.PARTNER.value,
        receiver=name,
        who=who,
        function=function,
        items=items,
        path=f"/v1/staff/receivers/{case.policy}/{name}",
    )
    await _register(world, giving)
    await _file(world, giving, needs & _FILED)
    if needs & _THEIRS:
        await _allow(giving, allowed=True)
    return giving


def _some_case(case: Case, clause: CaseClause) -> CaseClause:
    """Return a case of the same act that what holds always can be tried in: the one that asks for least."""
    others = [
        each
        for each in case.compiled.all(CaseClause)
        if each.act == clause.act and each.name != ALWAYS and _possible(case, each)
    ]
    if not others:
        raise NotTried("no_case_possible", act=clause.act)
    return min(others, key=lambda each: (len(each.items), len(each.needs), each.name))


def _possible(case: Case, clause: CaseClause) -> bool:
    return not clause.items or any(_fitting(case, clause))


def _fitting(case: Case, clause: CaseClause) -> Iterable[tuple[FunctionName, ItemName]]:
    for name in sorted(case.compiled.functions, key=lambda each: (each != REGISTER, each)):
        table = case.compiled.functions[name]
        for item in sorted(table.items):
            secret = item in {"password", "verification_code"} or item in table.closed
            if not secret and (not clause.items or item in clause.items) and _held(name, item, table):
                yield name, item


def _held(name: FunctionName, item: ItemName, table: Any) -> bool:
    """Return whether someone for whom the function runs has the item on file without more ado."""
    return item in table.required if name == REGISTER else free(table.items[item])


def _something(
    case: Case, clause: CaseClause, among: Collection[FunctionName] | None
) -> tuple[FunctionName, frozenset[ItemName]]:
    for function, item in _fitting(case, clause):
        if among is None or function in among:
            return function, frozenset({item})
    raise NotTried("no_such_items", case=clause.name)


async def _register(
    world: World, giving: Giving, *, kind: str | None = None, items: Iterable[str] | None = None
) -> None:
    body = {"kind": kind or giving.kind, "purpose": _PURPOSE, "items": sorted(items or giving.items)}
    (await (await world.staff()).ask("PUT", giving.path, body)).require()


async def _file(world: World, giving: Giving, facts: Iterable[str]) -> None:
    office = await world.staff()
    for fact in sorted(facts):
        (await office.ask("PUT", f"{giving.path}/papers/{fact}", {"document": str(uuid4())})).require()


async def _allow(giving: Giving, *, allowed: bool, separate: bool | None = None) -> None:
    """Let the person say yes or no; where the case wants that, by itself."""
    if separate is None:
        separate = Condition.SEPARATE_CONSENT in giving.needs
    body = {"purpose": _PURPOSE, "allowed": allowed, "separate": separate}
    (await giving.who.ask("PUT", f"/v1/me/receivers/{giving.receiver}", body)).require()


async def give(
    world: World,
    giving: Giving,
    *,
    name: str | None = None,
    receiver: str | None = None,
    purpose: str = _PURPOSE,
    items: frozenset[ItemName] | None = None,
    papers: Iterable[str] | None = None,
) -> Did:
    """Ask to give it away, as the office."""
    attached = giving.papers if papers is None else papers
    body = {
        "subject": giving.who.account,
        "function": giving.function,
        "purpose": purpose,
        "items": sorted(items or giving.items),
        "recipient": receiver or giving.receiver,
        "case": {
            "act": giving.act,
            "case": name or giving.name,
            "papers": {each: str(uuid4()) for each in sorted(attached)},
        },
    }
    if giving.act == Act.ABROAD:
        body["region"] = "SG"
    verb = _VERBS.get(Act(giving.act), Verb.SHARE)
    answer = await (await world.staff()).ask("POST", f"/v1/staff/{verb.value}", body)
    return Did(answer, frozenset(answer.body.get("values") or ()), {})


async def _given(giving: Giving) -> list[Any]:
    """Return who got what, as the person reads it."""
    return list(await giving.who.person.listed("/v1/me/given"))


def _reads(told: list[Any]) -> str:
    return "; ".join(
        f"{each.get('recipient')} got {', '.join(each.get('items', ()))} ({each.get('case')})"
        for each in told
    )


def _gives(case: Case) -> bool:
    return case.said(CaseClause).act != Act.LEAVE


def _gives_nothing(case: Case) -> bool:
    """Return whether someone is only led elsewhere: then what there is to keep is that they are told."""
    return case.said(CaseClause).act == Act.LEAVE


SCENARIOS = (
    Scenario("only in this case", CaseClause, only_in_this_case, _gives),
    Scenario("told", CaseClause, told, _gives_nothing),
)
