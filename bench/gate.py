"""How long a decision takes, beside Cedar on the same policy and asks. `bench/gate.py --json`.

A record of 20 items, a tenth of them undeclared, for more than 1,000 people who agreed to different things;
the reasons are in the answer. ``record_us``: of a standing that was read before; ``miss_us``: with it.
``growth_100_to_10000``: the same record under a policy of 10,000 clauses over one of 100. ``vs_cedarpy``: how
many times as long Cedar takes for a record (parsed before, in a batch of one request per item, because Cedar
answers about one resource). ``withdraw_p99_ms``: what `bench/withdrawal.py` measures. Medians, one core.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from troth.gate import stands
from troth.gate.decide import decide
from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.load import load
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.terms import Act, ActKind, Actor, ActorKind, Allow, Ask, Decision, Standing, Verb

try:
    import cedarpy
except ImportError:  # a peer to measure against; nothing else needs it
    cedarpy = None

ROOT = Path(__file__).parents[1]
PEOPLE, ASKS, ITEMS = 1200, 6000, 20
CATEGORIES = ("log", "device_info", "network")
ROUNDS = 5
IN_CEDAR = 60
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = """\
policy: bench
version: 1
published: 2026-01-01
effective: 2026-01-01
title: {en: bench}
languages: [en]
controller: {name: Bench Ltd., email: a@example.com, phone: "400-6666-509"}
stored_in: CN
acceptance: {shown_first: true}
audience: {minimum_age: 18, found_minor: delete_promptly}
retention: [{after: purpose_ended, then: delete}]
rights:
  cancel: {by: [email], within: 15 days}
  reply: {by: [email], within: 15 days}
functions:
"""


def policy(clauses: int) -> Compiled:
    """Return a policy of about so many clauses: the record's function, and others like it."""
    words = _items()
    each = ITEMS + 8
    text = HEAD + "".join(_function(f"f{n}", words) for n in range(max(1, round((clauses - 8) / each))))
    return compile_policy(load(text, "bench"))


def _items() -> list[str]:
    """Return ordinary items of the vocabulary: the record is of 20 of them, half of them optional."""
    ordinary = (name for name, item in sorted(VOCABULARY.items()) if item.category in CATEGORIES)
    plain = [name for name in ordinary if VOCABULARY[name].sensitivity is not Sensitivity.SENSITIVE]
    return [str(name) for name in plain][:ITEMS]


def _function(name: str, items: Sequence[str]) -> str:
    purposes = "\n".join(
        f"      p{n}: {{title: {{en: p{n}}}, by: [service], verbs: [collect, use]}}" for n in range(4)
    )
    return (
        f"  {name}:\n    title: {{en: {name}}}\n    gives: {{en: {name}}}\n    basis: contract\n"
        f"    starts: when_chosen\n    when_used: [{', '.join(items[::2])}]\n"
        f"    optional: [{', '.join(items[1::2])}]\n    purposes:\n{purposes}\n"
        "    on_refusal: {effect: function_unavailable}\n"
    )


