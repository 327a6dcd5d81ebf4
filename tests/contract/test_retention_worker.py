"""The worker that deletes what is over: in which order it locks people, and that nobody holds up another."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.fakes.vault import START, Bench, reading
from troth.policy.keeping import Fate
from troth.policy.words import Outcome
from troth.terms import ItemName
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


async def test_what_does_not_open_holds_up_nobody_else(database, tmp_path, caplog):
    """A bit that flipped in one person's block: theirs stays due, and everybody else's is deleted in time."""
    async with Bench(database, tmp_path) as bench:
        worker = Expiry(bench.keyring, bench.clock)
        damaged, whole = [await bench.subject() for _ in range(2)]
        for subject in (damaged, whole):
            await bench.append(subject, [reading("motion"), reading("phone")])
            async with bench.tx() as tx:
                fate = Fate(START, Outcome.DELETE)
                await closing.owe_whole(tx, (subject, "sunmi-camera/watch"), fate, ItemName("phone"))
        await bench.meddle(
            "UPDATE event_block SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))"
            " WHERE subject = %(it)s",
            it=damaged,
        )

        for done in (1, 0):
            async with bench.tx() as tx:
                assert await worker.run(tx) == done
        assert await bench.meddle("SELECT FROM retention_due WHERE subject = %(it)s", it=damaged) == 1
        assert [one.item for one in await bench.events(whole, "motion", "phone")] == ["motion"]
        assert caplog.messages == ["what is over of sunmi-camera/watch is not deleted: Unsealable"]
