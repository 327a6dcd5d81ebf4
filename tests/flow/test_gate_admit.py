"""The door on real PostgreSQL: what is on record after a yes, a no, a rollback and a failure."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.spec import gate_json
from troth import ledger
from troth.db import Database
from troth.gate import Gate, genuine
from troth.gate.admit import DENIALS_A_MINUTE
from troth.ledger import EntryKind
from troth.policy.compile import compile_policy
from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Allow,
    Ask,
    Basis,
    Denied,
    Deny,
    Reason,
    Reference,
    Verb,
)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = gate_json.policy("example")
ONE = compile_policy(POLICY)
SEEN = {"version": 1, "language": "en", "text_hash": "aa"}


class Clock:
    at = AT

    def now(self):
        return self.at


@pytest_asyncio.fixture
async def db(database):
    async with Database(database.app, size=4) as found:
        yield found


@pytest.fixture
def gate(db):
    return Gate({"example": {1: ONE}}, db, Clock())


async def person(db, *more: Act) -> str:
    """Someone who accepted, declared their age and chose the customer flow of one camera."""
    acts = [
        Act(kind=ActKind.SHOWN, policy="example", at=AT, **SEEN),
        Act(kind=ActKind.ACCEPTED, policy="example", at=AT, **SEEN),
        Act(kind=ActKind.DECLARED_ADULT, policy="example", at=AT),
        Act(kind=ActKind.CHOSEN, policy="example", at=AT, function="flow"),
        Act(kind=ActKind.SUPPLIED, policy="example", at=AT, need="camera"),
        Act(kind=ActKind.SUPPLIED, policy="example", at=AT, function="flow", item="store_name"),
        *more,
    ]
    async with db.transaction() as tx:
        subject = await ledger.new_subject(tx)
        for act in acts:
            await ledger.record(tx, subject, act)
    return subject


def ask(subject, **more) -> Ask:
    fields = {
        "verb": Verb.COLLECT,
        "policy": "example",
        "function": "flow",
        "items": frozenset({"crossing"}),
        "purpose": "count",
        "subject": subject,
        "actor": Actor(ActorKind.DEVICE, str(uuid4())),
        "region": "CN",
        "at": AT,
    }
    return Ask(**fields | more)


def own_copy(subject, **more) -> Ask:
    me = Actor(ActorKind.SUBJECT, str(subject))
    return ask(subject, **{"verb": Verb.USE, "actor": me, "basis": Basis.OWN_RIGHT, "purpose": "copy"} | more)


async def refused(db, gate, question, **more) -> Denied:
    with pytest.raises(Denied) as caught:
        async with db.transaction() as tx:
            await gate.admit(tx, question, **more)
    return caught.value


async def entries(db, subject, *kinds) -> list[dict]:
    async with db.transaction() as tx:
        found = await ledger.about(tx, subject)
    return [json.loads(entry.body) for entry in found if entry.kind in kinds]


async def counted(db) -> list[tuple]:
    async with db.transaction() as tx:
        found = await ledger.counts(tx, AT - timedelta(hours=1), AT + timedelta(hours=1))
    return [(each.policy, each.function, each.outcome, each.reason, each.n) for each in found]


DECISIONS = (EntryKind.DECISION, EntryKind.DENIED)


async def test_a_yes_comes_with_a_permit_and_an_entry_in_the_same_transaction(db, gate):
    subject = await person(db)
    async with db.transaction() as tx:
        permit = await gate.admit(tx, ask(subject, items=frozenset({"crossing", "mood"})))
        async with db.transaction() as other:
            assert [e for e in await ledger.about(other, subject) if e.entry == permit.entry] == []
    genuine(permit, AT)
    assert (permit.version, permit.lapses) == (1, AT + timedelta(seconds=60))
    (said,) = await entries(db, subject, *DECISIONS)
    assert said["entry"] == str(permit.entry)
    assert (said["kind"], said["policy"], said["version"], said["function"]) == (
        "decision",
        "example",
        1,
        "flow",
    )
    assert said["clauses"] == sorted(permit.allow.because)
    assert said["details"] == {"verb": "collect", "actor": "device", "purpose": "count", "dropped": 1}
    assert await counted(db) == [("example", "flow", "deny", "item_undeclared", 1)]


async def test_a_yes_rolled_back_leaves_nothing(db, gate):
    subject = await person(db)
    with suppress(KeyError):
        async with db.transaction() as tx:
            await gate.admit(tx, ask(subject))
            raise KeyError
    assert await entries(db, subject, *DECISIONS) == []


async def test_a_counted_yes_is_counted_in_the_same_transaction(db, gate):
    subject = await person(db)
    async with db.transaction() as tx:
        permit = await gate.admit(tx, ask(subject, items=frozenset({"crossing", "mood"})), counted=True)
    genuine(permit, AT)
    assert permit.entry is None
    assert await entries(db, subject, *DECISIONS) == []
    assert await counted(db) == [
        ("example", "flow", "allow", "", 1),
        ("example", "flow", "deny", "item_undeclared", 1),
    ]


async def test_a_no_is_on_record_although_the_caller_rolls_back(db, gate):
    subject = await person(db, Act(kind=ActKind.WITHDRAWN, policy="example", at=AT, function="flow"))
    no = await refused(db, gate, ask(subject))
    assert no.decision.reason is Reason.WITHDRAWN
    (said,) = await entries(db, subject, *DECISIONS)
    assert (said["kind"], said["reason"], said["entry"]) == ("denied", "withdrawn", str(no.entry))
    assert said["clauses"] == ["example/functions/flow", "example/functions/flow/on_refusal"]
    assert said["details"] == {"verb": "collect", "actor": "device"}


async def test_a_no_does_not_wait_for_the_lock_that_the_caller_holds(db, gate, caplog):
    subject = await person(db)
    async with asyncio.timeout(3), db.transaction() as tx:
        assert await ledger.standing(tx, subject, lock=True)
        await ledger.record(tx, subject, Act(kind=ActKind.CHOSEN, policy="example", at=AT, function="offers"))
        await gate.admit(tx, ask(subject))
        with pytest.raises(Denied) as caught:
            await gate.admit(tx, ask(subject, function="offers", items=frozenset({"interest"})))
        assert caught.value.entry is not None
    assert caplog.messages == []
    assert len(await entries(db, subject, EntryKind.DENIED)) == 1


async def test_telemetry_refused_is_only_counted(db, gate):
    subject = await person(db)
    no = await refused(db, gate, ask(subject, items=frozenset({"mood"})), counted=True)
    assert no.entry is None
    assert await entries(db, subject, *DECISIONS) == []
    assert await counted(db) == [("example", "flow", "deny", "item_undeclared", 1)]


async def test_a_stranger_is_only_counted(db, gate):
    no = await refused(db, gate, ask(uuid4()))
    assert (no.decision.reason, no.entry) == (Reason.NOT_ACCEPTED, None)
    assert await counted(db) == [("example", "flow", "deny", "not_accepted", 1)]


async def test_someone_erased_is_a_stranger(db, gate):
    subject = await person(db)
    async with db.transaction() as tx:
        await ledger.forget(tx, subject)
        with pytest.raises(Denied) as caught:
            await gate.admit(tx, ask(subject))
    assert (caught.value.decision.reason, caught.value.entry) == (Reason.NOT_ACCEPTED, None)
    no = await refused(db, gate, own_copy(subject))
    assert (no.decision.reason, no.entry) == (Reason.CANCELLED, None)


async def test_denials_of_one_person_are_written_only_so_often(db, gate):
    subject, other = await person(db), await person(db)
    for _ in range(DENIALS_A_MINUTE + 3):
        await refused(db, gate, ask(subject, purpose="sell"))
    assert len(await entries(db, subject, EntryKind.DENIED)) == DENIALS_A_MINUTE
    assert await counted(db) == [("example", "flow", "deny", "purpose_undeclared", 3)]
    assert (await refused(db, gate, ask(other, purpose="sell"))).entry is not None
    gate._clock.at = AT + timedelta(minutes=1)
    assert (await refused(db, gate, ask(subject, purpose="sell"))).entry is not None


async def test_names_that_the_policy_does_not_know_are_not_written_down(db, gate):
    subject = await person(db)
    await refused(db, gate, ask(subject, policy="zhang_san"))
    await refused(db, gate, ask(subject, function="li_si", purpose="wang_wu"))
    (said,) = await entries(db, subject, EntryKind.DENIED)
    assert "li_si" not in json.dumps(said)
    assert "wang_wu" not in json.dumps(said)
    assert await counted(db) == [("", "", "deny", "unknown_policy", 1)]


async def test_a_yes_on_a_reference_names_it_and_who_asked(db, gate):
    subject = await person(db)
    staff, document = Actor(ActorKind.STAFF, uuid4().hex), uuid4().hex
    question = own_copy(subject, actor=staff, reference=Reference("access", document), purpose="zhang_san")
    async with db.transaction() as tx:
        await gate.admit(tx, question)
    (said,) = await entries(db, subject, EntryKind.DECISION)
    assert said["details"] == {
        "verb": "use",
        "actor": "staff",
        "basis": "own_right",
        "by": staff.id,
        "ground": "access",
        "document": document,
    }


async def test_a_ground_that_no_policy_could_list_is_not_written(db, gate):
    subject, document = await person(db), uuid4().hex
    async with db.transaction() as tx:
        await gate.admit(tx, own_copy(subject, reference=Reference("zhang_san", document)))
    (said,) = await entries(db, subject, EntryKind.DECISION)
    assert (said["details"]["document"], "ground" in said["details"]) == (document, False)


async def test_a_no_to_staff_names_who_asked(db, gate):
    subject = await person(db)
    staff = Actor(ActorKind.STAFF, uuid4().hex)
    await refused(db, gate, ask(subject, actor=staff))
    (said,) = await entries(db, subject, EntryKind.DENIED)
    assert said["details"] == {"verb": "collect", "actor": "staff", "by": staff.id}


async def test_a_yes_to_share_names_the_recipient(db, gate):
    subject = await person(db)
    service = Actor(ActorKind.SERVICE, "worker")
    question = ask(subject, verb=Verb.SHARE, purpose="tell_agent", actor=service, recipient="agent")
    async with db.transaction() as tx:
        await gate.admit(tx, question)
    (said,) = await entries(db, subject, EntryKind.DECISION)
    assert said["details"]["recipient"] == "agent"
    assert said["details"]["by"] == "worker"


async def test_what_cannot_be_put_on_record_is_refused(db, gate):
    subject = await person(db)
    unfit = Reference("request", "13800138000")
    no = await refused(
        db, gate, own_copy(subject, actor=Actor(ActorKind.STAFF, uuid4().hex), reference=unfit)
    )
    assert no.decision == Deny(Reason.ERROR, frozenset())
    assert isinstance(no.__cause__, ledger.UnfitEntry)
    (said,) = await entries(db, subject, *DECISIONS)
    assert (said["kind"], said["reason"]) == ("denied", "error_while_deciding")


async def test_the_version_that_the_person_accepted_decides(db):
    more = [c for c in POLICY.clauses if not c.id.endswith(("/items/crossing", "/agent"))]
    two = compile_policy(replace(POLICY, version=2, clauses=tuple(more)))
    gate = Gate({"example": {1: ONE, 2: two}}, db, Clock())
    old, new = await person(db), await person(db)
    seen = SEEN | {"version": 2}
    async with db.transaction() as tx:
        for kind in (ActKind.SHOWN, ActKind.ACCEPTED):
            await ledger.record(tx, new, Act(kind=kind, policy="example", at=AT, **seen))
    async with db.transaction() as tx:
        assert (await gate.admit(tx, ask(old))).version == 1
    assert (await refused(db, gate, ask(new))).decision.reason is Reason.ITEM_UNDECLARED


async def test_own_right_after_the_end_of_acceptance_is_by_the_version_accepted_last(db):
    two = compile_policy(replace(POLICY, version=2))
    gate = Gate({"example": {1: ONE, 2: two}}, db, Clock())
    subject = await person(db, Act(kind=ActKind.ENDED, policy="example", at=AT, version=1))
    async with db.transaction() as tx:
        assert (await gate.admit(tx, own_copy(subject))).version == 1


async def test_who_never_accepted_is_asked_by_the_current_version(db):
    two = compile_policy(replace(POLICY, version=2))
    gate = Gate({"example": {1: ONE, 2: two}}, db, Clock())
    async with db.transaction() as tx:
        subject = await ledger.new_subject(tx)
        assert (await gate.admit(tx, own_copy(subject))).version == 2


async def test_a_version_that_is_not_here_is_a_no(db):
    gate = Gate({"example": {2: compile_policy(replace(POLICY, version=2))}}, db, Clock())
    subject = await person(db)
    no = await refused(db, gate, ask(subject))
    assert no.decision.reason is Reason.ERROR
    assert len(await entries(db, subject, EntryKind.DENIED)) == 1


async def test_a_standing_that_cannot_be_read_is_a_no(db, gate):
    subject = await person(db)

    async def spoiled() -> None:
        async with db.transaction() as tx:
            with pytest.raises(Exception, match="nowhere"):
                await tx.run("SELECT * FROM nowhere")
            await gate.admit(tx, ask(subject))

    with pytest.raises(Denied) as caught:
        await spoiled()
    assert caught.value.decision == Deny(Reason.ERROR, frozenset())
    assert await counted(db) == [("", "", "deny", "error_while_deciding", 1)]


async def test_an_ask_dated_ahead_of_the_clock_is_a_no(db, gate):
    subject = await person(db)
    async with db.transaction() as tx:
        await gate.admit(tx, ask(subject, at=AT + timedelta(seconds=120)))
    no = await refused(db, gate, ask(subject, at=AT + timedelta(seconds=121)))
    assert no.decision.reason is Reason.ERROR
    no = await refused(db, gate, ask(subject, at=AT.replace(tzinfo=None)))
    assert no.decision.reason is Reason.ERROR


async def test_a_no_stays_a_no_when_it_cannot_be_recorded(database, db, caplog):
    subject = await person(db)
    gone = Database(database.app, size=1)
    gate = Gate({"example": {1: ONE}}, gone, Clock())
    no = await refused(db, gate, ask(subject, purpose="sell"))
    assert (no.decision.reason, no.entry) == (Reason.PURPOSE_UNDECLARED, None)
    assert caplog.messages == ["1 denials are not on record: PoolClosed"]


async def test_a_no_is_given_although_every_connection_is_taken(database, db, monkeypatch, caplog):
    monkeypatch.setattr("troth.gate.admit.RECORDED_WITHIN_S", 0.2)
    subject = await person(db)
    async with Database(database.app, size=1) as small:
        gate = Gate({"example": {1: ONE}}, small, Clock())
        no = await refused(small, gate, ask(subject, purpose="sell"))
        assert (no.decision.reason, no.entry) == (Reason.PURPOSE_UNDECLARED, None)
        assert caplog.messages == ["1 denials are not on record: TimeoutError"]
        async with small.transaction() as tx:
            assert isinstance((await gate.admit(tx, ask(subject))).allow, Allow)


async def test_a_withdrawal_and_a_collection_have_an_order(db, gate):
    """Whoever holds the row first goes first; what comes after a withdrawal is refused."""
    subject = await person(db)
    collected = asyncio.Event()

    async def collect() -> None:
        async with db.transaction() as tx:
            await gate.admit(tx, ask(subject))
            collected.set()
            await asyncio.sleep(0)
            async with db.transaction() as other:  # still not withdrawn: the other one waits
                standing = await ledger.standing(other, subject, lock=False)
                assert standing.acts[-1].kind is ActKind.SUPPLIED

    async def withdraw() -> None:
        await collected.wait()
        async with db.transaction() as tx:
            await ledger.record(
                tx, subject, Act(kind=ActKind.WITHDRAWN, policy="example", at=AT, function="flow")
            )

    await asyncio.gather(collect(), withdraw())
    assert (await refused(db, gate, ask(subject))).decision.reason is Reason.WITHDRAWN
