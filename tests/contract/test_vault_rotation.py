"""Ending an epoch: everything live opens afterwards, and nothing that was deleted before."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tests.fakes.vault import ANYTHING, Bench, reading
from troth.terms import ItemName, Verb
from troth.vault import EpochKind, FolderKeyring, KeyDestroyed, KeyringUnfit, Vault
from troth.vault.rotation import Rotation

PHONE = ItemName("phone")
KEK, INDEX = EpochKind.KEK, EpochKind.INDEX


@pytest.fixture
async def bench(database, tmp_path):
    async with Bench(database, tmp_path) as one:
        yield one


async def fill(bench, n):
    """Store for ``n`` subjects: a document for two functions, a claimed number, readings of two streams."""
    subjects = [await bench.subject() for _ in range(n)]
    for place, subject in enumerate(subjects):
        await bench.put(subject, "phone", {"n": place})
        await bench.put(subject, "phone", {"n": place}, function="cloud")
        await bench.append(subject, [reading(value={"n": place})])
        await bench.append(subject, [reading(value={"n": place})], function="count")
        async with bench.tx() as tx:
            permit = bench.permit(subject, Verb.COLLECT, "register", "phone")
            await bench.vault.lookup.claim(tx, permit, PHONE, f"+86138{place:08}")
    return subjects


async def all_opens(bench, subjects):
    for place, subject in enumerate(subjects):
        assert await bench.open(subject, "phone") == {"n": place}
        assert await bench.open(subject, "phone", function="cloud") == {"n": place}
        assert [one.value for one in await bench.events(subject)] == [{"n": place}]
        async with bench.tx() as tx:
            assert await bench.vault.lookup.find(tx, PHONE, f"+86138{place:08}") == subject


async def test_what_lives_opens_after_the_epoch_and_the_old_keys_are_gone(bench):
    subjects = await fill(bench, 4)
    await all_opens(bench, subjects)
    progress = await bench.turn()
    assert [one.moved for one in progress] == sorted(one.moved for one in progress)
    # 3 data keys, 2 wraps and a tag for each subject
    assert progress[-1].moved == 4 * 6
    assert progress[-1].destroyed == ((KEK, 1), (INDEX, 1))
    assert bench.keyring.epochs(KEK) == bench.keyring.epochs(INDEX) == (2,)
    assert bench.keyring.epochs(EpochKind.STOCK) == (1,)
    await all_opens(bench, subjects)


async def test_turning_twice_and_resuming_with_nothing_to_do_are_harmless(bench):
    subjects = await fill(bench, 2)
    await bench.turn()
    await bench.turn()
    assert [one async for one in bench.rotation.resume()] == []
    assert bench.keyring.epochs(KEK) == (3,)
    await all_opens(bench, subjects)


@pytest.mark.parametrize("steps", range(6))
async def test_a_rotation_cut_short_anywhere_is_resumed(bench, steps):
    subjects = await fill(bench, 3)
    turning = bench.rotation.turn()
    for _ in range(steps):
        await anext(turning)
    await turning.aclose()
    await all_opens(bench, subjects)
    if steps == 0:  # never begun: a generator that was not asked runs nothing
        assert bench.keyring.epochs(KEK) == (1,)
        return
    again = Rotation(bench.db, FolderKeyring(bench.folder / "keyring"), bench.clock, batch=2)
    progress = [one async for one in again.resume()]
    assert progress[-1].destroyed == ((KEK, 1), (INDEX, 1))
    await all_opens(bench, subjects)


async def test_rows_of_before_open_nothing_with_the_keyring_of_after(bench):
    """A backup of the database alone, restored beside today's keyring."""
    subjects = await fill(bench, 2)
    tables = ("vault_key", "document_wrap", "blind_index")
    async with bench.tx() as tx:
        copies = {
            table: await (await tx.conn.execute(f"SELECT * FROM {table}")).fetchall()  # noqa: S608
            for table in tables
        }
    await bench.turn()
    async with bench.tx() as tx:
        for table, rows in copies.items():
            await tx.run(f"DELETE FROM {table}")  # noqa: S608
            for row in rows:
                marks = ", ".join(["%s"] * len(row))
                await tx.conn.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608
    for subject in subjects:
        with pytest.raises(KeyDestroyed):
            await bench.open(subject, "phone")
        with pytest.raises(KeyDestroyed):
            await bench.events(subject)
        with pytest.raises(KeyDestroyed):
            await bench.everything(subject)
    async with bench.tx() as tx:
        assert await bench.vault.lookup.find(tx, PHONE, "+8613800000000") is None


async def test_readers_and_writers_go_on_while_epochs_turn(bench):
    subjects = await fill(bench, 3)
    over = asyncio.Event()

    async def live(place, subject):
        n = 0
        while not over.is_set():
            n += 1
            fresh = f"item{n}"
            await bench.put(subject, fresh, {"n": n})
            assert await bench.open(subject, fresh) == {"n": n}
            assert await bench.open(subject, "phone") == {"n": place}
            await bench.append(subject, [reading()], function=f"stream{n}")
            assert len(await bench.everything(subject)) == 3 + 2 * n
            async with bench.tx() as tx:
                assert await bench.vault.lookup.find(tx, PHONE, f"+86138{place:08}") == subject

    async def turn():
        try:
            for _ in range(4):
                await bench.turn()
        finally:
            over.set()

    await asyncio.gather(turn(), *(live(place, subject) for place, subject in enumerate(subjects)))
    assert bench.keyring.epochs(KEK) == (5,)
    await all_opens(bench, subjects)


