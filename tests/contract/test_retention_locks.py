"""The worker that carries out what is over locks people in the order in which everybody does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.fakes.vault import START, Bench
from troth.policy.keeping import Fate
from troth.policy.words import Outcome
from troth.vault import closing, keys
from troth.vault.expiry import Expiry

WAITS = """
SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE NOT l.granted AND a.datname = current_database()
"""


async def test_who_stores_for_several_and_who_deletes_never_wait_for_each_other_in_a_ring(database, tmp_path):
    async with Bench(database, tmp_path) as bench:
        first, last = sorted([await bench.subject(), await bench.subject()])
        for hours, subject in enumerate([last, first]):  # who comes last by id has been over for longest
            fate = Fate(START + timedelta(hours=hours), Outcome.DELETE)
            async with bench.tx() as tx:
                await closing.owe_whole(tx, (subject, "sunmi-camera/watch"), fate)
        bench.clock.pass_(hours=2)

        async def carry_out():
            async with bench.tx() as tx:
                return await Expiry(bench.keyring, bench.clock).run(tx)

        async with asyncio.timeout(30), bench.tx() as tx:
            await keys.hold(tx, first)
            worker = asyncio.create_task(carry_out())
            while not await bench.meddle(WAITS):
                await asyncio.sleep(0.01)
            await keys.hold(tx, last)
        assert await worker == 2
