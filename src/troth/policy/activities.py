"""The record of processing activities (GDPR Art. 30(1)), written from a policy: one row for each purpose.

A heading says which letter of the article its column answers, and every row names its clauses, so that one
comes from the record to the rule that the system enforces. What only a maker knows (a representative, an
officer) is asked for in the heading. Values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from troth.policy import dpv, statement_text
from troth.policy.clauses import ItemClause, PurposeClause, RecipientClause
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.kinds import Periods
from troth.policy.phrases import JOINT, PHRASES, SEPARATOR
from troth.policy.statement_words import Act
from troth.policy.statements import CaseClause, ContactClause, HoldClause, ProtectionClause
from troth.policy.text import place
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.policy.words import Language
from troth.terms import ClauseId, ItemName, Role

COLUMNS: Sequence[str] = (
    "controller", "contact", "activity", "purpose", "basis", "subjects", "categories", "data", "sensitive",
    "recipients", "transfers", "erasure", "security", "terms", "clauses",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Register:
    """A whole record in one language: the headings, and a row for each purpose of each function."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def register(compiled: Compiled, language: Language) -> Register:
    """Write the record of one policy, in the order of the notice's functions and purposes."""
    phrases = PHRASES[language]
    told = _Told(compiled, language)
    rows = [
        tuple(row[column] for column in COLUMNS)
        for _, table in sorted(compiled.functions.items())
        for row in told.rows(table)
    ]
    return Register([phrases[f"register.{column}"] for column in COLUMNS], rows)


class _Told:
    def __init__(self, compiled: Compiled, language: Language) -> None:
        self._compiled = compiled
        self._language = language
        self._t = PHRASES[language]
        self._whole = self._for_all()

    def rows(self, table: FunctionTable) -> Iterator[Mapping[str, str]]:
        items = sorted(table.items.values(), key=lambda each: each.item)
        for _, purpose in sorted(table.purposes.items()):
            given = [each for each in table.recipients.values() if each.purpose == purpose.purpose]
            yield self._whole | self._row(table, purpose, items, given)

    def _for_all(self) -> dict[str, str]:
        told = self._compiled.policy.controller
        places = (
            place(self._compiled, each.region, self._language) for each in self._compiled.regions.values()
        )
        contacts = self._compiled.all(ContactClause)
        abroad = (each for each in self._compiled.all(CaseClause) if each.act == Act.ABROAD)
        desks = {each.value: statement_text.told(each, self._language) for each in contacts}
        return {
            "controller": self._many(told[key] for key in ("name", "address") if key in told),
            "contact": self._many(
                desks.get(told[key], told[key]) for key in ("phone", "email") if key in told
            )
            or self._t["register.unstated"],
            "transfers": self._many((*places, *(self._case(each) for each in abroad))),
            "security": self._many(
                statement_text.label(each, self._language) for each in self._compiled.all(ProtectionClause)
            ),
        }

    def _case(self, clause: CaseClause) -> str:
        label = statement_text.label(clause, self._language)
        return f"{label}: {statement_text.told(clause, self._language)}"

    def _row(
        self,
        table: FunctionTable,
        purpose: PurposeClause,
        items: Sequence[ItemClause],
        given: Sequence[RecipientClause],
    ) -> dict[str, str]:
        about = {Role.HOLDER, *(each.about for each in items if each.about is not None)}
        sensitive = [each for each in items if VOCABULARY[each.item].sensitivity is Sensitivity.SENSITIVE]
        clauses: list[ClauseId] = [table.clause.id, purpose.id, *(each.id for each in (*items, *given))]
        return {
            "activity": self._pick(table.clause.title),
            "purpose": self._pick(purpose.title),
            "basis": self._t[f"basis.{table.clause.basis}"],
            "subjects": self._many(self._t[f"role.{each}"] for each in sorted(about)),
            "categories": self._many(
                self._t[f"category.{each}"]
                for each in sorted({VOCABULARY[one.item].category for one in items})
            ),
            "data": self._list(VOCABULARY[each.item].label[self._language] for each in items),
            "sensitive": self._list(VOCABULARY[each.item].label[self._language] for each in sensitive),
            "recipients": self._many(self._recipient(each) for each in given),
            "terms": " ".join(self._terms(table, items, given)),
            "erasure": self._many((*self._erasure(), *self._held(each.item for each in items))),
            "clauses": " ".join(dict.fromkeys(clauses)),
        }

    def _recipient(self, clause: RecipientClause) -> str:
        items = self._list(VOCABULARY[each].label[self._language] for each in sorted(clause.items))
        name = self._pick(clause.title) or clause.recipient
        return self._t["recipient.gets"].format(recipient=name, items=items)

    def _erasure(self) -> Iterator[str]:
        for kept in self._compiled.retention:
            then = self._t[f"then.{kept.then}"]
            if kept.keep is not None:
                period = statement_text.worded(Periods(), kept.keep, self._language)
                then = self._t["then.period"].format(then=then, period=period)
            yield f"{self._t[f'after.{kept.after}']}: {then}"

    def _held(self, items: Iterable[ItemName]) -> Iterator[str]:
        """Tell what a law wants kept longer, of these items."""
        there = frozenset(items)
        for hold in self._compiled.all(HoldClause):
            if there.intersection(hold.items):
                yield statement_text.told(hold, self._language)

    def _terms(
        self, table: FunctionTable, items: Iterable[ItemClause], given: Iterable[RecipientClause]
    ) -> Iterator[str]:
        found = [dpv.term(dpv.Of.BASIS, table.clause.basis)]
        found += [dpv.item(each.item) for each in items]
        found += [dpv.term(dpv.Of.RECEIVER, each.kind) for each in given if each.kind is not None]
        yield from dict.fromkeys(each.iri for each in found if each is not None)

    def _pick(self, said: Mapping[str, str]) -> str:
        return said.get(self._language) or next(iter(said.values()), "")

    def _list(self, parts: Iterable[str]) -> str:
        return SEPARATOR[self._language].join(parts)

    def _many(self, parts: Iterable[str]) -> str:
        return JOINT[self._language].join(parts)
