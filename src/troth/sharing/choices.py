"""What a person may say about a receiver: in which cases it may get something, and which of these ask them.

Pure. Reads what the policy lists and what they said last; whether something goes out, the gate says then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from troth.policy.cases import ALWAYS, BEYOND
from troth.policy.statement_words import Condition
from troth.policy.statements import CaseClause
from troth.sharing.facts import SOURCES, Source, allowing
from troth.terms import ActKind, ClauseId, ItemName, Verb

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.sharing.facts import Receiver
    from troth.terms import Standing

_GIVES = BEYOND[Verb.SHARE]
_THEIRS = frozenset(each.value for each in Condition if SOURCES[each] is Source.PERSON)


@dataclass(frozen=True, slots=True)
class Case:
    """One case in which a receiver may get something, and what it needs; ``asks``: the person's own word."""

    clause: ClauseId
    act: str
    purpose: Mapping[str, str]
    needs: tuple[str, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A receiver, what for, and what its person last said of it: yes, no, or nothing (None).

    ``always`` is needed in each case; ``separate``: a yes must be a separate consent.
    """

    receiver: str
    kind: str
    purpose: str
    items: tuple[ItemName, ...]
    cases: tuple[Case, ...]
    always: tuple[str, ...]
    separate: bool
    allowed: bool | None

    @property
    def asks(self) -> bool:
        """Whether a yes or a no of theirs changes anything."""
        return any(case.asks for case in self.cases)


def choices(compiled: Compiled, receivers: Iterable[Receiver], standing: Standing | None) -> Sequence[Choice]:
    """Return every receiver under this policy, with the cases that its kind and items fit."""
    name = compiled.policy.name
    return [_choice(compiled, each, standing) for each in receivers if each.policy == name]


def _choice(compiled: Compiled, receiver: Receiver, standing: Standing | None) -> Choice:
    listed = [each for each in compiled.all(CaseClause) if each.act in _GIVES]
    always = {each.act: frozenset(each.needs) for each in listed if each.name == ALWAYS}
    fits = [each for each in listed if each.name != ALWAYS and _fits(each, receiver)]
    needed = {each.id: always.get(each.act, frozenset()) | set(each.needs) for each in fits}
    return Choice(
        receiver.receiver,
        receiver.kind,
        receiver.purpose,
        tuple(receiver.items),
        tuple(
            Case(each.id, each.act, each.purpose, each.needs, asks=not _THEIRS.isdisjoint(needed[each.id]))
            for each in fits
        ),
        tuple(sorted(frozenset[str]().union(*always.values()))),
        separate=any(Condition.SEPARATE_CONSENT in needs for needs in needed.values()),
        allowed=_said(receiver, standing),
    )


def _fits(case: CaseClause, receiver: Receiver) -> bool:
    to = not case.to or receiver.kind in case.to
    return to and (not case.items or set(receiver.items) <= set(case.items))


def _said(receiver: Receiver, standing: Standing | None) -> bool | None:
    need = allowing(receiver.receiver, receiver.purpose)
    acts = standing.acts if standing else ()
    last = [each for each in acts if each.need == need and each.policy == receiver.policy]
    return last[-1].kind is ActKind.SUPPLIED if last else None
