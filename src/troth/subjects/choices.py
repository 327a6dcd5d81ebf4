"""Choices and switches: asking for a function, taking it back, on and off, and the end of the agreement.

Each is an act, its ledger entry and a receipt, in the caller's transaction and under the lock on the
subject's row, so that "withdraw" and "collect" have an order. From the commit on the gate refuses; nothing is
undone backwards. What was stored for a withdrawn function stays sealed until retention deletes it ("purpose
ended"); no permit opens it meanwhile but one on the person's own right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from troth import ledger
from troth.gate import accepted_version
from troth.policy.clauses import Need, Scope, Starts
from troth.policy.words import Moment
from troth.subjects.age import declared_elsewhere
from troth.subjects.names import REGISTER
from troth.subjects.papers import paper
from troth.subjects.registration import NotTheText, the_text
from troth.terms import (
    Act,
    ActKind,
    Basis,
    DeviceId,
    EntryId,
    FunctionName,
    ItemName,
    PolicyName,
    Standing,
    SubjectId,
    SwitchName,
    TrothError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from troth.db import Tx
    from troth.policy.clauses import FunctionClause
    from troth.policy.compiled import Compiled
    from troth.subjects.parts import Parts

_CONSENTS = frozenset({Basis.CONSENT, Basis.SEPARATE_CONSENT})


class NotAChoice(TrothError):
    """this is not up for choice under the version you accepted: see what is on your privacy page"""


@dataclass(frozen=True, slots=True)
class Shown:
    """The text that was before a person when they chose."""

    language: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was put on record; ``functions`` are those whose permissions changed."""

    entry: EntryId
    functions: frozenset[FunctionName]
    receipt: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ground:
    """A subject's standing, held, and the version of the policy that they accepted."""

    subject: SubjectId
    policy: PolicyName
    standing: Standing
    compiled: Compiled
    now: datetime

    def act(self, kind: ActKind) -> Act:
        return Act(kind=kind, policy=self.policy, at=self.now, version=self.compiled.policy.version)


