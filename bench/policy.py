"""How long it takes to load, check and compile policies, and whether the time per clause stays the same.

``python bench/policy.py --json`` prints one object. Times are the best of several runs, in seconds; ``ratio``
is the time per clause with 10,000 clauses to that with 100.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

from troth.app import policies
from troth.policy.check import check
from troth.policy.compile import compile_policy
from troth.policy.load import load

SIZES = (100, 1_000, 10_000)
LIMIT_SECONDS = 1.0
LIMIT_RATIO = 2.0
HEAD = """policy: made
version: 1
published: 2026-01-01
effective: 2026-01-01
title: {en: made, zh: 生成}
languages: [en, zh]
controller: {name: M, email: m@m.example, phone: '123456'}
stored_in: CN
acceptance: {shown_first: true}
audience: {minimum_age: 18, found_minor: delete_promptly}
retention: [{after: purpose_ended, then: delete}]
rights: {reply: {by: [email], within: 15 days}}
functions:
"""
FUNCTION = """  f%d:
    title: {en: f, zh: 功能}
    gives: {en: f, zh: 功能}
    basis: contract
    starts: when_chosen
    requires: [device_model, ip_address]
    when_used: [line_crossing, network_log]
    purposes: {p: {title: {en: p, zh: 用途}, by: [subject, service], verbs: [collect, use]}}
    on_refusal: function_unavailable
"""
PER_FUNCTION = 7  # clauses: the function, four items, the purpose, the refusal


def best(work: Callable[[], object], runs: int = 3) -> float:
    times: list[float] = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def per_clause(size: int) -> float:
    """Check and compile, which is what happens at every start; loading is measured apart."""
    functions = size // PER_FUNCTION
    policy = load(HEAD + "".join(FUNCTION % n for n in range(functions)), "made.yaml")
    return best(lambda: compile_policy(policy), 5) / len(policy.clauses)


def measured() -> dict[str, object]:
    texts = {name: policies.builtin(name) for name in policies.names()}
    loaded = {name: load(*text) for name, text in texts.items()}
    both = sum(
        best(lambda policy=policy: (check(policy), compile_policy(policy))) for policy in loaded.values()
    )
    sizes = {str(size): per_clause(size) for size in SIZES}
    ratio = sizes[str(SIZES[-1])] / sizes[str(SIZES[0])]
    return {
        "clauses": {name: len(policy.clauses) for name, policy in loaded.items()},
        "load_seconds": {name: best(lambda text=text: load(*text)) for name, text in texts.items()},
        "check_and_compile_all_seconds": both,
        "seconds_per_clause": sizes,
        "ratio": ratio,
        "within_limits": both < LIMIT_SECONDS and ratio < LIMIT_RATIO,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object")
    asked = parser.parse_args()
    found = measured()
    if asked.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key}: {value}")
    return 0 if found["within_limits"] else 1


if __name__ == "__main__":
    sys.exit(main())
