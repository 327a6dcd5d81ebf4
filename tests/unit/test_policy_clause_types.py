"""No clause type exists for one maker alone without a reason in the decision record of the language."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from troth.app import policies
from troth.policy.statement_grammar import BY_TYPE

RECORD = Path(__file__).parents[2] / "docs" / "decisions" / "0025-one-language-for-seven.md"


def makers() -> dict[str, set[str]]:
    """Who uses each type of clause."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name in policies.names():
        for clause in policies.compiled(name).policy.clauses:
            found[type(clause).__name__].add(name)
    return found


def test_a_type_of_one_maker_has_its_reason_on_record():
    alone = {kind: next(iter(names)) for kind, names in makers().items() if len(names) == 1}
    record = RECORD.read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+Clause)` \| ([a-z-]+) \| (.+) \|$", record, re.MULTILINE)
    assert {kind: maker for kind, maker, _ in told} == alone
    assert all(len(why) > 40 for _, _, why in told)


def test_no_type_of_statement_is_without_any_text():
    assert {kind.__name__ for kind in BY_TYPE} <= makers().keys()


def test_no_type_is_named_for_a_maker():
    words = {part for name in policies.names() for part in name.split("-")} - {
        "device",
        "rules",
        "camera",
        "smart",
    }
    assert not [kind for kind in makers() if any(word in kind.lower() for word in words)]
