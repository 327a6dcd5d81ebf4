"""Where each type of clause is kept, and where its keeping can be seen.

Read by the rule `every_clause_enforced`, by the mutation of policies and by `troth promises`. A type that is
not here cannot be written; what lies outside software is attested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from troth.policy import clauses as c
from troth.policy import statement_words as w
from troth.policy import statements as s


class Seen(StrEnum):
    """What changes when a clause of a type is taken away or turned round."""

    DECISION = "decision"  # the gate
    CASE = "case"  # whether an act beyond the function is listed
    DEADLINE = "deadline"
    STORE = "store"  # what is kept until when
    ANSWER = "answer"  # another question that the compiled policy answers
    OUTPUT = "output"  # what people are shown, which is all that such a promise asks for
    STEPS = "steps"  # what a workflow does, and by when
    CODE = "code"  # kept by code whatever the policy says; shown by `troth prove`
    NOWHERE = "nowhere"  # nothing keeps it yet, and `check` says so


@dataclass(frozen=True, slots=True)
class Enforcement:
    """Where, and by what."""

    seen: Seen
    by: str


def _in(seen: Seen, by: str) -> Enforcement:
    return Enforcement(seen, by)


ENFORCED_BY: Mapping[type[c.Clause], Enforcement] = MappingProxyType(
    {
        c.FunctionClause: _in(Seen.DECISION, "gate: the function exists, on this basis, from then on"),
        c.ItemClause: _in(Seen.DECISION, "gate: required, chosen or dropped; vault: kept or not"),
        c.NeedClause: _in(Seen.DECISION, "gate: what must be there first"),
        c.PurposeClause: _in(Seen.DECISION, "gate: who may do what, and why"),
        c.RefusalClause: _in(Seen.DECISION, "gate: the effect named in a refusal; the notice"),
        c.NeverAboutClause: _in(Seen.DECISION, "gate: the role is refused before anything else"),
        c.ClosedClause: _in(Seen.DECISION, "gate: staff and services are refused"),
        c.HoldClause: _in(Seen.DECISION, "gate: what is left after cancellation, and for which grounds"),
        c.SwitchClause: _in(Seen.DECISION, "gate: off at the moment of measuring or now is refused"),
        c.ExemptClause: _in(Seen.DECISION, "gate: the only grounds that stand in for consent"),
        c.DutyClause: _in(Seen.DECISION, "gate: the only duties that open a verb"),
        c.StoredInClause: _in(Seen.DECISION, "gate: every other region is refused"),
        c.AudienceClause: _in(Seen.DECISION, "gate: minors and people of unknown age are refused"),
        c.AcceptanceClause: _in(Seen.DECISION, "gate: nothing before it was shown and agreed to"),
        c.RecipientClause: _in(Seen.DECISION, "gate: every other recipient is refused"),
        c.RetentionClause: _in(Seen.STORE, "vault: erasure"),
        c.RightClause: _in(Seen.DEADLINE, "rights: channels, proofs and the deadline of a request"),
        s.ControllerClause: _in(Seen.OUTPUT, "notice: who is responsible"),
        s.ContactClause: _in(Seen.OUTPUT, "notice: how to reach them"),
        s.DatesClause: _in(Seen.OUTPUT, "notice: the dates of the text beside those that bind"),
        s.ScopeClause: _in(Seen.ANSWER, "answers: which policy governs a product"),
        s.ReadingClause: _in(Seen.OUTPUT, "notice: how doubts are resolved"),
        s.DefinitionClause: _in(Seen.ANSWER, "answers: what a term covers"),
        s.DocumentClause: _in(Seen.ANSWER, "answers: what is agreed to as well"),
        s.ContentsClause: _in(Seen.ANSWER, "answers: where each topic is told; check: none is left out"),
        s.EmphasisClause: _in(Seen.OUTPUT, "notice: what stands out"),
        s.PrinciplesClause: _in(Seen.OUTPUT, "notice; each principle has rules of `check`"),
        s.PublicNoticeClause: _in(Seen.OUTPUT, "notice: shown apart"),
        s.LawClause: _in(Seen.ANSWER, "answers: the laws relied upon in a matter"),
        s.AimClause: _in(Seen.ANSWER, "check: a purpose that serves no stated aim does not compile"),
        s.RepurposeClause: _in(Seen.ANSWER, "answers: who is asked before a further use"),
        s.PermissionClause: _in(Seen.ANSWER, "answers: the only permissions; gate: their items"),
        s.TrackerClause: _in(Seen.ANSWER, "answers: whether someone is recognised again"),
        s.CaseClause: _in(Seen.CASE, "cases: the only ones, with all that must be on record"),
        s.DeadlineClause: _in(Seen.DEADLINE, "deadlines: the earliest binds"),
        s.DeleteGroundClause: _in(Seen.ANSWER, "answers: on what ground, and what else happens"),
        s.RefuseGroundClause: _in(Seen.ANSWER, "rights: the only grounds to refuse"),
        s.RequestClause: _in(Seen.ANSWER, "rights: ways in, proofs, grounds, fees, authorities"),
        s.HoldClause: _in(Seen.STORE, "vault: holds; keeping: until when"),
        s.OrderedHoldClause: _in(Seen.STORE, "retention: orders; without it none is placed"),
        s.BackupClause: _in(Seen.STORE, "keeping: the horizon of backups"),
        s.BreachClause: _in(Seen.STEPS, "breach: whom to tell what and how, by when, and what closing needs"),
        s.MinorClause: _in(
            Seen.ANSWER, "answers: what is sensitive at which age, who is marketed to; gate: a guardian"
        ),
        s.ChangeClause: _in(Seen.STEPS, "changes: who is told and asked, and what stays readable"),
        s.MajorChangeClause: _in(Seen.ANSWER, "answers: whether a change is a major one"),
        s.CessationClause: _in(Seen.STEPS, "cessation: who is told, what is refused, what is erased by when"),
        s.UserDutyClause: _in(Seen.ANSWER, "answers: what we do about it"),
    }
)

_MEASURES: Mapping[str, Enforcement] = MappingProxyType(
    {
        w.Measure.TLS: _in(Seen.CODE, "app: TLS, or this machine alone, at every door"),
        w.Measure.ENCRYPTION: _in(Seen.CODE, "vault: nothing is stored unsealed"),
        w.Measure.CLASSIFICATION: _in(
            Seen.CODE, "vocabulary: each item has a class; vault: all sealed alike"
        ),
        w.Measure.ATTACK: _in(Seen.CODE, "subjects: tries are limited; vault and ledger: tampering is found"),
        w.Measure.AUDIT: _in(Seen.CODE, "gate: no decision about staff without its entry in the ledger"),
        w.Measure.ISOLATION: _in(Seen.CODE, "vault: a key for each person and function, bound to its place"),
        w.Measure.SELF_CHECK: _in(Seen.ANSWER, "answers: whether each listed measure is kept"),
        w.Measure.LEAST_COLLECTED: _in(Seen.CODE, "gate: an item that no clause declares is dropped"),
        w.Measure.CLIENT: _in(Seen.NOWHERE, "nothing: no version of an app is asked for"),
        w.Measure.UNENCRYPTED_WARNING: _in(Seen.OUTPUT, "notice: the warning"),
        w.Measure.RISKS: _in(Seen.ANSWER, "answers: the controls against each risk"),
        w.Measure.LIABILITY: _in(Seen.STEPS, "breach: that a remedy is owed, on record for each person"),
        w.Measure.NETWORK_ISOLATION: _in(Seen.CODE, "broker: a device reaches its own topics alone"),
        w.Measure.OWN_PLATFORM: _in(Seen.OUTPUT, "notice: where the measures end"),
    }
)
"""Measures, each with what keeps it."""

CONTROLS: Mapping[w.Risk, tuple[str, ...]] = MappingProxyType(
    {
        w.Risk.LEAK: ("sealing", "purpose"),
        w.Risk.THEFT: ("sealing", "code"),
        w.Risk.DAMAGE: ("sealing", "evidence"),
        w.Risk.MISUSE: ("purpose", "items"),
        w.Risk.UNAUTHORISED_ACCESS: ("tries", "code", "acceptance"),
        w.Risk.DISCLOSURE: ("purpose", "sealing"),
        w.Risk.CHANGE: ("sealing", "evidence"),
        w.Risk.LOSS: ("sealing", "evidence"),
    }
)
"""The controls against each risk, by the names of the enforcement points that the proof takes out in turn."""


def enforcement(clause: c.Clause) -> Enforcement | None:
    """Return where a clause is kept; None: outside software, or nowhere that is known."""
    if isinstance(clause, s.ProtectionClause):
        return _MEASURES[clause.name]
    return ENFORCED_BY.get(type(clause))


RESTATES: frozenset[type[c.Clause]] = frozenset({s.ScopeClause, s.RepurposeClause, s.CessationClause})
"""Types that may say what is so already: a product not governed, a further use that is asked for, an end by
when a rule of retention has it deleted as well."""