async def test_two_rotations_at_once_lose_nothing(bench):
    subjects = await fill(bench, 4)
    await asyncio.gather(bench.turn(), bench.turn())
    assert len(bench.keyring.epochs(KEK)) == 1
    await all_opens(bench, subjects)


async def test_another_vault_over_the_same_keyring_sees_the_new_epoch_at_once(bench):
    (subject,) = await fill(bench, 1)
    other = Vault(FolderKeyring(bench.folder / "keyring"), bench.clock, ANYTHING)
    await bench.turn()
    async with bench.tx() as tx:
        permit = bench.permit(subject, Verb.USE, "register", "phone")
        assert await other.open(tx, permit, PHONE) == {"n": 0}


async def test_an_epoch_that_something_still_needs_is_not_destroyed(bench):
    (subject,) = await fill(bench, 1)
    async with bench.tx() as tx:
        query = "SELECT kek_epoch, wrapped FROM vault_key WHERE function = 'sunmi-camera/count'"
        old = await (await tx.conn.execute(query)).fetchone()
    progress = []
    async for one in bench.rotation.turn():
        progress.append(one)
        async with bench.tx() as tx:  # as if a restore kept bringing an old row back, behind the walk
            await tx.conn.execute(
                "UPDATE vault_key SET kek_epoch = %s, wrapped = %s WHERE function = 'sunmi-camera/count'", old
            )
    assert (KEK, 1) not in progress[-1].destroyed
    assert (INDEX, 1) in progress[-1].destroyed
    assert bench.keyring.epochs(KEK) == (1, 2)
    assert len(await bench.events(subject, function="count")) == 1


async def test_what_opens_for_nobody_does_not_keep_an_epoch_alive(bench):
    subjects = await fill(bench, 2)
    async with bench.tx() as tx:
        await tx.run("UPDATE vault_key SET wrapped = substr(wrapped, 2) || 'x' WHERE function ~ 'count'")
    progress = await bench.turn()
    assert progress[-1].lost == 2
    assert bench.keyring.epochs(KEK) == (2,)
    await all_opens(bench, subjects)
    assert (await bench.turn())[-1].lost == 2  # and stays reported


async def test_a_keyring_of_another_database_is_not_destroyed(bench, tmp_path):
    subjects = await fill(bench, 2)
    other = FolderKeyring.create(tmp_path / "other")
    with pytest.raises(KeyringUnfit, match="another database"):
        [one async for one in Rotation(bench.db, other, bench.clock).turn()]
    assert other.epochs(KEK) == (1, 2)
    await all_opens(bench, subjects)


async def test_a_destroyed_epoch_is_on_record(bench):
    await bench.turn()
    async with bench.tx() as tx:
        query = "SELECT convert_from(body, 'UTF8') FROM ledger_entry WHERE kind = 'key_rotated' ORDER BY 1"
        bodies = [row[0] for row in await (await tx.conn.execute(query)).fetchall()]
    assert len(bodies) == 2
    assert all('"destroyed":1' in body for body in bodies)


class EndsBetween(FolderKeyring):
    """A keyring whose past epoch ends just before its key is read, as often as it is told."""

    ending = 0

    def key(self, kind, epoch):
        if self.ending:
            self.ending -= 1
            raise KeyDestroyed
        return super().key(kind, epoch)


async def test_an_epoch_that_ends_between_row_and_key_is_read_again(bench):
    (subject,) = await fill(bench, 1)
    ring = EndsBetween(bench.folder / "keyring")
    vault = Vault(ring, bench.clock, ANYTHING)
    use = bench.permit(subject, Verb.USE, "register", "phone")
    watch = bench.permit(subject, Verb.USE, "watch", "motion")
    row = uuid4()
    async with bench.tx() as tx:
        sealed = await vault.seal(tx, use, PHONE, row, {"v": 1})
        calls = (
            lambda: vault.open(tx, use, PHONE),
            lambda: vault.count(tx, watch),
            lambda: vault.unseal(tx, use, PHONE, row, sealed),
        )
        for call in calls:
            expected = await call()
            ring.ending = 1
            assert await call() == expected
            ring.ending = 2  # gone for good
            with pytest.raises(KeyDestroyed):
                await call()
            assert ring.ending == 0


async def test_an_index_epoch_that_ends_while_looking_is_passed_over(bench):
    (subject,) = await fill(bench, 1)
    bench.keyring.rotate(INDEX)
    ring = EndsBetween(bench.folder / "keyring")
    async with bench.tx() as tx:
        assert await Vault(ring, bench.clock).lookup.find(tx, PHONE, "+8613800000000") == subject
        ring.ending = 1
        assert await Vault(ring, bench.clock).lookup.find(tx, PHONE, "+8613800000000") is None
