"""What every ledger promises its callers, held over the fake and over PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from tests.fakes.ledger import FakeLedger
from troth import ledger
from troth.db import Database
from troth.ledger import EntryKind, NewEntry, NoSuchSubject, UnfitEntry
from troth.ledger.entries import commitment
from troth.terms import Act, ActKind, DeviceId, Reason, Standing, SubjectId

AT = datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC)
POLICY = "sunmi-camera"


class Real:
    """`troth.ledger` over PostgreSQL, with the fake's surface."""

    def __init__(self, db):
        self.transaction = db.transaction
        for name in (
            "append",
            "about",
            "count",
            "counts",
            "new_subject",
            "act",
            "record",
            "standing",
            "forget",
        ):
            setattr(self, name, getattr(ledger, name))


@pytest_asyncio.fixture(params=["fake", "postgres"])
async def log(request):
    if request.param == "fake":
        yield FakeLedger()
        return
    async with Database(request.getfixturevalue("database").app, size=2) as db:
        yield Real(db)


def entry(**more):
    return NewEntry(**{"kind": EntryKind.DECISION, "at": AT, "policy": POLICY} | more)


def did(kind, **more):
    return Act(kind=kind, policy=POLICY, at=AT, **more)


ACTS = (
    did(ActKind.SHOWN, version=1, language="zh", text_hash="a" * 64),
    did(ActKind.ACCEPTED, version=1, language="zh", text_hash="a" * 64),
    did(ActKind.DECLARED_ADULT),
    did(ActKind.SUPPLIED, function="bind", need="store", device=DeviceId(UUID(int=7))),
    did(ActKind.CHOSEN, function="customer_flow", item="geolocation", separate=True),
    did(ActKind.SWITCHED_OFF, switch="motion", device=DeviceId(UUID(int=7))),
)


async def test_a_standing_is_the_acts_in_order(log):
    async with log.transaction() as tx:
        subject = await log.new_subject(tx)
        assert await log.standing(tx, subject, lock=False) == Standing(subject)
        for done in ACTS:
            await log.record(tx, subject, done)
    async with log.transaction() as tx:
        assert await log.standing(tx, subject, lock=True) == Standing(subject, ACTS)
        kinds = sorted(found.kind for found in await log.about(tx, subject))
        assert [found.kind for found in await log.about(tx, subject, kinds[:1])] == kinds[:1]
        assert await log.about(tx, subject, ()) == ()
    assert kinds == sorted(["shown", "accepted", "declared_adult", "supplied", "chosen", "switched"])


async def test_an_entry_says_all_that_was_said_and_only_a_commitment_to_whom(log):
    async with log.transaction() as tx:
        subject = await log.new_subject(tx)
        made = await log.append(
            tx,
            entry(
                kind=EntryKind.DENIED,
                version=1,
                function="bind",
                subject=subject,
                reason=Reason.UNDERAGE,
                clauses=("sunmi-camera/b", "sunmi-camera/a"),
                details={"items": 3, "language": "zh"},
            ),
        )
        (found,) = await log.about(tx, subject)
    assert (found.entry, found.at, found.kind) == (made, AT, EntryKind.DENIED)
    said = json.loads(found.body)
    assert len(bytes.fromhex(said.pop("subject_commitment"))) == 32
    assert said == {
        "form": 1,
        "entry": str(made),
        "at": "2026-03-01T09:30:15.123456Z",
        "kind": "denied",
        "policy": POLICY,
        "version": 1,
        "function": "bind",
        "reason": "underage",
        "clauses": ["sunmi-camera/a", "sunmi-camera/b"],
        "details": {"items": 3, "language": "zh"},
    }
    assert str(subject).encode() not in found.body
    assert subject.hex.encode() not in found.body


async def test_two_entries_about_one_subject_look_unrelated(log):
    async with log.transaction() as tx:
        subject = await log.new_subject(tx)
        for _ in range(2):
            await log.append(tx, entry(subject=subject))
        bodies = [json.loads(found.body) for found in await log.about(tx, subject)]
    assert len({said["subject_commitment"] for said in bodies}) == 2


async def fail(log, subject):
    async with log.transaction() as tx:
        await log.record(tx, subject, ACTS[0])
        raise RuntimeError


