"""Documents of a person, under any policy: giving, correcting and taking back one item of one function.

Knows no maker's names: which purpose takes an item is found in the policy the person accepted, and the gate
has the last word. A need that people state themselves (a permission of the phone, a notice put up) is met and
unmet here too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs

from troth import ledger
from troth.gate import accepted_version, decide
from troth.ledger import EntryKind
from troth.policy.answers import may_ask_for
from troth.policy.clauses import PERMISSION
from troth.policy.values import VALUES
from troth.policy.words import Right
from troth.subjects import corrected, needs
from troth.subjects.acts import on_file
from troth.subjects.asking import Asking
from troth.subjects.names import PASSWORD, REGISTER
from troth.subjects.registration import login_items
from troth.terms import Act, ActKind, ActorKind, Allow, FunctionName, ItemName, Purpose, TrothError, Verb
from troth.vault import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from troth.db import Tx
    from troth.policy.compiled import Compiled, FunctionTable
    from troth.subjects.parts import Parts
    from troth.terms import Ask, EntryId, Standing


class NotYoursToState(TrothError):
    """this need is met by what you do, such as binding a device, and cannot be stated: see the function"""


class NotListed(TrothError):
    """the policy does not list this permission of the phone: it may not be asked for"""


class NotThisWay(TrothError):
    """this is not given or changed here: what one signs in with goes with the account; ask the desk"""


class NothingOnFile(TrothError):
    """nothing of this item is on file for this function: see what is held with GET /v1/me/records"""


@dataclass(frozen=True, slots=True)
class Kept:
    """Which items were stored; one that the policy says is used and not kept is not among them."""

    stored: frozenset[ItemName]


class Records:
    """The documents of one person. The caller knows who they are, owns ``tx``, and tells the bus after."""

    def __init__(self, parts: Parts, *, by_deed: frozenset[str] = frozenset()) -> None:
        """``by_deed`` are needs that other workflows meet, so that nobody meets them by saying so."""
        self._parts = parts
        self._by_deed = by_deed

    async def give(
        self,
        tx: Tx,
        asking: Asking,
        function: FunctionName,
        values: Mapping[ItemName, Mapping[str, object]],
        *,
        purpose: Purpose | None = None,
    ) -> Kept:
        """Store what a person gives of themselves; of what is on file already, correct it by their own right.

        Items that a function cannot do without come together: each alone would be refused. Raises `Denied`,
        `NotThisWay`, and what the vault raises for a value that it cannot store.
        """
        standing = await ledger.standing(tx, asking.subject, lock=True)
        compiled = self._accepted(asking, standing)
        _leave_the_login(compiled, function, values)
        noted = await on_file(tx, asking.subject, asking.policy, function)
        standing = await needs.meet(tx, standing, compiled, noted | values.keys(), asking.at)
        held = values.keys() & noted
        asks = [asking.by_right(Verb.COLLECT, function, held)] if held else []
        if new := values.keys() - held:
            asks.append(self._first_willing(asking, standing, function, new, purpose))
        stored: set[ItemName] = set()
        for ask in asks:
            stored |= await self._store(tx, asking, ask, values)
        return Kept(frozenset(stored))

    async def asked(self, tx: Tx, asking: Asking, function: FunctionName, item: ItemName) -> Ask:
        """Return the question whether a person may give one more of an item to a function."""
        standing = await ledger.standing(tx, asking.subject, lock=True)
        return self._first_willing(asking, standing, function, {item}, None)

    async def _store(
        self,
        tx: Tx,
        asking: Asking,
        ask: Ask,
        values: Mapping[ItemName, Mapping[str, object]],
    ) -> frozenset[ItemName]:
        permit = await self._parts.gate.admit(tx, structs.replace(ask, unfit=VALUES.unfit(values)))
        kept = permit.allow.items - permit.allow.unkept
        for item in sorted(kept):
            await corrected.put(tx, self._parts, permit, item, values[item])
            await self._note(tx, asking, ActKind.SUPPLIED, ask.function, item=item)
        return kept

    async def show(
        self, tx: Tx, asking: Asking, function: FunctionName, item: ItemName
    ) -> Mapping[str, object]:
        """Return what is on file, on the person's own right. Raises `Denied`, `NothingOnFile`.

        A password is kept as a hash and shown to nobody.
        """
        if item == PASSWORD or item not in await on_file(tx, asking.subject, asking.policy, function):
            raise NothingOnFile
        permit = await self._parts.gate.admit(tx, asking.by_right(Verb.USE, function, {item}))
        return await self._parts.vault.open(tx, permit, item)

    async def take_back(self, tx: Tx, asking: Asking, function: FunctionName, item: ItemName) -> None:
        """Let the function no longer hold the item. Raises `Denied`, `NothingOnFile`, `NotThisWay`."""
        standing = await ledger.standing(tx, asking.subject, lock=True)
        compiled = self._accepted(asking, standing)
        _leave_the_login(compiled, function, {item})
        if item not in await on_file(tx, asking.subject, asking.policy, function):
            raise NothingOnFile
        permit = await self._parts.gate.admit(tx, asking.by_right(Verb.FORGET, function, {item}))
        held = await pieces.of_item(tx, permit, item)
        await self._parts.vault.let_go(tx, permit, frozenset({item}))
        act = await self._note(tx, asking, ActKind.REMOVED, function, item=item)
        for piece in held:
            await pieces.put_on_record(tx, permit, EntryKind.DELETED, piece, act=act)
        await needs.lapse(tx, standing, compiled, item, asking.at)

    async def held(self, tx: Tx, asking: Asking) -> Mapping[FunctionName, frozenset[ItemName]]:
        """Return which items are on file, by function; values stay sealed."""
        standing = await ledger.standing(tx, asking.subject, lock=True)
        compiled = self._accepted(asking, standing)
        found = {f: await on_file(tx, asking.subject, asking.policy, f) for f in sorted(compiled.functions)}
        return {function: items for function, items in found.items() if items}

    async def state(self, tx: Tx, asking: Asking, function: FunctionName, need: str, *, met: bool) -> None:
        """Say that a need of a function is met, or no longer. Raises `NotYoursToState`."""
        standing = await ledger.standing(tx, asking.subject, lock=True)
        table = self._accepted(asking, standing).functions.get(function)
        if table is None or need in self._by_deed or need not in _stated(table):
            raise NotYoursToState
        await self._note(tx, asking, ActKind.SUPPLIED if met else ActKind.REMOVED, function, need=need)

    async def permit(self, tx: Tx, asking: Asking, permission: str, *, given: bool) -> None:
        """Note what was said when the phone asked for a permission, for every function. Raises `NotListed`.

        A no is noted of whatever anything rests on, a yes only of what the policy lists. Any other word is
        not noted: it would stand in the log for ever.
        """
        standing = await ledger.standing(tx, asking.subject, lock=True)
        compiled = self._accepted(asking, standing)
        if not may_ask_for(compiled, permission):
            if given:
                raise NotListed
            if not any(PERMISSION + permission in _stated(each) for each in compiled.functions.values()):
                return
        kind = ActKind.SUPPLIED if given else ActKind.REMOVED
        await self._note(tx, asking, kind, None, need=PERMISSION + permission)

    def _accepted(self, asking: Asking, standing: Standing | None) -> Compiled:
        version = accepted_version(standing, asking.policy, asking.at)
        policies = self._parts.gate.policies
        return (
            policies.current(asking.policy) if version is None else policies.version(asking.policy, version)
        )

    def _first_willing(
        self,
        asking: Asking,
        standing: Standing | None,
        function: FunctionName,
        items: AbstractSet[ItemName],
        purpose: Purpose | None,
    ) -> Ask:
        """Return the ask for the first purpose that may take the items; where none may, one to be refused."""
        compiled = self._accepted(asking, standing)
        table = compiled.functions.get(function)
        purposes = [purpose] if purpose is not None else list(_taking(table)) or [Purpose("")]
        asks = [asking.to(Verb.COLLECT, function, each, items) for each in purposes]
        return next((ask for ask in asks if isinstance(decide(compiled, standing, ask), Allow)), asks[0])

    async def _note(
        self,
        tx: Tx,
        asking: Asking,
        kind: ActKind,
        function: FunctionName | None,
        *,
        item: ItemName | None = None,
        need: str | None = None,
    ) -> EntryId:
        act = Act(kind=kind, policy=asking.policy, at=asking.at, function=function)
        return await ledger.record(tx, asking.subject, replace(act, item=item, need=need))


def _leave_the_login(compiled: Compiled, function: FunctionName, items: Iterable[ItemName]) -> None:
    """Refuse what one signs in with, and what the policy lets nobody correct by themselves."""
    if not hands_off(compiled, function).isdisjoint(items):
        raise NotThisWay


def hands_off(compiled: Compiled, function: FunctionName) -> frozenset[ItemName]:
    """Return the items of a function that are not given, changed or taken back piece by piece."""
    if function != REGISTER:
        return frozenset()
    locked = frozenset(ItemName(item) for item in _locked(compiled))
    return login_items(compiled) | {PASSWORD} | locked


def takes_from_people(table: FunctionTable | None) -> bool:
    """Return whether people may give something to a function themselves."""
    return any(True for _ in _taking(table))


def _locked(compiled: Compiled) -> frozenset[str]:
    correcting = compiled.rights.get(Right.CORRECT)
    return frozenset(correcting.locked if correcting is not None else ())


def _taking(table: FunctionTable | None) -> Iterator[Purpose]:
    """Yield the purposes for which a person may give something of themselves, in the policy's order."""
    for purpose, clause in table.purposes.items() if table else ():
        if Verb.COLLECT in clause.verbs and ActorKind.SUBJECT in clause.by:
            yield purpose


def _stated(table: FunctionTable) -> frozenset[str]:
    permissions = {PERMISSION + each.permission for each in table.items.values() if each.permission}
    return frozenset(table.needs) | permissions
