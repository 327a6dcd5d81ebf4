"""One policy, one form: the bytes that the digest is taken of.

Clauses in the order of their addresses, so that moving them about in the file changes nothing; positions left
out; everything else in. Two texts with the same meaning have the same digest.

The names of clause classes and of their keys are in it, too: one that is renamed, or a new one that is not in
`_LATER`, makes other digests, and a served system does not start on a published version with another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, cast

from troth.policy.clauses import Clause, Policy
from troth.policy.period import Period

_CANNOT_BE_SIGNED_OVER = {"at", "digest"}
_LATER = {"waive", "called"}
"""Keys that came to the language later: left out where they say nothing, so that older digests stay."""


def canonical(policy: Policy) -> bytes:
    """Return the canonical form of a policy."""
    form = {
        each.name: _plain(getattr(policy, each.name))
        for each in fields(policy)
        if each.name not in {"clauses", *_CANNOT_BE_SIGNED_OVER}
    }
    form["clauses"] = sorted((_clause(clause) for clause in policy.clauses), key=lambda row: str(row["id"]))
    return json.dumps(form, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def digest(policy: Policy) -> str:
    """Return the SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(policy)).hexdigest()


def _clause(clause: Clause) -> dict[str, object]:
    row: dict[str, object] = {
        each.name: _plain(getattr(clause, each.name))
        for each in fields(clause)
        if each.name not in _CANNOT_BE_SIGNED_OVER and (each.name not in _LATER or getattr(clause, each.name))
    }
    return row | {"type": type(clause).__name__}


def _plain(value: object) -> object:  # noqa: PLR0911 - one case for each type
    given: Any = value
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case date():
            return value.isoformat()
        case Period():
            return str(value)
        case frozenset():
            return sorted(str(each) for each in cast("frozenset[object]", given))
        case tuple():
            return [str(each) for each in cast("tuple[object, ...]", given)]
        case Mapping():
            return {str(key): str(text) for key, text in cast("Mapping[object, object]", given).items()}
        case _:
            raise TypeError(type(value).__name__)
