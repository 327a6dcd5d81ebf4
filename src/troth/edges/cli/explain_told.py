"""What `troth explain` prints: a clause, or an answer of the gate with the chain of clauses behind it.

Words only, in the languages asked for; the same as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

import typer

from troth.edges.cli.explain_ask import Answered, declared
from troth.policy import clauses as c
from troth.policy.clauses import Clause
from troth.policy.compiled import Compiled
from troth.policy.explained import Explained, Said, explain, told
from troth.policy.phrases import PHRASES
from troth.policy.words import Language
from troth.terms import LEGAL_TIME, Act, Allow, ClauseId, Reason

_CHAIN: tuple[type[Clause], ...] = (
    c.NeverAboutClause, c.ClosedClause, c.AudienceClause, c.AcceptanceClause, c.RightClause,
    c.FunctionClause, c.PurposeClause, c.DutyClause, c.ExemptClause, c.RefusalClause, c.SwitchClause,
    c.ItemClause, c.NeedClause, c.RecipientClause, c.StoredInClause,
)  # fmt: skip
"""The clauses of a decision, in the order in which the gate comes to them."""
_EXPLAINS = ("stated", "decided_by", "strength", "lang", "attested")


def clause(compiled: Compiled, address: str, languages: Iterable[Language], *, as_json: bool) -> None:
    """Print one clause."""
    found = explain(compiled, compiled.clauses[ClauseId(address)])
    if as_json:
        typer.echo(json.dumps(_explained(found), indent=1, ensure_ascii=False))
        return
    one = found.clause
    typer.echo(f"{one.id}  {_place(one)}")
    _say(found.says, languages)
    typer.echo(f"  type         {found.kind}, {one.mod.replace('_', ' ')}")
    for key, value in (*found.fields.items(), *_remarks(one).items()):
        typer.echo(f"  {key:<12} {_short(value)}")
    typer.echo(f"  enforced by  {_enforced(found)}")
    typer.echo(f"  promises     {', '.join(one.promises) or 'none'}")
    for leans in found.leaning:
        typer.echo(f"  leaned on    {leans.clause}: {leans.how}")


def answer(found: Answered, languages: Sequence[Language], *, as_json: bool) -> None:
    """Print an answer: the ask as it was put, yes or no, and why."""
    says = told(found.compiled)
    if as_json:
        typer.echo(json.dumps(_answered(found, says), indent=1, ensure_ascii=False))
        return
    for key, value in _ask(found).items():
        typer.echo(f"{key:<10} {_short(value)}")
    for act in () if found.standing is None else found.standing.acts:
        typer.echo(f"{'did':<10} {_did(act)}")
    typer.echo("")
    for language in languages:
        typer.echo(_reason(found, language))
    decision = found.decision
    if isinstance(decision, Allow):
        for drop in sorted(decision.dropped, key=lambda each: each.item):
            why = " / ".join(PHRASES[language][f"answer.{drop.reason}"] for language in languages)
            typer.echo(f"without {drop.item}: {why} [{drop.clause or 'no clause'}]")
    elif decision.reason in _HINTS:
        key = _HINTS[decision.reason]
        typer.echo(f"its {key}: {', '.join(declared(found)[key]) or 'none'}")
    for one in _chain(found):
        typer.echo(f"\n{one.id}  {_place(one)}")
        _say(says[one.id], languages)


_HINTS = {Reason.PURPOSE_UNDECLARED: "purposes", Reason.RECIPIENT_UNLISTED: "recipients"}


def _reason(found: Answered, language: Language) -> str:
    decision, phrases = found.decision, PHRASES[language]
    if isinstance(decision, Allow):
        return phrases["answer.allow"]
    effect = f" ({phrases[f'effect.{decision.effect}']})" if decision.effect else ""
    return phrases[f"answer.{decision.reason}"] + effect


def _chain(found: Answered) -> list[Clause]:
    clauses = [found.compiled.clauses[each] for each in found.decision.because]
    places = {kind: place for place, kind in enumerate(_CHAIN)}
    return sorted(clauses, key=lambda each: (places.get(type(each), len(places)), each.id))


def _say(says: Said, languages: Iterable[Language]) -> None:
    for language in languages:
        for line in says[language]:
            typer.echo(f"  {language}  {line}")


def _place(clause: Clause) -> str:
    return f"{clause.at.file}:{clause.at.line}:{clause.at.column}"


def _enforced(found: Explained) -> str:
    if found.enforced is None:
        return "nothing in software; the evidence must be attached"
    return f"{found.enforced.by} (seen in: {found.enforced.seen})"


def _remarks(clause: Clause) -> Mapping[str, object]:
    return {key: value for key in _EXPLAINS if (value := getattr(clause, key)) is not None}


def _short(value: object) -> str:
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        return ", ".join(f"{key} {_short(each)}" for key, each in pairs)
    if isinstance(value, list):
        return ", ".join(map(_short, cast("list[object]", value))) or "none"
    return str(value)


def _ask(found: Answered) -> dict[str, object]:
    ask, policy = found.ask, found.compiled.policy
    parts: dict[str, object | None] = {
        "ask": ask.verb.value,
        "policy": policy.name,
        "version": policy.version,
        "function": ask.function,
        "purpose": ask.purpose,
        "items": sorted(ask.items),
        "actor": ask.actor.kind.value,
        "role": ask.role.value,
        "region": ask.region,
        "at": _time(ask.at),
        "measured": ask.measured and _time(ask.measured),
        "device": ask.device and str(ask.device),
        "recipient": ask.recipient,
        "basis": ask.basis and ask.basis.value,
        "reference": ask.reference and f"{ask.reference.ground}:{ask.reference.document}",
        "standing": "nobody known" if found.standing is None else None,
    }
    return {key: value for key, value in parts.items() if value is not None}


_NAMED = ("function", "item", "switch", "need", "device")


def _did(act: Act) -> str:
    named = " ".join(f"{key} {getattr(act, key)}" for key in _NAMED if getattr(act, key) is not None)
    text = "" if act.version is None else f"{act.policy} version {act.version} in {act.language}"
    return " ".join(part for part in (_time(act.at), act.kind.value, named, text) if part)


def _act(act: Act) -> dict[str, object]:
    keys = ("kind", "policy", "version", "language", *_NAMED)
    told = {key: getattr(act, key) for key in keys}
    plain = {
        key: each if isinstance(each, int) else str(each) for key, each in told.items() if each is not None
    }
    return {"at": act.at.isoformat(), **plain, "separate": act.separate}


def _time(at: datetime) -> str:
    return at.astimezone(LEGAL_TIME).isoformat(" ", "seconds")


def _explained(found: Explained) -> dict[str, object]:
    one = found.clause
    return _clause(one, found.says) | {
        "type": found.kind,
        "mod": one.mod,
        "fields": dict(found.fields),
        **_remarks(one),
        "enforced_by": None
        if found.enforced is None
        else {"by": found.enforced.by, "seen": found.enforced.seen.value},
        "leaning": [{"clause": each.clause, "how": each.how} for each in found.leaning],
    }


def _clause(one: Clause, says: Said) -> dict[str, object]:
    return {
        "clause": one.id,
        "file": one.at.file,
        "line": one.at.line,
        "column": one.at.column,
        "says": {language.value: list(lines) for language, lines in says.items()},
        "promises": list(one.promises),
    }


def _answered(found: Answered, says: Mapping[ClauseId, Said]) -> dict[str, object]:
    decision = found.decision
    allowed = isinstance(decision, Allow)
    return {
        "ask": _ask(found),
        "did": None if found.standing is None else [_act(each) for each in found.standing.acts],
        "decision": "allow" if allowed else "deny",
        "reason": None if allowed else decision.reason.value,
        "effect": None if allowed else decision.effect,
        "says": {language.value: _reason(found, language) for language in Language},
        "items": sorted(decision.items) if allowed else [],
        "dropped": [
            {"item": each.item, "reason": each.reason.value, "clause": each.clause}
            for each in (sorted(decision.dropped, key=lambda each: each.item) if allowed else ())
        ],
        "because": [_clause(each, says[each.id]) for each in _chain(found)],
    }
