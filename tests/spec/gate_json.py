"""Gate cases as data: from JSON to policies, standings, asks and decisions, and decisions back.

The form is described in `tests/golden/gate/README.md`.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from troth.policy import clauses as says
from troth.policy import statements
from troth.terms import Act, Allow, Ask, ClauseId, Decision, Deny, Standing

FOLDER = Path(__file__).parents[1] / "golden" / "gate"
KINDS = {
    kind.__name__.removesuffix("Clause").lower(): kind
    for module in (statements, says)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, says.Clause) and kind is not says.Clause
}


def policy(name: str) -> says.Policy:
    data = json.loads((FOLDER / "policies" / f"{name}.json").read_text(encoding="utf-8"))
    clauses = tuple(_clause(each) for each in data["clauses"])
    day = date(2020, 3, 3)
    return says.Policy(
        name=data["name"],
        version=data["version"],
        published=day,
        effective=day,
        title={},
        languages=(),
        controller={},
        clauses=clauses,
        digest="",
    )


def _clause(data: dict) -> says.Clause:
    kind = KINDS[data["clause"]]
    rest = {key: value for key, value in data.items() if key != "clause"}
    return value_of(kind, rest | {"at": {"file": "case", "line": 1, "column": 1}})


def files() -> dict[str, dict]:
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def names(file: dict) -> list[str]:
    """The policies of a file: one, or the versions of one."""
    return file.get("policies") or [file["policy"]]


def question(file: dict, case: dict) -> tuple[Standing | None, Ask]:
    """Put together a case from what its file says of all cases and what it says itself."""
    ask = value_of(Ask, file["ask"] | case.get("ask", {}))
    history = case.get("history")
    if history is None:
        return None, ask
    acts: list[dict] = []
    for step in history:
        acts += file["histories"][step] if isinstance(step, str) else [step]
    made = tuple(value_of(Act, file["act"] | act) for act in acts)
    return Standing(UUID(case.get("standing_of", file["ask"]["subject"])), made), ask


def value_of(kind: typing.Any, data: typing.Any) -> typing.Any:
    """Read ``data`` as a ``kind``, by the types that it gives its fields."""
    kind = getattr(kind, "__supertype__", kind)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else value_of(inner[0], data)
    if origin in (frozenset, tuple):
        return origin(value_of(inner[0], each) for each in data)
    if origin is Mapping or kind in (str, int, bool):
        return data
    if is_dataclass(kind) or issubclass(kind, Struct):
        hints = typing.get_type_hints(kind)
        unknown = set(data) - hints.keys()
        assert not unknown, unknown
        return kind(**{name: value_of(hints[name], each) for name, each in data.items()})
    if kind in (datetime, date):
        return kind.fromisoformat(data)
    assert issubclass(kind, (Enum, UUID)), kind
    return kind(data)


def said(decision: Decision) -> dict:
    """The decision as the files have it."""
    because: list[ClauseId] = sorted(decision.because)
    match decision:
        case Deny():
            no = {"deny": decision.reason.value, "because": because}
            return no | ({"effect": decision.effect} if decision.effect else {})
        case Allow():
            dropped = sorted(
                ({"item": d.item, "reason": d.reason.value, "clause": d.clause} for d in decision.dropped),
                key=lambda drop: drop["item"],
            )
            unkept = {"unkept": sorted(decision.unkept)} if decision.unkept else {}
            return {"allow": sorted(decision.items), **unkept, "dropped": dropped, "because": because}


def text(file: dict) -> str:
    """A file as it is kept: one line per part of a case, so that a difference shows which part."""
    lines = [f" {_line(key)}: {_line(value)}" for key, value in file.items() if key != "cases"]
    cases = [
        "  {" + ",\n   ".join(f"{_line(key)}: {_line(value)}" for key, value in case.items()) + "}"
        for case in file["cases"]
    ]
    joined = ",\n".join(cases)
    lines.append(f' "cases": [\n{joined}\n ]')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
