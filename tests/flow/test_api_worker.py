"""The loops on a real database: letters leave, entries get numbers, and a lost connection ends nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import psycopg

from tests.conftest import Dsns
from tests.flow.api_people import PHONE, open_house
from troth.edges import worker
from troth.prove.story.gateway import Gateway


async def test_a_code_arrives_and_entries_get_numbers_also_after_every_connection_was_cut(
    database: Dsns, tmp_path: Path
) -> None:
    async with Gateway() as gateway, open_house(database, tmp_path) as house:
        system = house.troth._system
        house.troth._system = replace(system, settings=replace(system.settings, outbox_url=gateway.url))
        stop = asyncio.Event()
        working = asyncio.create_task(worker.serve(house.troth, stop))
        made = await house.http.post("/v1/accounts", json=await house.form())
        code = await gateway.code(PHONE)
        with psycopg.connect(database.owner, autocommit=True) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        account = made.json()["account"]
        verified = await house.http.post(f"/v1/accounts/{account}/verify", json={"code": code})
        assert verified.status_code == 200, verified.text
        async with asyncio.timeout(15):
            while await _waiting(database):
                await asyncio.sleep(0.05)
        stop.set()
        await working


async def _waiting(database: Dsns) -> int:
    async with await psycopg.AsyncConnection.connect(database.owner) as conn:
        row = await (await conn.execute("SELECT count(*) FROM ledger_queue")).fetchone()
        return int(row[0])
