"""Retention: the invariants of `spec/retention.py` by name, and the fast code against it."""

# ruff: noqa: E501, PERF401 - clauses are drawn one by one
from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spec import retention as spec
from spec.deadlines import over
from tests.spec import generate
from troth.policy import keeping
from troth.policy.calendar import WorkingDays
from troth.policy.clauses import (
    AcceptanceClause,
    FunctionClause,
    ItemClause,
    Keep,
    Need,
    RefusalClause,
    RetentionClause,
    Starts,
)
from troth.policy.period import Period, Unit
from troth.policy.statements import BackupClause, HoldClause, OrderedHoldClause
from troth.policy.words import Ground
from troth.terms import Basis

GROUNDS = ["legal_order", "express_law"]
EVENTS = ["purpose_ended", "account_cancelled", "collected", "service_ended"]
MOMENTS = st.integers(0, 40_000).map(lambda hours: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
HAPPENED = st.dictionaries(st.sampled_from(EVENTS), MOMENTS)
ITEMS = ["phone", "video"]
PERIODS = st.one_of(
    st.builds(Period, st.integers(1, 900), st.sampled_from([Unit.HOURS, Unit.DAYS, Unit.WORKING_DAYS])),
    st.builds(Period, st.integers(1, 40), st.just(Unit.MONTHS)),
    st.builds(Period, st.integers(1, 4), st.just(Unit.YEARS)),
)


@st.composite
def clauses(draw):
    made = [
        generate.clause(AcceptanceClause, "acceptance", shown_first=True),
        generate.clause(FunctionClause, "functions/f", function="f", basis=Basis.CONTRACT, starts=Starts.WITH_ACCEPTANCE),
        generate.clause(RefusalClause, "functions/f/on_refusal", function="f", effect="no_effect"),
    ]  # fmt: skip
    for item in ITEMS:
        keep = draw(st.sampled_from(Keep))
        made.append(generate.clause(ItemClause, f"functions/f/{item}", function="f", item=item, need=Need.WHEN_USED, keep=keep))  # fmt: skip
    for event in draw(st.lists(st.sampled_from(EVENTS), unique=True)):
        made.append(
            generate.clause(
                RetentionClause, f"retention/{event}", after=event,
                then=draw(st.sampled_from(["delete", "anonymise"])), keep=draw(st.none() | PERIODS),
            )
        )  # fmt: skip
    if draw(st.booleans()):
        for name in ["orders", "invoices"][: draw(st.integers(0, 2))]:
            made.append(
                generate.clause(
                    HoldClause, f"holds/{name}", name=name,
                    items=tuple(draw(st.sets(st.sampled_from(ITEMS), min_size=1))), keep=draw(PERIODS),
                    counted_from=draw(st.sampled_from(EVENTS)), bound="minimum", per="record",
                    opens_for="legal_duty", survives="cancel",
                )
            )  # fmt: skip
        if draw(st.booleans()):
            made.append(
                generate.clause(
                    OrderedHoldClause, "kept_on_order", grounds=tuple(draw(st.sets(st.sampled_from(GROUNDS), min_size=1))),
                    per="record", opens_for="legal_duty", survives="cancel",
                )
            )  # fmt: skip
        within = draw(st.builds(Period, st.integers(1, 90), st.sampled_from([Unit.DAYS, Unit.MONTHS])))
        made.append(generate.clause(BackupClause, "backups", within=within, restore_repeats_deletions=True))
    return made


def fates(made, item, events):
    policy = generate.policy_of(made)
    return spec.fate(policy, "f", item, events)


@given(clauses(), st.sampled_from([*ITEMS, "unheard_of"]), HAPPENED, MOMENTS)
def test_keeping_agrees_with_the_specification(made, item, events, deleted):
    policy = generate.policy_of(made)
    compiled = generate.compiled(policy)
    ours, theirs = keeping.fate(compiled, "f", item, events), spec.fate(policy, "f", item, events)
    assert (ours and (ours.at, ours.then.value)) == (theirs and (theirs.at, theirs.then))
    assert keeping.gone_from_backups(compiled, deleted) == spec.gone_from_backups(policy, deleted)


@given(clauses(), st.sampled_from(ITEMS), HAPPENED, st.sampled_from(EVENTS), MOMENTS)
def test_what_is_due_stays_due(made, item, events, event, moment):
    """Whatever happens besides, nothing that was due is kept longer."""
    before, after = fates(made, item, events), fates(made, item, {event: moment} | events)
    assert before is None or (after is not None and after.at <= before.at)


@given(clauses(), st.sampled_from(ITEMS), HAPPENED)
def test_of_several_ends_the_earliest_binds(made, item, events):
    whole = fates(made, item, events)
    alone = [fates(made, item, {event: at}) for event, at in events.items()]
    assert (whole and whole.at) == min((each.at for each in alone if each is not None), default=None)


@given(clauses(), st.sampled_from(ITEMS), MOMENTS)
def test_deleting_beats_making_anonymous(made, item, moment):
    events = dict.fromkeys(EVENTS, moment)
    fate = fates(made, item, events)
    first = [
        c
        for c in made
        if isinstance(c, RetentionClause)
        and fate
        and (over(c.keep, moment, WorkingDays()) if c.keep else moment) == fate.at
    ]
    if any(c.then == "delete" for c in first):
        assert fate.then == "delete"


@given(clauses(), HAPPENED, MOMENTS)
def test_what_is_used_without_keeping_is_due_at_once(made, events, collected):
    for clause in made:
        if isinstance(clause, ItemClause) and clause.keep is Keep.NONE:
            fate = fates(made, clause.item, {**events, "collected": collected})
            assert fate is not None
            assert fate.at <= collected


@given(clauses(), st.sampled_from(ITEMS), HAPPENED)
def test_nothing_is_kept_without_an_end_once_a_rule_s_event_has_happened(made, item, events):
    named = {c.after for c in made if isinstance(c, RetentionClause)}
    assert (fates(made, item, events) is not None) or not named & set(events)


@given(clauses(), MOMENTS)
def test_backups_outlive_the_deletion_and_end(made, deleted):
    gone = spec.gone_from_backups(generate.policy_of(made), deleted)
    assert gone is None or deleted < gone <= deleted + timedelta(days=90 * 31 + 1)


@given(clauses(), st.sampled_from(ITEMS), HAPPENED)
def test_holds_agree_with_the_specification(made, item, events):
    policy = generate.policy_of(made)
    compiled = generate.compiled(policy)
    ours = [held.until for event, at in events.items() for held in keeping.holds(compiled, item, event, at)]
    assert max(ours, default=None) == spec.held_until(policy, item, events)


@given(clauses(), st.sampled_from(ITEMS), HAPPENED)
def test_a_hold_begins_with_its_event_and_is_of_one_record(made, item, events):
    """No other event, and no other record's item, holds anything; a hold leaves the fate as it is."""
    without = [c for c in made if not isinstance(c, HoldClause)]
    assert fates(made, item, events) == fates(without, item, events)
    named = {c.counted_from for c in made if isinstance(c, HoldClause) and item in c.items}
    held = spec.held_until(generate.policy_of(made), item, events)
    assert (held is not None) == bool(named & set(events))


@given(clauses(), st.sampled_from(ITEMS), HAPPENED)
def test_of_several_holds_the_last_ends_it(made, item, events):
    policy = generate.policy_of(made)
    alone = [spec.held_until(policy, item, {event: at}) for event, at in events.items()]
    assert spec.held_until(policy, item, events) == max((each for each in alone if each), default=None)


@given(clauses(), st.sampled_from(EVENTS), MOMENTS, MOMENTS)
def test_what_the_vault_asks_of_keeping_is_the_fate(made, event, at, now):
    """The worker's three questions come to the same as the fate of a record with that one event."""
    policy = generate.policy_of(made)
    compiled, fate = generate.compiled(policy), spec.fate(policy, "f", "unheard_of", {event: at})
    asked = keeping.after(compiled, event, at)
    assert (asked and (asked.at, asked.then.value)) == (fate and (fate.at, fate.then))
    rule = keeping.fixed(compiled)
    if event == "collected" and rule is not None:
        assert (keeping.until(rule[0], at) <= now) == (fate.at <= now)


@given(clauses(), st.sampled_from(GROUNDS))
def test_no_clause_no_hold_on_an_order(made, ground):
    """And what an order may keep has its fate all the same: it dies with the order's day."""
    policy = generate.policy_of(made)
    named = [c.id for c in made if isinstance(c, OrderedHoldClause) and ground in c.grounds]
    assert spec.kept_on_order(policy, ground) == (named[0] if named else None)
    assert keeping.on_order(generate.compiled(policy), Ground(ground)) == spec.kept_on_order(policy, ground)
