"""Backups beside writers and turning epochs; a restore that is killed at random; the command line."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import sys
from contextlib import suppress

import pytest

from tests.flow.backup_rig import Safe
from tests.flow.test_backup_restore import OTHER, cancelled, settled, signed_in
from troth.app.backup import keys as exported
from troth.app.backup import restore as steps
from troth.app.embedded.postgres import Postgres
from troth.app.supervisor import Supervisor
from troth.app.wiring import Troth
from troth.ledger.verify import Verified

KILLS = int(os.environ.get("TROTH_KILLS", "3"))
SEED = int(os.environ.get("TROTH_KILLS_SEED", "0")) or 1 + secrets.randbelow(10**6)


@pytest.fixture
def safe(database, tmp_path):
    return Safe(database, tmp_path)


async def test_a_backup_while_epochs_turn_has_exactly_the_keys_of_its_rows(safe, make_empty, tmp_path):
    over = asyncio.Event()
    async with safe.house() as house:
        people = [await house.owner(phone=f"+86138001380{n:02}") for n in range(4)]
        await settled(house)

        async def turn():
            while not over.is_set():
                await house.troth.rotate_keys()

        async def come_and_go():
            for someone in people[2:]:
                for function in ("customer_flow", "store_guard"):
                    await someone.done("POST", f"/v1/me/functions/{function}/choose", {"language": "en"})
                    await house.troth.sequence()
                await cancelled(someone)
                await house.troth.sequence()

        taken = []
        async with asyncio.TaskGroup() as group:
            group.create_task(turn())
            busy = group.create_task(come_and_go())
            while not busy.done():
                taken.append(await safe.take(house))
                await asyncio.sleep(0)
            over.set()
        await settled(house)
        at = house.clock.at
    assert len(taken) > 1
    for one in taken:
        plan = await safe.check(one, make_empty(), tmp_path / "never")
        assert set(exported.marks(one.keys)) == set(plan.data.said["epochs"])
    middle = taken[len(taken) // 2]
    database, home = make_empty(), tmp_path / "again"
    await safe.restore(middle, database, home, at)
    async with safe.again(database, home, at) as house:
        rows = (
            "SELECT count(*) FROM vault_key WHERE kek_epoch <> %(e)s",
            "SELECT count(*) FROM document_wrap WHERE kek_epoch <> %(e)s",
        )
        epochs = house.troth._system.keyring.epochs(exported.EpochKind.KEK)
        assert len(epochs) == 1  # so every row was opened with a key of the backup, and wrapped anew
        async with house.troth._open() as tx:
            for query in rows:
                assert await tx.value(query, {"e": epochs[0]}) == 0
        for n, status in enumerate((200, 200, 401, 401)):
            assert (await signed_in(house, f"+86138001380{n:02}")).status_code == status
        assert isinstance(await house.troth.verify_ledger(), Verified)


async def troth(*words, env, kill_after=None):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "troth.main.troth", *map(str, words),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "NO_COLOR": "1", "COLUMNS": "300", **env},
    )  # fmt: skip
    if kill_after is not None:
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), kill_after)
        with suppress(ProcessLookupError):
            process.kill()
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize("embedded", [False, True], ids=["own server", "embedded"])
async def test_a_restore_that_is_killed_again_and_again_comes_to_its_end(
    safe, make_empty, tmp_path, embedded
):
    async with safe.house() as house:
        erased, other = await house.owner(), await house.owner(phone=OTHER)
        await settled(house)
        env = {"TROTH_DATA": str(safe.home), **safe.database.environ}
        status, said = await troth("backup", safe.data, "--keys", safe.keys, env=env)
        assert status == 0, said
        await cancelled(erased)
        head = await settled(house)
    database, home = make_empty(), tmp_path / "again"
    words = ["restore", safe.data, "--keys", safe.keys, "--outside", safe.home]
    env = {"TROTH_DATA": str(home), **({} if embedded else database.environ)}
    chance = random.Random(SEED)  # noqa: S311
    for _ in range(KILLS):
        await troth(*words, env=env, kill_after=chance.uniform(0.5, 6))
        if home.exists() and not (home / steps.MARK).exists() and any(home.iterdir()):
            break  # it had come to its end
    else:
        status, said = await troth(*words, env=env)
        assert status == 0, (SEED, said)
        assert "1 erasures" in said or "0 erasures" in said  # the killed one may have done it
    assert not (home / steps.MARK).exists()

    async def looked_at(settings):
        async with Troth.open(settings) as again:
            verdict = await again.verify_ledger(head)
            assert isinstance(verdict, Verified), (SEED, verdict)
            async with again._open() as tx:
                for table in ("vault_key", "document", "act", "account"):
                    for someone, there in ((erased, 0), (other, 1)):
                        query = f"SELECT count(*) FROM {table} WHERE subject = %(s)s"  # noqa: S608
                        rows = await tx.value(query, {"s": someone.account})
                        assert min(rows, 1) == there, (SEED, table)
                restored = "SELECT count(*) FROM ledger_entry WHERE kind = 'restored'"
                assert await tx.value(restored) == 1

    if not embedded:
        await looked_at(safe.settings(database, home))
        return
    async with Supervisor() as supervisor:
        postgres = Postgres(home / "postgres")
        await supervisor.add(postgres.child)
        settings = safe.settings(database, home).with_database(postgres.dsn)
        await looked_at(settings)
    _status, said = await troth(*words, env=env)
    assert "holds a system" in said
