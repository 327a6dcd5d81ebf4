"""The pool after an outage: whoever asks next is answered as soon as the server is."""

import asyncio
import time

from psycopg import AsyncConnection

from troth.db import Database

SIZE = 6
SOON_S = 2


async def occupy(db, places):
    async def once():
        async with db.transaction() as tx:
            places.release()
            await asyncio.wait_for(everybody.wait(), 10)
            await tx.value("SELECT 1")

    everybody = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(SIZE):
            group.create_task(once())
        for _ in range(SIZE):
            await places.acquire()
        everybody.set()


async def cut(owner):
    """End every session of the app, as the death of the server would."""
    async with await AsyncConnection.connect(owner, autocommit=True) as conn:
        cut = (
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE usename = 'troth_test'"
        )
        ended = await (await conn.execute(cut + " AND datname = current_database()")).fetchone()
    assert ended == (SIZE,)


async def test_one_who_asks_after_an_outage_does_not_wait_for_every_connection_that_died(database):
    async with Database(database.app, size=SIZE) as db:
        await occupy(db, asyncio.Semaphore(0))
        await cut(database.owner)
        begun = time.monotonic()
        async with db.transaction() as tx:
            assert await tx.value("SELECT 1") == 1
        assert time.monotonic() - begun < SOON_S