async def test_what_is_rolled_back_never_was(log):
    async with log.transaction() as tx:
        subject = await log.new_subject(tx)
    with pytest.raises(RuntimeError):
        await fail(log, subject)
    async with log.transaction() as tx:
        assert await log.standing(tx, subject, lock=False) == Standing(subject)
        assert await log.about(tx, subject) == ()


async def test_nobody_has_no_standing_and_no_acts(log):
    async with log.transaction() as tx:
        nobody = SubjectId(uuid4())
        assert await log.standing(tx, nobody, lock=True) is None
        with pytest.raises(NoSuchSubject):
            await log.record(tx, nobody, ACTS[0])
        await log.append(tx, entry(subject=nobody))  # a bystander has no account; the evidence stands
        assert await log.about(tx, nobody) == ()
        await log.forget(tx, nobody)


async def test_the_forgotten_have_no_standing_and_no_entry_leads_to_them(log):
    async with log.transaction() as tx:
        subject, other = await log.new_subject(tx), await log.new_subject(tx)
        for who in (subject, other):
            await log.record(tx, who, ACTS[0])
    for _ in range(2):  # again does no harm
        async with log.transaction() as tx:
            await log.forget(tx, subject)
    async with log.transaction() as tx:
        await log.append(tx, entry(kind=EntryKind.DENIED, subject=subject, reason=Reason.CANCELLED))
        assert await log.standing(tx, subject, lock=False) is None
        assert await log.about(tx, subject) == ()
        assert len(await log.about(tx, other)) == 1
        with pytest.raises(NoSuchSubject):
            await log.record(tx, subject, ACTS[0])
        with pytest.raises(NoSuchSubject):
            await log.act(tx, subject, ACTS[0], uuid4())


@pytest.mark.parametrize(
    "details",
    [
        {"phone": "13800138000"},
        {"phone": 13800138000},
        {"mail": "a@b.cn"},
        {"name": "王小明"},
        {"name": "Wang"},
        {"mac": "aa:bb:cc:dd:ee:ff"},
        {"ip": "203.0.113.9"},
        {"ip": "2001:db8::1"},
        {"note": "two words"},
        {"Key": "x"},
        {"empty": ""},
        {"long": "x" * 121},
        {"call": "+8613800138000"},
        {"card": "6222-02020202020"},
        {"document": "zhang.san"},
        {"document": "138-0013-8000"},
    ],
)
async def test_an_entry_takes_no_personal_data(log, details):
    async with log.transaction() as tx:
        with pytest.raises(UnfitEntry) as refused:
            await log.append(tx, entry(details=details))
    assert not any(str(value) in str(refused.value) for value in details.values() if value)


async def test_an_entry_never_names_its_subject(log):
    async with log.transaction() as tx:
        subject = await log.new_subject(tx)
        for value in (str(subject), subject.hex, f"subject/{subject}"):
            with pytest.raises(UnfitEntry):
                await log.append(tx, entry(subject=subject, details={"ref": value}))
        with pytest.raises(UnfitEntry):
            await log.append(tx, entry(clauses=("not a clause",)))
        with pytest.raises(UnfitEntry):
            await log.append(tx, entry(function="Not a function"))
        with pytest.raises(UnfitEntry):
            await log.append(tx, entry(at=AT.replace(tzinfo=None)))


async def test_counts_add_up_by_the_minute(log):
    async with log.transaction() as tx:
        for second in (0, 59):
            at = AT.replace(second=second)
            await log.count(tx, POLICY, "customer_flow", "allow", None, at, 5)
        await log.count(tx, POLICY, "customer_flow", "allow", None, AT + timedelta(minutes=1))
        await log.count(tx, None, None, "deny", Reason.UNKNOWN_POLICY, AT)
    async with log.transaction() as tx:
        found = await log.counts(tx, AT - timedelta(hours=1), AT + timedelta(minutes=1))
    assert [(c.policy, c.function, c.outcome, c.reason, c.n) for c in found] == [
        ("", "", "deny", "unknown_policy", 1),
        (POLICY, "customer_flow", "allow", "", 10),
        (POLICY, "customer_flow", "allow", "", 1),
    ]


def test_a_commitment_needs_its_salt():
    subject = SubjectId(uuid4())
    assert commitment(subject, b"\0" * 32) != commitment(subject, b"\1" * 32)
