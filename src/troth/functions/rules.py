"""The rules by which a transaction is held against the camera: data, and what each way of matching means.

A transaction that a rule speaks of is *matched* when what the rule asks for was there, within its seconds
before and after. One that is not is a flag, with the rule's reason. Where the camera did not look at all,
only a rule that asks for the look itself says so: an absent camera accuses nobody of being alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from troth.functions.till import Did
from troth.policy.words import Language

if TYPE_CHECKING:
    from datetime import datetime

    from troth.functions.till import Look, Rung, Till


class Match(StrEnum):
    """What a rule asks for. Closed."""

    BEHIND = "behind"  # somebody behind the till
    BEFORE = "before"  # somebody before it
    WATCHED = "watched"  # the camera looked
    UNDONE = "undone"  # what it takes back was rung up, and not longer ago


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: which transactions, what must have been there from how many seconds before to after."""

    reason: str
    did: frozenset[Did]
    match: Match
    before_s: int
    after_s: int
    says: Mapping[Language, str]


def _rule(reason: str, did: Did, match: Match, within: tuple[int, int], *, en: str, zh: str) -> Rule:
    return Rule(reason, frozenset({did}), match, *within, {Language.EN: en, Language.ZH: zh})


RULES: tuple[Rule, ...] = (
    _rule(
        "drawer_nobody_there", Did.NO_SALE, Match.BEHIND, (20, 20),
        en="the drawer was opened without a sale and nobody was seen behind the till",
        zh="钱箱在无交易时被打开，且收银台后无人",
    ),
    _rule(
        "drawer_unwatched", Did.NO_SALE, Match.WATCHED, (20, 20),
        en="the drawer was opened without a sale while the camera did not see the till",
        zh="钱箱在无交易时被打开，且摄像机当时未看到收银台",
    ),
    _rule(
        "refund_no_customer", Did.REFUND, Match.BEFORE, (120, 30),
        en="money was given back and no customer was seen before the till",
        zh="已退款，但收银台前未见顾客",
    ),
    _rule(
        "refund_unwatched", Did.REFUND, Match.WATCHED, (120, 30),
        en="money was given back while the camera did not see the till",
        zh="已退款，但摄像机当时未看到收银台",
    ),
    _rule(
        "void_after_payment", Did.VOID, Match.UNDONE, (60, 0),
        en="a sale was voided more than a minute after it was paid, or its sale is not there",
        zh="交易在付款一分钟后被撤销，或找不到原交易",
    ),
    _rule(
        "void_no_customer", Did.VOID, Match.BEFORE, (60, 30),
        en="a sale was voided and no customer was seen before the till",
        zh="交易被撤销，但收银台前未见顾客",
    ),
    _rule(
        "sale_nobody_there", Did.SALE, Match.BEHIND, (30, 30),
        en="a sale was rung up and nobody was seen behind the till",
        zh="已录入交易，但收银台后无人",
    ),
)  # fmt: skip
"""Every rule there is. A shop's owner reads `says`; the reason is what stays the same in every language."""
REASONS = frozenset(rule.reason for rule in RULES)
_FLAGS = UUID("6d1c5a4e-0f8b-5f43-9d5e-7a1f1b2c3d4e")


@dataclass(frozen=True, slots=True)
class Flag:
    """A transaction that no match was found for, by one rule. Its id is the same whenever it is computed."""

    id: UUID
    rung: Rung
    rule: Rule

    @property
    def since(self) -> datetime:
        """When to begin to look at a film of it."""
        return self.rung.at - timedelta(seconds=self.rule.before_s)

    @property
    def until(self) -> datetime:
        """When to end."""
        return self.rung.at + timedelta(seconds=self.rule.after_s)


def flags(till: Till) -> tuple[Flag, ...]:
    """Return a flag for each rule that a transaction does not meet, in order of time."""
    return tuple(
        Flag(uuid5(_FLAGS, f"{rung.id}/{rule.reason}"), rung, rule)
        for rung in till.rung
        for rule in RULES
        if rung.did in rule.did and not matched(rule, rung, till)
    )


def matched(rule: Rule, rung: Rung, till: Till) -> bool:
    """Tell whether what a rule asks for was there; of people only where the camera looked."""
    if rule.match is Match.UNDONE:
        return _undone(rule, rung, till)
    looks = list(seen(till, rung, rule.before_s, rule.after_s))
    if rule.match is Match.WATCHED:
        return bool(looks)
    behind = rule.match is Match.BEHIND
    return not looks or any((one.behind if behind else one.before) > 0 for one in looks)


def seen(till: Till, rung: Rung, before_s: int, after_s: int) -> Iterator[Look]:
    """Yield the looks at the till of a transaction that reach into its seconds before and after."""
    since, until = rung.at - timedelta(seconds=before_s), rung.at + timedelta(seconds=after_s)
    for one in till.looks:
        if one.since <= until and one.until >= since and one.sees(rung):
            yield one


def _undone(rule: Rule, rung: Rung, till: Till) -> bool:
    """Tell whether the sale that is taken back was rung up, and not longer ago than the rule allows."""
    earliest = rung.at - timedelta(seconds=rule.before_s)
    return any(
        sale.did is Did.SALE
        and sale.number is not None
        and sale.number == rung.undoes
        and earliest <= sale.at <= rung.at + timedelta(seconds=rule.after_s)
        for sale in till.rung
    )
