"""Questions put to a policy, so many that a clause nobody would miss is found out.

What people are shown, when things are due, what is kept, what is listed, and what else is asked of a compiled
policy. The gate's questions are in `probes_gate`. Pure: the moments are fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from troth.policy import answers, cases, changes, deadlines, endings, incidents, keeping, requests
from troth.policy import statement_words as w
from troth.policy.calendar import WorkingDays
from troth.policy.cases import Missing
from troth.policy.clauses import Clause
from troth.policy.compiled import Compiled
from troth.policy.enforcement import Seen
from troth.policy.statements import (
    BackupClause,
    CaseClause,
    DocumentClause,
    HoldClause,
    OrderedHoldClause,
    PermissionClause,
    ScopeClause,
    TrackerClause,
)
from troth.policy.text import notice
from troth.policy.vocabulary import VOCABULARY
from troth.policy.words import Language, Moment, Right
from troth.terms import ClauseId, FunctionName

Observed = Mapping[str, object]
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HAPPENED = {moment.value: START + timedelta(days=n) for n, moment in enumerate(Moment)}
_LATE = {**HAPPENED, Moment.RECEIVED.value: START - timedelta(days=400)}
YEAR = WorkingDays(announced=frozenset({2024, 2025, 2026}))


def shown(compiled: Compiled) -> Observed:
    """Observe what people are shown, without the addresses of clauses."""
    found: dict[str, object] = {}
    for language in Language:
        told = notice(compiled, language)
        for section in told.sections:
            lines = sorted((line.label, line.text, line.clause in told.strong) for line in section.lines)
            found[f"{language}/{section.kind}/{section.heading}"] = lines
    return found


def dues(compiled: Compiled, _: Clause) -> Observed:
    """Observe by when each right is answered, with all events and with each one alone."""
    found: dict[str, object] = {}
    for right in Right:
        alone = ({moment: at} for moment, at in HAPPENED.items())
        for events in (HAPPENED, _LATE, *alone):
            due = deadlines.due(compiled, right, events, YEAR)
            key = f"{right}/{sorted(events)}/{events.get(Moment.RECEIVED)}"
            found[key] = due and due[0]
            found[f"{key}/revocable"] = deadlines.revocable_until(compiled, right, events, YEAR)
        for signed_in in (True, False):
            found[f"{right}/proofs/{signed_in}"] = requests.proofs(compiled, right, signed_in=signed_in)
        found[f"{right}/ways in"] = sorted(requests.ways_in(compiled, right))
        found[f"{right}/taken back"] = requests.taken_back(compiled, right) is not None
        clause = compiled.rights.get(right)
        found[f"{right}/open"] = clause and (
            clause.by, clause.irreversible, clause.proofs, clause.opens, clause.locked, clause.parts,
            clause.ways, clause.effects, dict(clause.path),
        )  # fmt: skip
    return found


def fates(compiled: Compiled, _: Clause) -> Observed:
    """Observe until when things are kept, with each event alone and with all of them."""
    found: dict[str, object] = {"backups": keeping.gone_from_backups(compiled, START)}
    backups = compiled.one(BackupClause)
    found["restore"] = backups and backups.restore_repeats_deletions
    alone = ({moment: at} for moment, at in HAPPENED.items())
    for events in (HAPPENED, *alone):
        for name, table in compiled.functions.items():
            for item in table.items:
                found[f"{name}/{item}/{sorted(events)}"] = keeping.fate(compiled, name, item, events)
    for item in VOCABULARY:
        for moment, at in HAPPENED.items():
            if held := keeping.holds(compiled, item, moment, at):
                found[f"held/{item}/{moment}"] = sorted(each.until for each in held)
    found["how held"] = [
        (each.bound, each.per, each.opens_for, each.survives) for each in compiled.all(HoldClause)
    ]
    found["on order"] = keeping.on_order(compiled)
    found["how on order"] = [
        (each.per, each.opens_for, each.survives) for each in compiled.all(OrderedHoldClause)
    ]
    return found


def listed(compiled: Compiled, about: Clause) -> Observed:
    """Observe whether each case of an act is listed, for each receiver, with all facts and with none."""
    act = about.act if isinstance(about, CaseClause) else None
    facts = frozenset(each.value for each in w.Condition)
    found: dict[str, object] = {}
    names = {each.name for each in compiled.all(CaseClause) if each.act == act}
    for name in sorted(names):
        for receiver in (*w.Receiver, None):
            key = f"{act}/{name}/{receiver}"
            found[key] = _plain(cases.judge(compiled, str(act), name, facts, receiver=receiver))
            found[f"{key}/nothing"] = _plain(cases.judge(compiled, str(act), name, (), receiver=receiver))
            found[f"{key}/items"] = _plain(
                cases.judge(compiled, str(act), name, facts, receiver=receiver, items=("cloud_video",))
            )
    if isinstance(about, CaseClause):
        own = next((each for each in compiled.all(CaseClause) if each.id == about.id), None)
        found["papers"] = own and (own.items, own.documents, dict(own.purpose))
    return found


def _plain(answer: cases.Answer) -> object:
    return sorted(answer.conditions) if isinstance(answer, Missing) else type(answer).__name__


def asked(compiled: Compiled, about: Clause) -> Observed:
    """Observe the other answers."""
    found: dict[str, object] = {
        "in force": [answers.in_force(compiled, START.replace(year=year)) for year in range(2019, 2027)],
        "agreed": sorted(answers.also_agreed(compiled)),
        "documents": [(each.name, each.defines_terms) for each in compiled.all(DocumentClause)],
        "minors": sorted(answers.minor_rules(compiled)),
        "sensitive at": [answers.sensitive_age(compiled, age) for age in range(20)],
        "marketed to": [answers.marketed_to(compiled, age) for age in range(20)],
        "minors' data": [answers.minors_data(compiled, [each]) for each in w.MinorGround],
        "contents": {topic: bool(told) for topic, told in answers.contents(compiled).items()},
        "barred": [answers.barred(compiled, each) for each in w.Repurposed],
        "major": [answers.major(compiled, [each]) for each in w.Touched],
        "checked": answers.self_check(compiled),
        "laws": {each: answers.laws(compiled, each) for each in w.Matter},
        "risks": answers.controls(compiled),
        "responses": {each: answers.response(compiled, each) for each in w.UserDuty},
        "refusable": [answers.may_refuse(compiled, each) for each in (*w.RefuseGround, *w.Unreasonable)],
    }
    found |= _scopes(compiled) | _asks(compiled) | _desk(compiled)
    for ground in w.DeleteGround:
        clause = answers.may_delete(compiled, ground)
        found[f"delete/{ground}"] = clause and (clause.stop_at_once, clause.tell_recipients)
    for rule in w.RequestRule:
        clause = answers.request_rule(compiled, rule)
        found[f"request/{rule}"] = clause and (
            clause.grounds, clause.regulators, clause.proofs, clause.rights, clause.by, clause.unless
        )  # fmt: skip
    for term in w.Term:
        clause = answers.covered(compiled, term)
        found[f"term/{term}"] = clause and (clause.items, clause.functions, clause.tests)
    if isinstance(about, PermissionClause):
        found["may ask"] = answers.may_ask_for(compiled, about.name)
        found["items through"] = sorted(answers.items_through(compiled, about.name))
        clause = compiled.one(PermissionClause, about.name)
        found["asks as"] = clause and (clause.number, clause.android, dict(clause.title))
    if isinstance(about, TrackerClause):
        found |= _recognised(compiled, about.name)
    return found


def _scopes(compiled: Compiled) -> dict[str, object]:
    products = {product for each in compiled.all(ScopeClause) for product in each.products} | {"another"}
    return {
        f"governs/{owner}/{product}/{own}": answers.governs(compiled, owner, product, own_policy=own)
        for owner in w.Owner
        for product in (*sorted(products), None)
        for own in (True, False)
    }


def _desk(compiled: Compiled) -> dict[str, object]:
    """Observe what the desk does with requests: `troth.rights` asks the same."""
    told = requests.complaint(compiled)
    return {
        "grounds": requests.grounds(compiled),
        "complaint": (dict(told.ways), told.regulators),
        "may cost": [requests.may_cost(compiled, repeated=each) is not None for each in (False, True)],
        "spared": [each.value for each in w.Condition if requests.spared(compiled, each)],
        "ways in": {each.value: sorted(requests.ways_in(compiled, each)) for each in Right},
        "proofs": {each.value: requests.proofs(compiled, each, signed_in=False) for each in Right},
    }


def _asks(compiled: Compiled) -> dict[str, object]:
    functions: tuple[FunctionName | None, ...] = (*compiled.functions, None)
    return {
        f"asks/{case}/{function}": answers.asks_first(compiled, case, function)
        for case in w.Repurposed
        for function in functions
    }


def _recognised(compiled: Compiled, tracker: str) -> dict[str, object]:
    found: dict[str, object] = {
        f"recognises/{use}/{stop}": answers.recognises(
            compiled, tracker, use=use, ended=[stop] if stop else []
        )
        for use in (*w.TrackerUse, "another", None)
        for stop in (*w.Stop, None)
    }
    found["set by"] = [answers.set_by(compiled, tracker, each) for each in w.Owner]
    clause = compiled.one(TrackerClause, tracker)
    found["told"] = clause and (
        clause.techs, clause.items, clause.encrypted, clause.manage, clause.link, clause.costs
    )  # fmt: skip
    return found


def followed(compiled: Compiled, _: Clause) -> Observed:
    """Observe what the workflows do: after an incident, with a next version, at an end. Without addresses."""
    handled = incidents.handling(compiled, START, YEAR)
    ends = endings.ending(compiled, START, YEAR)
    found: dict[str, object] = {
        "incident": (handled.parts, handled.channels, handled.announce),
        "incident/closing": [each is not None for each in (handled.contain, handled.report, handled.owes)],
        "incident/due": [(each.step, each.at) for each in handled.due],
        "end": (ends.stop is None, ends.channels, ends.announce, ends.tells is None),
        "end/erased": (ends.erased, ends.erases is None),
    }
    for touched in w.Touched:
        for less in (frozenset[ClauseId](), frozenset({ClauseId("a/right")})):
            told = changes.telling(compiled, changes.Change(frozenset({touched}), less, less))
            found[f"change/{touched}/{bool(less)}"] = replace(told, clauses=frozenset())
    return found


OBSERVERS: Mapping[Seen, Callable[[Compiled, Clause], Observed]] = MappingProxyType(
    {Seen.DEADLINE: dues, Seen.STORE: fates, Seen.CASE: listed, Seen.ANSWER: asked, Seen.STEPS: followed}
)
"""What to look at for each kind of clause; the gate's decisions are observed by `probes_gate`."""
