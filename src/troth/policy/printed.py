"""A policy back to text, in one plain layout: what is loaded from it is the same policy.

For showing what a version says without its comments and shorthands, and for comparing versions line by line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from troth.policy.clauses import Clause, ClosedClause, NeverAboutClause, Policy, RecipientClause
from troth.policy.printed_body import Plain, body
from troth.policy.statement_grammar import CONTACTS, SECTIONS, How
from troth.policy.words import Mod

Tree = dict[str, object]
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_OF = {each.how: frozenset(s.key for s in SECTIONS if s.how is each.how) for each in SECTIONS}
_LISTS = {
    "stored_in", "retention", "needs", "requires", "either", "optional", "when_used", "holds", "never_about",
    *_OF[How.LISTED],
}  # fmt: skip
_ONE = {
    "controller", "acceptance", "audience", "on_refusal", "closed_to_controller", "kept_for",
    *_OF[How.ONE],
}  # fmt: skip
_USUAL_MOD: dict[type[Clause], Mod] = {
    ClosedClause: Mod.MUST_NOT,
    NeverAboutClause: Mod.MUST_NOT,
    RecipientClause: Mod.MAY,
    **{each.makes: each.mod for each in SECTIONS},
}


def printed(policy: Policy) -> str:
    """Print a policy; `load` of the text gives an equal one."""
    tree: Tree = {
        "policy": policy.name,
        "version": policy.version,
        "published": Plain(policy.published.isoformat()),
        "effective": Plain(policy.effective.isoformat()),
        "title": dict(policy.title),
        "languages": list(policy.languages),
        "controller": {key: text for key, text in policy.controller.items() if key not in CONTACTS},
    }
    for clause in policy.clauses:
        _put(tree, clause.id.split("/")[1:], _whole(clause))
    return "\n".join(_lines(tree, 0)) + "\n"


def _whole(clause: Clause) -> Tree:
    usual = _USUAL_MOD.get(type(clause), Mod.MUST)
    common: Tree = {
        "promises": list(clause.promises),
        "stated": clause.stated,
        "decided_by": clause.decided_by.split(", ") if clause.decided_by else None,
        "mod": None if clause.mod == usual else clause.mod,
        "strength": clause.strength,
        "lang": clause.lang,
        "waive": dict(clause.waive) or None,
    }
    told = body(clause) | common
    return {key: value for key, value in told.items() if value is not None and value != []}


def _put(tree: Tree, path: Sequence[str], told: Tree) -> None:
    """Put a clause where its address says; a list's entries keep their order."""
    section, *rest = path
    if section in _ONE and not rest:
        tree.setdefault(section, {})
        cast("Tree", tree[section]).update(told)
    elif section in _ONE:
        cast("Tree", tree[section])[rest[0]] = told
    elif section in _LISTS and len(rest) == 1:
        cast("list[Tree]", tree.setdefault(section, [])).append(told)
    elif section in _LISTS:
        entries = cast("list[Tree]", tree[section])
        _put(next(each for each in entries if each.get("item") == rest[0]), rest[1:], told)
    elif section in {"exempt", "duties"}:
        grounds = cast("dict[str, list[Tree]]", tree.setdefault(section, {}))
        grounds.setdefault(rest[0], []).append(told)
    elif section in _OF[How.NESTED] and len(rest) == 2:  # noqa: PLR2004 - the act and the case
        cases = cast("dict[str, dict[str, Tree]]", tree.setdefault(section, {}))
        cases.setdefault(rest[0], {})[rest[1]] = told
    elif len(rest) == 1:
        cast("dict[str, Tree]", tree.setdefault(section, {}))[rest[0]] = told
    else:
        _put(cast("dict[str, Tree]", tree[section])[rest[0]], rest[1:], told)


def _lines(value: object, depth: int) -> list[str]:
    """Lay out a mapping or a list of mappings; whatever fits in one line is in one line."""
    pad = "  " * depth
    found: list[str] = []
    if isinstance(value, Mapping):
        for key, each in cast("Mapping[str, object]", value).items():
            if (short := _short(each)) is not None:
                found.append(f"{pad}{key}: {short}")
            else:
                found += [f"{pad}{key}:", *_lines(each, depth + 1)]
        return found
    for each in cast("list[Tree]", value):
        first, *more = _lines(each, depth + 1)
        found += [f"{pad}- {first.lstrip()}", *more]
    return found


def _short(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case Plain() | int():
            return str(value)
        case str():
            return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)
        case dict() if not value:
            return "{}"
        case list():
            words = [_short(each) for each in cast("list[object]", value)]
            return None if None in words else f"[{', '.join(word or '' for word in words)}]"
        case _:
            return None
