"""An ask told on the command line, to terms: what is left out is filled in from the policy, and shown.

Decides nothing: the gate does, in the process of the command, on a standing that was only told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from troth.app import policies
from troth.app.clock import SystemClock
from troth.edges.cli.policy import named
from troth.edges.cli.standing import Teller, device, moment
from troth.edges.cli.wish import Who, Wish
from troth.gate.decide import decide
from troth.policy.clauses import PurposeClause
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.problems import unknown
from troth.policy.vocabulary import VOCABULARY
from troth.terms import (
    Actor,
    ActorKind,
    Ask,
    Decision,
    FunctionName,
    ItemName,
    Purpose,
    Reference,
    Region,
    Standing,
    SubjectId,
    TrothError,
)

_SOMEONE = SubjectId(UUID(int=1))


class Unclear(TrothError):
    """the question is not clear"""


@dataclass(frozen=True, slots=True)
class Answered:
    """The ask as it was put, the standing it was put on, and the gate's answer."""

    compiled: Compiled
    ask: Ask
    standing: Standing | None
    decision: Decision


def answered(wish: Wish) -> Answered:
    """Put the ask that is wished for. Raises `Unclear`, `NoTime`, `NoSuchAct` or `PolicyRejected`."""
    compiled, table = _function(wish)
    ask = _ask(wish, compiled, table)
    standing = _standing(wish, compiled, ask)
    return Answered(compiled, ask, standing, decide(compiled, standing, ask))


def chosen(policy: str | None, file: Path | None) -> Iterable[Compiled]:
    """Return the policies that may be meant: a file, the one named, or all. Raises `BadParameter`."""
    if file is not None:
        return [policies.from_file(file)]
    if policy is not None:
        return [named(policy)]
    return [policies.compiled(name) for name in policies.names()]


def _function(wish: Wish) -> tuple[Compiled, FunctionTable]:
    if wish.function is None:
        raise Unclear("an ask is about a function: name it with --function")
    among = list(chosen(wish.policy, wish.file))
    name = FunctionName(wish.function)
    fits = [each for each in among if name in each.functions]
    if not fits:
        what, instead = unknown("function", name, {each for one in among for each in one.functions})
        raise Unclear(f"{what}; write {instead}")
    if len(fits) > 1:
        names = " or ".join(each.policy.name for each in fits)
        raise Unclear(f"several policies have a function '{name}': write --policy {names}")
    return fits[0], fits[0].functions[name]


def _ask(wish: Wish, compiled: Compiled, table: FunctionTable) -> Ask:
    purpose = _purpose(wish, table)
    declared = table.purposes.get(purpose)
    by = sorted(declared.by, key=[*ActorKind].index) if declared is not None else [ActorKind.SUBJECT]
    kind = wish.actor or by[0]
    ground, _, document = (wish.reference or "").partition(":")
    at = SystemClock().now() if wish.at is None else moment(wish.at)
    return Ask(
        verb=wish.verb,
        policy=compiled.policy.name,
        function=table.clause.function,
        items=_items(wish, table),
        purpose=purpose,
        subject=_SOMEONE,
        actor=Actor(kind, str(_SOMEONE) if kind is ActorKind.SUBJECT else "desk"),
        region=Region(wish.region) if wish.region else min(compiled.regions, default=Region("CN")),
        at=at,
        measured=None if wish.measured is None else moment(wish.measured),
        role=wish.role,
        device=None if wish.device is None else device(wish.device),
        basis=wish.basis,
        reference=None if wish.reference is None else Reference(ground, document),
        recipient=wish.recipient,
    )


def _purpose(wish: Wish, table: FunctionTable) -> Purpose:
    """Return the purpose that is meant: the recipient's, else the first that fits verb, actor and basis."""
    if wish.purpose is not None:
        return Purpose(wish.purpose)
    to = table.recipients.get(wish.recipient or "")
    if to is not None:
        return to.purpose

    def misfit(clause: PurposeClause) -> tuple[bool, bool, bool]:
        basis = wish.basis or table.clause.basis
        return (
            wish.verb not in clause.verbs,
            wish.actor is not None and wish.actor not in clause.by,
            bool(clause.only_on) and basis not in clause.only_on,
        )

    return min(table.purposes, key=lambda name: (misfit(table.purposes[name]), name))


def _items(wish: Wish, table: FunctionTable) -> frozenset[ItemName]:
    for each in wish.items:
        if each not in VOCABULARY:
            what, instead = unknown("item", each, VOCABULARY)
            raise Unclear(f"{what}; write {instead}")
    if wish.items:
        return frozenset(map(ItemName, wish.items))
    to = table.recipients.get(wish.recipient or "")
    return frozenset(table.items) if to is None else to.items


def _standing(wish: Wish, compiled: Compiled, ask: Ask) -> Standing | None:
    teller = Teller(compiled, min(ask.at, ask.measured or ask.at) - timedelta(days=1))
    acts = () if wish.standing is None else teller.from_file(wish.standing)
    if wish.standing is None and wish.who is not Who.NOBODY:
        acts = teller.agreed() if wish.who is Who.AGREED else teller.everything(ask.function)
    acts = (*acts, *map(teller.from_word, wish.did))
    nobody = wish.standing is None and wish.who is Who.NOBODY and not acts
    return None if nobody else Standing(_SOMEONE, acts)


def declared(answer: Answered) -> Mapping[str, Iterable[str]]:
    """Return what the function does declare, for someone whose ask named something else."""
    table = answer.compiled.functions[answer.ask.function]
    return {"purposes": sorted(table.purposes), "recipients": sorted(table.recipients)}
