"""The clauses of a function, from what was read. As `build`, for the part that policies mostly consist of."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy import grammar as g
from troth.policy.build import Address, sayings, word, words
from troth.policy.clauses import (
    Clause,
    ClosedClause,
    FunctionClause,
    HoldClause,
    ItemClause,
    Keep,
    Need,
    NeedClause,
    NeverAboutClause,
    PurposeClause,
    RecipientClause,
    RefusalClause,
)
from troth.policy.kinds import Got
from troth.policy.records import Fields
from troth.policy.words import Mod
from troth.terms import FunctionName, ItemName, Purpose

_ITEM_LISTS = (
    (g.REQUIRES, Need.REQUIRED),
    (g.EITHER, Need.EITHER),
    (g.OPTIONAL, Need.OPTIONAL),
    (g.WHEN_USED, Need.WHEN_USED),
)


def functions(policy: Fields, name: str) -> Iterator[Clause]:
    """Yield the clauses of every function; the policy's own purposes stand in each of them."""
    shared = policy.get(g.ALL_PURPOSES) or {}
    everywhere = policy.get(g.ALL_RECIPIENTS) or {}
    for key, got in policy.need(g.FUNCTIONS).items():
        here = Address(name) / "functions" / key
        function = FunctionName(key)
        yield FunctionClause(
            **here.common(got.value, got.at),
            function=function,
            basis=got.value.need(g.BASIS),
            starts=got.value.need(g.STARTS),
            choice=word(got.value.get(g.CHOICE)),
            constraints=words(got.value.get(g.CONSTRAINTS)),
            title=sayings(got.value.need(g.TITLE)),
            gives=sayings(got.value.need(g.GIVES)),
        )
        yield from _takes(got.value, here, function)
        own = got.value.get(g.PURPOSES) or {}
        for purpose, given in (dict(shared) | dict(own)).items():
            yield _purpose(here / "purposes" / purpose, function, purpose, given)
        yield from _limits(got.value, here, function)
        named = got.value.get(g.RECIPIENTS) or {}
        items = frozenset(
            each.item for each in _takes(got.value, here, function) if isinstance(each, ItemClause)
        )
        for recipient, given in everywhere.items():
            if items and recipient not in named:
                yield _recipient(here / "recipients" / recipient, function, recipient, given, items)


def _takes(fields: Fields, here: Address, function: FunctionName) -> Iterator[Clause]:
    for each in fields.get(g.FUNCTION_NEEDS) or ():
        need = each.value.need(g.NEED_NAME)
        yield NeedClause(**(here / "needs" / need).common(each.value, each.at), function=function, need=need)
    for section, need in _ITEM_LISTS:
        for each in fields.get(section) or ():
            item = ItemName(each.value.need(g.ITEM_NAME))
            yield ItemClause(
                **(here / section.key / item).common(each.value, each.at),
                function=function,
                item=item,
                need=need,
                basis=each.value.get(g.ITEM_BASIS),
                keep=each.value.get(g.ITEM_KEEP) or Keep.STORED,
                permission=each.value.get(g.ITEM_PERMISSION),
                about=each.value.get(g.ITEM_ABOUT),
                only_while=_name(each.value.get(g.ITEM_ONLY_WHILE)),
            )
            yield from _kept_for(each.value, here / section.key / item, function, item)


def _name(word: str | None) -> FunctionName | None:
    return None if word is None else FunctionName(word)


def _purpose(here: Address, function: FunctionName, purpose: str, given: Got[Fields]) -> PurposeClause:
    return PurposeClause(
        **here.common(given.value, given.at),
        function=function,
        purpose=Purpose(purpose),
        by=frozenset(each.value for each in given.value.need(g.PURPOSE_BY)),
        verbs=frozenset(each.value for each in given.value.need(g.PURPOSE_VERBS)),
        serves=given.value.get(g.PURPOSE_SERVES),
        only_on=frozenset(each.value for each in given.value.get(g.PURPOSE_ONLY_ON) or ()),
        title=sayings(given.value.need(g.TITLE)),
    )


def _limits(fields: Fields, here: Address, function: FunctionName) -> Iterator[Clause]:
    if refusal := fields.got(g.ON_REFUSAL):
        yield RefusalClause(
            **(here / "on_refusal").common(refusal.value, refusal.at),
            function=function,
            effect=refusal.value.need(g.EFFECT).value,
            also=frozenset(FunctionName(each.value) for each in refusal.value.get(g.ALSO) or ()),
        )
    for each in fields.get(g.NEVER) or ():
        role = each.value.need(g.ROLE)
        common = (here / "never_about" / role).common(each.value, each.at, Mod.MUST_NOT)
        yield NeverAboutClause(**common, function=function, role=role)
    for each in fields.get(g.HOLDS) or ():
        yield from _held(each, here, function)
    for key, got in (fields.get(g.RECIPIENTS) or {}).items():
        items = frozenset(ItemName(item.value) for item in got.value.need(g.RECIPIENT_ITEMS))
        yield _recipient(here / "recipients" / key, function, key, got, items)


def _recipient(
    here: Address, function: FunctionName, name: str, got: Got[Fields], items: frozenset[ItemName]
) -> RecipientClause:
    shown = got.value.get(g.ONLY_IF_SHOWN) or {}
    return RecipientClause(
        **here.common(got.value, got.at, Mod.MAY),
        recipient=name,
        function=function,
        items=items,
        purpose=Purpose(got.value.need(g.RECIPIENT_PURPOSE)),
        kind=word(got.value.get(g.RECIPIENT_KIND)),
        title=sayings(got.value.get(g.RECIPIENT_TITLE)),
        scope=sayings(got.value.get(g.RECIPIENT_SCOPE)),
        link=got.value.get(g.RECIPIENT_LINK),
        own_devices=got.value.get(g.OWN_DEVICES) or False,
        only_if_shown={item: each.value.value for item, each in shown.items()},
    )


def _held(each: Got[Fields], here: Address, function: FunctionName) -> Iterator[Clause]:
    item = ItemName(each.value.need(g.ITEM_NAME))
    held = here / "holds" / item
    yield ItemClause(**held.common(each.value, each.at), function=function, item=item, need=Need.WHEN_USED)
    if closed := each.value.got(g.CLOSED_TO_CONTROLLER):
        yield ClosedClause(
            **(held / "closed_to_controller").common(closed.value, closed.at, Mod.MUST_NOT),
            function=function,
            item=item,
            verbs=frozenset(verb.value for verb in closed.value.need(g.CLOSED_VERBS)),
            unless=frozenset(ground.value.value for ground in closed.value.get(g.CLOSED_UNLESS) or ()),
        )
    yield from _kept_for(each.value, held, function, item)


def _kept_for(fields: Fields, here: Address, function: FunctionName, item: ItemName) -> Iterator[Clause]:
    if kept := fields.got(g.KEPT_FOR):
        yield HoldClause(
            **(here / "kept_for").common(kept.value, kept.at),
            function=function,
            item=item,
            opens_for=frozenset(ground.value.value for ground in kept.value.need(g.KEPT_FOR_GROUNDS)),
        )