def people(chance: random.Random, items: Sequence[str]) -> list[Standing]:
    """Return people who agreed to the policy and to some of the optional items each."""
    at = NOW - timedelta(days=1)
    text: dict[str, Any] = {"version": 1, "language": "en", "text_hash": "aa"}

    def did(kind: ActKind, **more: Any) -> Act:
        return Act(kind=kind, policy="bench", at=at, **more)  # type: ignore[arg-type]

    begun = [did(ActKind.DECLARED_ADULT), did(ActKind.SHOWN, **text), did(ActKind.ACCEPTED, **text)]
    begun.append(did(ActKind.CHOSEN, function="f0"))
    found: list[Standing] = []
    seen: set[int] = set()
    while len(found) < PEOPLE:
        bits = chance.getrandbits(len(items) // 2)
        week = len(found) % 7  # more people than subsets: they also began on different days
        key = bits * 7 + week
        if key in seen:
            continue
        seen.add(key)
        acts = [replace(act, at=at - timedelta(days=week)) for act in begun]
        acts += [
            did(ActKind.CHOSEN, function="f0", item=i) for n, i in enumerate(items[1::2]) if bits >> n & 1
        ]
        found.append(Standing(UUID(int=len(found) + 1), tuple(acts)))  # type: ignore[arg-type]
    return found


def asks(
    chance: random.Random, items: Sequence[str], who: Sequence[Standing]
) -> Iterator[tuple[Standing, Ask]]:
    """Yield records of 20 items about random people, a tenth of the items undeclared."""
    purposes = [f"p{n}" for n in range(4)]
    for _ in range(ASKS):
        standing = chance.choice(who)
        record = [item if chance.random() >= 0.1 else f"{item}_x{chance.randrange(99)}" for item in items]
        yield (
            standing,
            Ask(
                verb=chance.choice((Verb.COLLECT, Verb.USE)),
                policy="bench",  # type: ignore[arg-type]
                function="f0",  # type: ignore[arg-type]
                items=frozenset(record),  # type: ignore[arg-type]
                purpose=chance.choice(purposes),  # type: ignore[arg-type]
                subject=standing.subject,
                actor=Actor(ActorKind.SERVICE, "worker"),
                region="CN",  # type: ignore[arg-type]
                at=NOW,
            ),
        )


def timed(compiled: Compiled, about: Sequence[tuple[Standing, Ask]]) -> list[float]:
    """Return microseconds per decision."""
    spent: list[float] = []
    for standing, ask in about:
        begin = time.perf_counter_ns()
        decide(compiled, standing, ask)
        spent.append((time.perf_counter_ns() - begin) / 1000)
    return spent


def misses(compiled: Compiled, about: Sequence[tuple[Standing, Ask]]) -> list[float]:
    """Return microseconds per decision about a standing that was not read before."""
    fresh = [(Standing(standing.subject, standing.acts), ask) for standing, ask in about]
    stands.look(compiled, None, NOW)
    return timed(compiled, fresh)


def in_cedar(
    items: Sequence[str], who: Sequence[Standing], about: Sequence[tuple[Standing, Ask]]
) -> float | None:
    """Return microseconds of processor time per record in Cedar, or None without it; both answer alike."""
    if cedarpy is None:
        return None
    purposes = ", ".join(f'"p{n}"' for n in range(4))
    asked = f"context.age && context.accepted && context.chosen && [{purposes}].contains(context.purpose)"
    verbs = '[Action::"collect", Action::"use"]'
    when = f'when {{ {asked} && context.region == "CN" }}'
    rules = [
        f'@id("{item}") permit(principal, action in {verbs}, resource == Item::"{item}") '
        + (when if n % 2 == 0 else when.replace("}", f' && context.items.contains("{item}") }}'))
        + ";"
        for n, item in enumerate(items)
    ]
    parsed = cedarpy.PolicySet.from_str("\n".join(rules))
    agreed = {s.subject: sorted(str(a.item) for a in s.acts if a.item is not None) for s in who}
    batches = [
        [
            {
                "principal": f'Person::"{standing.subject}"',
                "action": f'Action::"{ask.verb.value}"',
                "resource": f'Item::"{item}"',
                "context": {
                    "age": True,
                    "accepted": True,
                    "chosen": True,
                    "purpose": ask.purpose,
                    "region": ask.region,
                    "items": agreed[standing.subject],
                },
            }
            for item in sorted(ask.items)
        ]
        for standing, ask in about
    ]
    rounds, answers = list[float](), list[Any]()
    for _ in range(ROUNDS):  # the best round counts, as for ours
        spent, answers = list[float](), list[Any]()
        for batch in batches:
            begin = time.process_time_ns()  # on a busy machine, milliseconds are interrupted and ours are not
            answers.append(cedarpy.is_authorized_batch(batch, parsed, []))
            spent.append((time.process_time_ns() - begin) / 1000)
        rounds.append(median(spent))
    compiled = policy(100)
    for (standing, ask), said in zip(about, answers, strict=True):
        passed = {item for item, one in zip(sorted(ask.items), said, strict=True) if one.allowed}
        if passed != _passed(decide(compiled, standing, ask)):
            raise AssertionError("Cedar and the gate disagree: the benchmark compares different things")
    return min(rounds)


def _passed(decision: Decision) -> frozenset[str]:
    return frozenset(decision.items) if isinstance(decision, Allow) else frozenset()


def withdrawal() -> float | None:
    """Return what the benchmark beside this one measures, if it is there."""
    sys.path.insert(0, str(ROOT / "bench"))
    try:
        return float(importlib.import_module("withdrawal").measure()["withdraw_p99_ms"])
    except (ImportError, AttributeError):
        return None


def measured(*, withdraw: bool) -> dict[str, float | None]:
    """Return all figures."""
    chance, items = random.Random(20261122), _items()  # noqa: S311
    small, large = policy(100), policy(10_000)
    who = people(chance, items)
    about = list(asks(chance, items, who))
    miss = median(misses(small, about[:PEOPLE]))
    timed(small, about), timed(large, about)  # read every standing once
    # One after the other, several times over, so that both see the same machine.
    pairs = [(median(timed(small, about)), median(timed(large, about))) for _ in range(ROUNDS)]
    record = min(one for one, _ in pairs)
    cedar = in_cedar(items, who, about[:IN_CEDAR])
    return {
        "record_us": round(record, 2),
        "miss_us": round(miss, 2),
        "vs_cedarpy": None if cedar is None else round(cedar / record, 1),
        "growth_100_to_10000": round(min(two for _, two in pairs) / record, 3),
        "withdraw_p99_ms": withdrawal() if withdraw else None,
    }


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="how long a decision takes")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--no-withdrawal", action="store_true", help="leave the workers out")
    given = parser.parse_args()
    figures = measured(withdraw=not given.no_withdrawal)
    if given.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"{name:24} {value}" for name, value in figures.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
