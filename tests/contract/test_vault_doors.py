"""The vault on PostgreSQL: what goes in comes out, for whom, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from msgspec import structs
from psycopg.errors import UniqueViolation

from tests.fakes.vault import START, Bench, reading
from troth import ledger
from troth.gate import Forged, Lapsed
from troth.terms import Actor, ActorKind, Allow, Basis, DeviceId, ItemName, RecordId, Reference, Verb
from troth.vault import (
    Arrival,
    Claimed,
    Erased,
    Form,
    NotCovered,
    NotHeld,
    NotKept,
    NotStorable,
    Stored,
    Unsealable,
)
from troth.vault.sql import QUERIES

PHONE = ItemName("phone")


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


async def test_a_document_comes_back_as_its_last_version(bench):
    subject = await bench.subject()
    first = await bench.put(subject, "phone", {"e164": "+8613800138000"})
    again = await bench.put(subject, "phone", {"e164": "+8613900139000", "deep": [1, None, {"x": True}]})
    assert first == again
    assert await bench.open(subject, "phone") == {"e164": "+8613900139000", "deep": [1, None, {"x": True}]}


async def test_nothing_held_is_said_so(bench):
    subject = await bench.subject()
    with pytest.raises(NotHeld):
        await bench.open(subject, "phone")


async def test_a_document_dies_with_its_last_wrap(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    await bench.put(subject, "phone", {"v": 2}, function="cloud")
    assert await bench.open(subject, "phone") == {"v": 2}  # one document, two holders

    async def let_go(function):
        async with bench.tx() as tx:
            permit = bench.permit(subject, Verb.FORGET, function, "phone")
            return await bench.vault.let_go(tx, permit, frozenset({PHONE}))

    assert await let_go("register") == 0
    with pytest.raises(NotHeld):
        await bench.open(subject, "phone")
    assert await bench.open(subject, "phone", function="cloud") == {"v": 2}
    assert await let_go("cloud") == 1
    assert await bench.everything(subject) == []


async def test_closing_a_function_leaves_the_others(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    await bench.put(subject, "phone", {"v": 1}, function="cloud")
    await bench.append(subject, [reading()], function="watch")
    await bench.append(subject, [reading()], function="count")
    async with bench.tx() as tx:
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "watch"))
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "cloud"))
    assert {one.functions for one in await bench.everything(subject)} == {
        ("sunmi-camera/register",),
        ("sunmi-camera/count",),
    }
    assert await bench.events(subject, function="watch") == []


async def test_two_policies_with_one_function_name_do_not_share_keys(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, "register", "phone", policy="kamoer")
        with pytest.raises(NotHeld):
            await bench.vault.open(tx, permit, PHONE)


async def test_readings_come_back_in_order_of_time_within_the_window(bench):
    subject = await bench.subject()
    sent = [reading(at=START - timedelta(hours=7 * n), value={"n": n, "f": 0.5, "s": "é"}) for n in range(20)]
    assert await bench.append(subject, sent[::2]) == Stored(10, 0)
    assert await bench.append(subject, sent[1::2]) == Stored(10, 0)
    assert await bench.events(subject) == sorted(sent, key=lambda one: one.measured)
    since, until = START - timedelta(hours=70), START - timedelta(hours=7)
    assert await bench.events(subject, since=since, until=until) == [sent[n] for n in range(10, 1, -1)]
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, "watch", "motion")
        assert await bench.vault.count(tx, permit, since, until) == 9


async def test_only_items_of_the_permit_are_opened(bench):
    subject = await bench.subject()
    await bench.append(subject, [reading("motion"), reading("line_crossing")])
    assert {one.item for one in await bench.events(subject, "motion")} == {"motion"}


async def test_more_blocks_than_a_page(bench):
    subject = await bench.subject()
    sent = [reading(at=START - timedelta(days=n)) for n in range(150)]
    await bench.append(subject, sent)
    assert await bench.events(subject) == sent[::-1]
    assert len(await bench.everything(subject)) == 150


async def test_a_resent_reading_is_stored_once(bench):
    subject = await bench.subject()
    sent = [reading() for _ in range(5)]
    assert await bench.append(subject, [*sent, sent[0]]) == Stored(5, 1)
    assert await bench.append(subject, sent[2:]) == Stored(0, 3)
    assert len(await bench.events(subject)) == 5


async def test_the_same_reading_on_ten_connections_is_stored_once(bench):
    subject = await bench.subject()
    sent = [reading(at=START - timedelta(days=n)) for n in range(8)]
    batches = [sent if n % 2 else sent[::-1] for n in range(10)]
    stored = await asyncio.gather(*(bench.append(subject, batch) for batch in batches))
    assert sum(one.stored for one in stored) == 8
    assert len(await bench.events(subject)) == 8


async def test_two_devices_may_use_the_same_reading_id(bench):
    subject, same = await bench.subject(), uuid4()
    for _ in range(2):
        sent = await bench.append(subject, [reading(of=same)], device=DeviceId(uuid4()))
        assert sent == Stored(1, 0)


async def test_what_a_rolled_back_batch_marked_can_be_sent_again(bench):
    subject, sent = await bench.subject(), [reading()]

    async def fail():
        async with bench.tx() as tx:
            await bench.vault.append(tx, bench.permit(subject, Verb.COLLECT, "watch", "motion"), sent)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await bench.append(subject, sent) == Stored(1, 0)


@pytest.mark.parametrize(
    "value",
    [
        {"a": object()},
        {"a": {1: "not text"}},
        {"a": 1 << 70},
        {"a": "\ud800"},
        {"a": START},
        {"a": {1, 2}},
    ],
)
async def test_what_would_not_come_back_equal_is_refused_without_a_word_of_it(bench, value):
    subject = await bench.subject()
    with pytest.raises(NotStorable) as caught:
        await bench.put(subject, "phone", value)
    assert caught.value.__cause__ is None
    with pytest.raises(NotStorable):
        await bench.append(subject, [reading(value=value)])


async def test_a_time_without_a_zone_is_refused(bench):
    subject = await bench.subject()
    with pytest.raises(NotStorable, match="zone"):
        await bench.append(subject, [reading(at=START.replace(tzinfo=None))])


async def test_the_copy_is_everything_for_every_function(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    await bench.put(subject, "phone", {"v": 2}, function="cloud")
    await bench.put(subject, "email", {"v": 3})
    sent = [reading(at=START - timedelta(days=n)) for n in range(3)]
    await bench.append(subject, sent)
    copy = await bench.everything(subject)
    documents = {one.item: one for one in copy if one.form is Form.DOCUMENT}
    assert {item: one.value for item, one in documents.items()} == {"phone": {"v": 2}, "email": {"v": 3}}
    assert documents["phone"].functions == ("sunmi-camera/cloud", "sunmi-camera/register")
    assert [one.id for one in copy if one.form is Form.EVENT] == [one.id for one in sent[::-1]]
    assert "v" not in repr(documents["phone"]).replace("value", "")


async def test_a_note_opens_only_in_its_own_row(bench):
    subject, row = await bench.subject(), uuid4()
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "register", "phone")
        sealed = await bench.vault.seal(tx, permit, PHONE, row, {"code": "123456"})
        assert await bench.vault.unseal(tx, permit, PHONE, row, sealed) == {"code": "123456"}
        with pytest.raises(Unsealable):
            await bench.vault.unseal(tx, permit, PHONE, uuid4(), sealed)


async def test_a_note_of_a_closed_function_or_an_erased_subject_opens_no_more(bench):
    subject, row = await bench.subject(), uuid4()
    permit = bench.permit(subject, Verb.USE, "register", "phone")
    async with bench.tx() as tx:
        sealed = await bench.vault.seal(tx, permit, PHONE, row, {"code": "123456"})
        await bench.vault.close(tx, bench.permit(subject, Verb.FORGET, "register"))
    async with bench.tx() as tx:
        with pytest.raises(NotHeld):
            await bench.vault.unseal(tx, permit, PHONE, row, sealed)
        await ledger.forget(tx, subject)
        with pytest.raises(Erased):
            await bench.vault.unseal(tx, permit, PHONE, row, sealed)


# INVARIANT: what is used and not kept is never stored.


async def test_what_is_used_and_not_kept_is_never_stored(bench):
    subject, row = await bench.subject(), uuid4()
    permit = bench.permit(subject, Verb.COLLECT, "watch", "phone", "motion", unkept={"phone"})
    vault = bench.vault
    for store in (
        lambda tx: vault.put(tx, permit, PHONE, {"v": 1}),
        lambda tx: vault.add(tx, permit, PHONE, {"v": 1}),
        lambda tx: vault.append(tx, permit, [reading("motion"), reading("phone")]),
        lambda tx: vault.correct(tx, permit, reading("phone")),
        lambda tx: vault.holds.begin(tx, permit, PHONE, RecordId(row), ()),
        lambda tx: vault.seal(tx, permit, PHONE, row, {"v": 1}),
        lambda tx: vault.lookup.claim(tx, permit, PHONE, "x"),
        lambda tx: vault.arrive(tx, [Arrival(permit, {PHONE: {"v": 1}}, {})]),
    ):
        async with bench.tx() as tx:
            with pytest.raises(NotKept):
                await store(tx)
    assert await bench.everything(subject) == []
    async with bench.tx() as tx:
        assert await vault.append(tx, permit, [reading("motion")]) == Stored(1, 0)


# INVARIANT: no permit, no plaintext.


async def test_a_forged_permit_opens_and_stores_nothing(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    real = bench.permit(subject, Verb.USE, "register", "email")
    wider = structs.replace(real, allow=Allow(frozenset({PHONE}), frozenset(), frozenset()))
    elsewhere = structs.replace(real, ask=structs.replace(real.ask, subject=await bench.subject()))
    for forged in (
        wider,
        elsewhere,
        structs.replace(real, tag=bytes(32)),
        structs.replace(real, lapses=START.max),
    ):
        for call in calls(bench, forged).values():
            async with bench.tx() as tx:
                with pytest.raises(Forged):
                    await call(tx)


async def test_a_lapsed_permit_opens_and_stores_nothing(bench):
    subject = await bench.subject()
    permit = bench.permit(subject, Verb.USE, "register", "phone")
    bench.clock.pass_(hours=1)
    for call in calls(bench, permit).values():
        async with bench.tx() as tx:
            with pytest.raises(Lapsed):
                await call(tx)


def calls(bench, permit):
    """Every call of the vault that takes a permit, by its name."""
    vault, items = bench.vault, frozenset({PHONE})

    async def drain(stream):
        async for _ in stream:
            pass

    return {
        "put": lambda tx: vault.put(tx, permit, PHONE, {}),
        "open": lambda tx: vault.open(tx, permit, PHONE),
        "append": lambda tx: vault.append(tx, permit, [reading("phone")]),
        "events": lambda tx: drain(vault.events(tx, permit)),
        "count": lambda tx: vault.count(tx, permit),
        "everything": lambda tx: drain(vault.everything(tx, permit)),
        "seal": lambda tx: vault.seal(tx, permit, PHONE, uuid4(), {}),
        "unseal": lambda tx: vault.unseal(tx, permit, PHONE, uuid4(), bytes(40)),
        "let_go": lambda tx: vault.let_go(tx, permit, items),
        "close": lambda tx: vault.close(tx, permit),
        "lookup.claim": lambda tx: vault.lookup.claim(tx, permit, PHONE, "x"),
        "lookup.release": lambda tx: vault.lookup.release(tx, permit, PHONE),
        "erasure.begin": lambda tx: bench.erasure.begin(tx, permit, None),
        "add": lambda tx: vault.add(tx, permit, PHONE, {}),
        "records": lambda tx: vault.records(tx, permit, PHONE),
        "history": lambda tx: vault.history(tx, permit, PHONE),
        "correct": lambda tx: vault.correct(tx, permit, reading("phone")),
        "delete": lambda tx: vault.delete(tx, permit, uuid4()),
        "holds.begin": lambda tx: vault.holds.begin(tx, permit, PHONE, uuid4(), ()),
        "holds.open": lambda tx: drain(vault.holds.open(tx, permit)),
        "on_file": lambda tx: vault.on_file(tx, permit),
        "arrive": lambda tx: vault.arrive(tx, [Arrival(permit, {PHONE: {"v": 1}}, {})]),
        "replaced": lambda tx: vault.replaced(tx, permit, PHONE, {}),
        "timeline.newest": lambda tx: vault.timeline.newest(tx, permit, START.date()),
        "timeline.marks": lambda tx: vault.timeline.marks(tx, permit, START.date(), START.date()),
    }


def test_every_call_of_the_vault_that_takes_a_permit_is_tried():
    from inspect import getmembers, isfunction, signature

    from troth.vault import Vault
    from troth.vault.erasure import Erasure
    from troth.vault.holds import Holds
    from troth.vault.lookup import Lookup
    from troth.vault.timeline import Timeline

    parts = {"": Vault, "lookup.": Lookup, "erasure.": Erasure, "holds.": Holds, "timeline.": Timeline}
    found = {
        part + name
        for part, kind in parts.items()
        for name, call in getmembers(kind, isfunction)
        if not name.startswith("_") and {"permit", "arrivals"} & signature(call).parameters.keys()
    }
    assert found == calls(SimpleNamespace(vault=None), None).keys()


READS = "open events count seal unseal records history on_file"


@pytest.mark.parametrize(
    ("verb", "allowed"),
    [
        (
            Verb.COLLECT,
            "put append seal unseal lookup.claim lookup.release add correct holds.begin arrive replaced",
        ),
        (Verb.USE, READS),
        (Verb.SHARE, READS),
        (Verb.DISCLOSE, READS),
        (Verb.FORGET, "let_go close lookup.release records delete"),
    ],
)
async def test_a_permit_is_good_for_its_verb_only(bench, verb, allowed):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    permit = bench.permit(subject, verb, "register", "phone")
    refused = set()
    tried = calls(bench, permit)
    for name, call in tried.items():
        try:
            async with bench.tx() as tx:
                await call(tx)
        except NotCovered:
            refused.add(name)
        except (NotHeld, Unsealable, UniqueViolation):  # who arrives is new: this one has a document
            pass
    assert tried.keys() - refused == {*allowed.split()}


async def test_a_permit_is_good_for_its_items_only(bench):
    subject = await bench.subject()
    await bench.put(subject, "phone", {"v": 1})
    permits = [bench.permit(subject, verb, "register", "email") for verb in Verb]
    for call in (
        lambda tx, permit: bench.vault.put(tx, permit, PHONE, {}),
        lambda tx, permit: bench.vault.open(tx, permit, PHONE),
        lambda tx, permit: bench.vault.append(tx, permit, [reading("phone"), reading("email")]),
        lambda tx, permit: bench.vault.seal(tx, permit, PHONE, uuid4(), {}),
        lambda tx, permit: bench.vault.unseal(tx, permit, PHONE, uuid4(), b""),
        lambda tx, permit: bench.vault.let_go(tx, permit, frozenset({PHONE})),
        lambda tx, permit: bench.vault.lookup.claim(tx, permit, PHONE, "x"),
        lambda tx, permit: bench.vault.lookup.release(tx, permit, PHONE),
    ):
        for permit in permits:
            async with bench.tx() as tx:
                with pytest.raises(NotCovered):
                    await call(tx, permit)


@pytest.mark.parametrize(
    ("changed", "opens"),
    [
        ({"basis": Basis.OWN_RIGHT}, True),
        ({"basis": None}, False),
        ({"basis": Basis.LEGAL_DUTY, "reference": Reference("order", "x")}, False),
        ({"basis": Basis.OWN_RIGHT, "actor": Actor(ActorKind.STAFF, "s1")}, False),
        ({"basis": Basis.OWN_RIGHT, "actor": Actor(ActorKind.SUBJECT, str(uuid4()))}, False),
        (
            {
                "basis": Basis.OWN_RIGHT,
                "actor": Actor(ActorKind.STAFF, "s1"),
                "reference": Reference("request", "r1"),
            },
            True,
        ),
    ],
)
async def test_only_the_subjects_own_right_opens_everything(bench, changed, opens):
    subject = await bench.subject()
    permit = bench.permit(subject, Verb.USE, "register", **changed)
    async with bench.tx() as tx:
        if opens:
            assert [one async for one in bench.vault.everything(tx, permit)] == []
        else:
            with pytest.raises(NotCovered):
                [one async for one in bench.vault.everything(tx, permit)]


# INVARIANT: a sealed value opens in its own place only.


@pytest.mark.parametrize(
    "swap",
    [
        # another subject's value, another record's, an old version put back
        """UPDATE document SET sealed = (SELECT sealed FROM document WHERE subject = %(b)s AND item = 'phone')
            WHERE subject = %(a)s AND item = 'phone'""",
        """UPDATE document SET sealed = (SELECT sealed FROM document WHERE subject = %(a)s AND item = 'email')
            WHERE subject = %(a)s AND item = 'phone'""",
        "UPDATE document SET version = version + 1 WHERE subject = %(a)s",
        "UPDATE document SET policy_version = 2 WHERE subject = %(a)s",
        """UPDATE document_wrap SET wrapped = (SELECT wrapped FROM document_wrap
            JOIN document d USING (record) WHERE d.subject = %(b)s AND d.item = 'phone')
            WHERE subject = %(a)s""",
        "UPDATE document_wrap SET function = 'sunmi-camera/register' WHERE function = 'sunmi-camera/cloud'",
        "UPDATE document SET sealed = substr(sealed, 1, 10) WHERE subject = %(a)s",
    ],
)
async def test_a_moved_document_does_not_open(bench, swap):
    a, b = await bench.subject(), await bench.subject()
    for subject in (a, b):
        await bench.put(subject, "phone", {"v": 1}, function="cloud" if "cloud" in swap else "register")
        await bench.put(subject, "email", {"v": 2})
    assert await bench.meddle(swap, a=a, b=b)
    with pytest.raises(Unsealable):
        await bench.open(a, "phone")


@pytest.mark.parametrize(
    "swap",
    [
        # to another subject, to another function, to another day
        """UPDATE event_block SET subject = %(a)s, key = (SELECT key FROM vault_key WHERE subject = %(a)s
            AND function = 'sunmi-camera/watch') WHERE subject = %(b)s""",
        """UPDATE event_block SET function = 'sunmi-camera/watch', key = (SELECT key FROM vault_key
            WHERE subject = %(a)s AND function = 'sunmi-camera/watch')
            WHERE subject = %(a)s AND function = 'sunmi-camera/count'""",
        "UPDATE event_block SET at_day = at_day - 1",
        "UPDATE event_block SET block = gen_random_uuid()",
        "UPDATE event_block SET version = 2",
        "UPDATE event_block SET policy_version = 2",
        "UPDATE vault_key SET owner_epoch = 1",
        """UPDATE vault_key SET wrapped = (SELECT wrapped FROM vault_key WHERE subject = %(b)s)
            WHERE subject = %(a)s""",
    ],
)
async def test_a_moved_block_does_not_open(bench, swap):
    a, b = await bench.subject(), await bench.subject()
    for subject in (a, b):
        await bench.append(subject, [reading()])
    await bench.append(a, [reading()], function="count")
    assert await bench.meddle(swap, a=a, b=b)
    with pytest.raises(Unsealable):
        await bench.events(a)


# Look-up.


async def test_a_claimed_value_finds_its_subject_and_no_other(bench):
    a, b = await bench.subject(), await bench.subject()
    await claim(bench, a, "+8613800138000")
    await claim(bench, a, "+8613800138000")
    async with bench.tx() as tx:
        assert await bench.vault.lookup.find(tx, PHONE, "+8613800138000") == a
        assert await bench.vault.lookup.find(tx, ItemName("email"), "+8613800138000") is None
    with pytest.raises(Claimed):
        await claim(bench, b, "+8613800138000")
    await claim(bench, a, "+8613900139000")  # a new number frees the old one
    await claim(bench, b, "+8613800138000")


async def test_two_who_claim_at_once_do_not_both_get_it(bench):
    subjects = [await bench.subject() for _ in range(5)]
    outcomes = await asyncio.gather(
        *(claim(bench, subject, "x@example.com") for subject in subjects), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Claimed"] * 4 + ["NoneType"]


async def claim(bench, subject, value):
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.COLLECT, "register", "phone")
        await bench.vault.lookup.claim(tx, permit, PHONE, value)


# INVARIANT: what was forgotten stays so.


async def test_nothing_is_stored_for_an_erased_or_unknown_subject(bench):
    erased = await bench.subject()
    await bench.put(erased, "phone", {"v": 1})
    async with bench.tx() as tx:
        await ledger.forget(tx, erased)
    for subject in (erased, uuid4()):
        with pytest.raises(Erased):
            await bench.put(subject, "phone", {"v": 2})
        with pytest.raises(Erased):
            await bench.append(subject, [reading()])
        with pytest.raises(Erased):
            await claim(bench, subject, "x")
        with pytest.raises(Erased):
            await bench.everything(subject)


async def test_the_app_may_not_undo_an_erasure(bench):
    async with bench.tx() as tx:
        for table in ("erasure", "erasure_told"):
            allowed = "SELECT has_table_privilege(%(table)s, 'DELETE')"
            assert await tx.value(allowed, {"table": table}) is False


async def test_every_query_is_used_by_someone():
    from pathlib import Path

    import troth.vault

    text = "".join(path.read_text() for path in Path(troth.vault.__file__).parent.glob("*.py"))
    built = ("old_keys_", "old_media_", "old_wraps_", "old_tags_", "reach_", "erase_", "needs_", "left_")
    unused = [name for name in QUERIES if f'"{name}"' not in text and not name.startswith(built)]
    assert unused == []