class Choices:
    """What a person may choose. The caller knows who they are, owns ``tx``, and tells the bus afterwards."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def choose(
        self,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        function: FunctionName,
        *,
        shown: Shown | None = None,
        item: ItemName | None = None,
        separate: bool = False,
    ) -> Chosen:
        """Ask for a function, or consent to it or to one optional item of it.

        Consent needs ``shown``: the very text. Each is asked for by itself, so that what needs a separate
        consent gets one. Raises `NotAChoice`, `NotTheText`, `NoSuchSubject`.
        """
        ground = await self._ground(tx, subject, policy)
        clause = choosable(ground.compiled, function, item)
        consent = clause.basis in _CONSENTS or item is not None
        if shown is None and consent:
            raise NotTheText("consent names the text that was shown: send its language and hash")
        if shown is not None:
            the_text(ground.compiled, ground.compiled.policy.version, shown.language, shown.text_hash)
        also = ground.compiled.functions[function].refusal.also if item is None else frozenset[FunctionName]()
        for begun in sorted(also | {function}):
            await self._parts.ends.begins_again(tx, subject, policy, begun, item)
        act = replace(
            ground.act(ActKind.CHOSEN),
            function=function,
            item=item,
            separate=separate or clause.basis is Basis.SEPARATE_CONSENT,
            language=shown.language if shown else None,
            text_hash=shown.text_hash if shown else None,
        )
        return await self._record(tx, ground, act, frozenset({function}))

    async def withdraw(
        self,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        function: FunctionName,
        *,
        item: ItemName | None = None,
    ) -> Chosen:
        """Take a choice or a consent back, with the functions that the refusal clause says go with it.

        Harmless when it was never given. What was stored for it is over then, as the policy says. Raises
        `NotAChoice`, `NoSuchSubject`.
        """
        ground = await self._ground(tx, subject, policy)
        choosable(ground.compiled, function, item)
        lost: frozenset[FunctionName] = frozenset()
        if item is None:
            lost = ground.compiled.functions[function].refusal.also
            await self._purpose_ended(tx, ground, lost | {function})
        elif by_choice(ground.compiled, function, item):
            await self._parts.ends.item_ended(tx, subject, ground.compiled, function, item, at=ground.now)
        act = replace(ground.act(ActKind.WITHDRAWN), function=function, item=item)
        for also in sorted(lost):
            await ledger.record(tx, subject, replace(act, function=also))
        return await self._record(tx, ground, act, lost | {function})

    async def switch(
        self,
        tx: Tx,
        subject: SubjectId,
        policy: PolicyName,
        switch: SwitchName,
        *,
        on: bool,
        device: DeviceId | None = None,
    ) -> Chosen:
        """Put a switch on or off. A switch per device goes off for one device or for all, and on for one.

        Whose device it is, the caller has checked. Raises `NotAChoice`, `NoSuchSubject`.
        """
        ground = await self._ground(tx, subject, policy)
        clause = ground.compiled.switches.get(switch)
        if clause is None:
            raise NotAChoice
        if clause.scope is Scope.SUBJECT and device is not None:
            raise NotAChoice("this switch speaks for the person: leave the device out")
        if clause.scope is Scope.DEVICE and device is None and on:
            raise NotAChoice("this switch speaks for one device: name the device")
        kind = ActKind.SWITCHED_ON if on else ActKind.SWITCHED_OFF
        act = replace(ground.act(kind), switch=switch, device=device)
        return await self._record(tx, ground, act, clause.functions)

    async def end(self, tx: Tx, subject: SubjectId, policy: PolicyName) -> Chosen:
        """End the agreement: who disagrees stops using at once. The account stays, for its owner's rights."""
        ground = await self._ground(tx, subject, policy)
        act = ground.act(ActKind.ENDED)
        functions = frozenset(ground.compiled.functions)
        await self._purpose_ended(tx, ground, functions - {REGISTER})
        return await self._record(tx, ground, act, functions)

    async def accept(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, version: int, shown: Shown
    ) -> Chosen:
        """Agree, again, to a new version or to one more policy: the current text only.

        What the version before had and this one does not, function or item, has ended. The age that was
        declared of an account is the person's, whichever of our policies they agree to. Raises `NotTheText`,
        `NoSuchSubject`.
        """
        current = self._parts.gate.policies.current(policy)
        the_text(current, version, shown.language, shown.text_hash)
        ground = await self._ground(tx, subject, policy, first=current)
        for age in declared_elsewhere(ground.standing, policy):
            await ledger.record(tx, subject, replace(ground.act(ActKind.DECLARED_ADULT), age=age))
        act = replace(
            ground.act(ActKind.SHOWN), version=version, language=shown.language, text_hash=shown.text_hash
        )
        await ledger.record(tx, subject, act)
        functions = frozenset(current.functions)
        await self._purpose_ended(tx, ground, ground.compiled.functions.keys() - functions)
        for function in sorted(_with_acceptance(current)):
            await self._parts.ends.begins_again(tx, subject, policy, function)
        for function, item in _items_gone(ground.compiled, current):
            await self._parts.ends.item_ended(tx, subject, ground.compiled, function, item, at=ground.now)
        return await self._record(tx, ground, replace(act, kind=ActKind.ACCEPTED), functions)

    async def go_on(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, version: int, shown: Shown
    ) -> Chosen:
        """Go on after the current text was shown, without agreeing to it: then both bind, and nothing widens.

        Raises `NotAChoice` where the accepted version takes going on for nothing, `NotTheText`,
        `NoSuchSubject`.
        """
        ground = await self._ground(tx, subject, policy)
        if not ground.compiled.continued_use:
            raise NotAChoice(
                "going on changes nothing under the version you accepted: accept the new one, or don't"
            )
        current = self._parts.gate.policies.current(policy)
        if version == ground.compiled.policy.version:
            raise NotAChoice("this is the version you accepted already")
        the_text(current, version, shown.language, shown.text_hash)
        act = replace(
            ground.act(ActKind.SHOWN), version=version, language=shown.language, text_hash=shown.text_hash
        )
        await ledger.record(tx, subject, act)
        functions = frozenset(ground.compiled.functions)
        return await self._record(tx, ground, replace(act, kind=ActKind.CONTINUED), functions)

    async def _ground(
        self, tx: Tx, subject: SubjectId, policy: PolicyName, *, first: Compiled | None = None
    ) -> _Ground:
        now = self._parts.clock.now()
        standing = await ledger.standing(tx, subject, lock=True)
        if standing is None:
            raise ledger.NoSuchSubject
        version = accepted_version(standing, policy, now)
        compiled = first if version is None else self._parts.gate.policies.version(policy, version)
        if compiled is None:
            raise NotAChoice("this policy was never accepted: show it first, then accept it")
        return _Ground(subject, policy, standing, compiled, now)

    async def _purpose_ended(self, tx: Tx, ground: _Ground, functions: AbstractSet[FunctionName]) -> None:
        await self._parts.ends.ended(
            tx, ground.subject, ground.compiled, functions, event=Moment.PURPOSE_ENDED, at=ground.now
        )

    async def _record(self, tx: Tx, ground: _Ground, act: Act, functions: frozenset[FunctionName]) -> Chosen:
        entry = await ledger.record(tx, ground.subject, act)
        kind = ledger.entry_of(act, ground.subject).kind
        proof = await paper(tx, self._parts.signer, ground.subject, entry, kind)
        return Chosen(entry, functions, proof)


def by_choice(compiled: Compiled, function: FunctionName, item: ItemName) -> bool:
    """Return whether an item is there by the person's choice: the others stay with their function."""
    clause = compiled.functions[function].items[item]
    return clause.need is Need.OPTIONAL or clause.basis in _CONSENTS


def _with_acceptance(compiled: Compiled) -> frozenset[FunctionName]:
    return frozenset(
        name for name, table in compiled.functions.items() if table.clause.starts is Starts.WITH_ACCEPTANCE
    )


def _items_gone(old: Compiled, new: Compiled) -> Iterator[tuple[FunctionName, ItemName]]:
    """Yield the items that a function had under one version and no longer has under the next."""
    for function in sorted(old.functions.keys() & new.functions.keys()):
        for item in sorted(old.functions[function].items.keys() - new.functions[function].items.keys()):
            yield function, item


def choosable(compiled: Compiled, function: FunctionName, item: ItemName | None) -> FunctionClause:
    """Return the function's clause, if it or that item of it is up for choice; raise `NotAChoice`."""
    table = compiled.functions.get(function)
    if table is None:
        raise NotAChoice
    if item is not None:
        if item not in table.items:
            raise NotAChoice
        return table.clause
    if table.clause.starts is not Starts.WHEN_CHOSEN and table.clause.basis not in _CONSENTS:
        raise NotAChoice(
            f"{function} comes with the account: end your agreement or cancel the account instead"
        )
    return table.clause
