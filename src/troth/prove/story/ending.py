"""Steps j to l: a complete copy, a cancellation that leaves nothing, and a ledger that can't be bent."""

from __future__ import annotations

import asyncio
import base64
import json
import time as wall
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString

from troth.prove.scan import scan
from troth.prove.story.person import Person
from troth.prove.story.stage import POLICY, Stage
from troth.prove.story.telling import Seen, Telling

UNAUTHORISED = 401
STAGES = 5
PATIENCE_S = 20
CANCEL = f"{POLICY}/rights/cancel"
_EDIT: LiteralString = (
    "UPDATE ledger_entry SET body = convert_to(replace(convert_from(body, 'UTF8'), %(old)s, %(new)s), 'UTF8')"
    " WHERE kind = 'accepted'"
)
_STORED = f"{POLICY}/retention"


async def tell(stage: Stage, telling: Telling) -> None:
    """Tell steps j, k and l."""
    await _copy(stage, telling)
    head = await _cancel(stage, telling)
    await _scan(stage, telling)
    await _ledger(stage, telling, head)


async def _copy(stage: Stage, telling: Telling) -> None:
    async def complete() -> Seen:
        lines = [json.loads(line) for line in await stage.owner.lines("/v1/me/copy")]
        whole = json.dumps(lines, ensure_ascii=False)
        films = "".join(
            base64.b64decode(line["base64"]).decode("latin-1") for line in lines if "base64" in line
        )
        missing = [m for m in stage.marks.sealed() if m not in whole and m not in films]
        readings = [line["item"] for line in lines if line["kind"] == "reading"]
        alarms = sum("in your shop" in letter.text for letter in stage.gateway.to(stage.marks.phone))
        told = readings.count("alert_told")  # noted before its letter goes out, so that it is sent once
        expected = stage.still_held + told
        ended = lines[-1]["kind"] == "end" and lines[-1]["lines"] == len(lines) - 1
        held = not missing and len(readings) == expected and told >= alarms and ended
        held = held and stage.marks.password not in whole
        media = sum(line["kind"] == "media" for line in lines)
        held = held and media == len(stage.films) + 1  # and the picture of the night
        count = f"{len(readings)} of {expected} readings, {media} films and pictures"
        said = f"{count}, {len(missing)} values missing"
        return Seen(said, held, f"{POLICY}/rights/copy")

    await telling.tell("j", "a copy, complete, streamed; the password is not in it", complete)


async def _farewell(stage: Stage) -> dict[str, Any]:
    answer = await Person(stage.base_url).ask("POST", "/v1/farewell", {"farewell": stage.farewell})
    return dict(answer.require())


async def _cancel(stage: Stage, telling: Telling) -> str:
    """Tell the cancellation; return the ledger's head as the owner keeps it."""
    kept = {"head": ""}

    async def refused() -> Seen:
        kept["head"] = head_in(stage.receipt)
        asked = (await stage.owner.ask("POST", "/v1/me/cancel", {})).require()
        start = wall.perf_counter()
        body = {"confirm": asked["confirm"]}
        stage.farewell = str(
            (await stage.owner.ask("POST", "/v1/me/cancel/confirm", body)).require()["farewell"]
        )
        token = (await stage.owner.ask("GET", "/v1/me")).status
        login = {"login": stage.marks.phone, "password": stage.marks.password}
        sign_in = (await Person(stage.base_url).ask("POST", "/v1/sessions", login)).status
        device = await _device_refused(stage)
        took = wall.perf_counter() - start
        keys = (await stage.evidence.rows_about_people())["keys"]
        held = token == sign_in == UNAUTHORISED and device and not keys
        said = f"token {token}, sign-in {sign_in}, device refused: {device}, {keys} keys left"
        return Seen(f"{said}, {took * 1000:.0f} ms", held, CANCEL)

    async def certified() -> Seen:
        await stage.later(timedelta(days=1, minutes=5))
        async with asyncio.timeout(PATIENCE_S):
            # Over HTTP, as a person would ask: there is no event to wait for out here.
            while not (told := await _farewell(stage)).get("certificate"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            while (await stage.evidence.rows_about_people())["films"]:  # noqa: ASYNC110 - bytes are swept
                await asyncio.sleep(0.1)
        with TemporaryDirectory() as folder:
            paper = Path(folder) / "certificate.jws"
            paper.write_text(str(told["certificate"]))
            status, said = await stage.levers.command("receipt", "verify", str(paper))
        rows = await stage.evidence.rows_about_people()
        left = {name: n for name, n in rows.items() if n}
        held = status == 0 and not left and int(told["stage"]) >= STAGES
        paper_says = "valid" if status == 0 else said.strip()
        paper_says = "valid" if status == 0 else said.strip()
        return Seen(
            f"stage {told['stage']}, certificate {paper_says}, left: {left or 'nothing'}", held, CANCEL
        )

    await telling.tell("k", "cancelled: refused at once, on every way in", refused)
    await telling.tell(
        "k", "after the epoch: unrecoverable, swept, certified; the paper verifies offline", certified
    )
    return kept["head"]


def head_in(receipt: str) -> str:
    """Return the signed head that a receipt carries, read as anyone who holds the paper would."""
    said = receipt.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))["head"])


async def _device_refused(stage: Stage) -> bool:
    async with stage.camera() as camera:
        try:
            await camera.turned_away(within_s=PATIENCE_S)
        except TimeoutError:
            return False
        return not camera.online


async def _scan(stage: Stage, telling: Telling) -> None:
    async def clean() -> Seen:
        await stage.evidence.checkpoint()
        seen = await asyncio.to_thread(scan, stage.roots, stage.marks.every())
        files = sum(1 for root in stage.roots for path in root.rglob("*") if path.is_file())
        found = ", ".join(sorted({f"{s.form} in {s.file}" for s in seen}))
        return Seen(f"{files} files, {found or 'no marker'}", held=files > 0 and not seen, clause=_STORED)

    async def control() -> Seen:
        found = {s.marker for s in await stage.control()}
        missed = [m for m in stage.marks.sealed() if m not in found]
        said = f"{len(found)} of {len(stage.marks.sealed())} markers found"
        return Seen(said, held=not missed, clause=_STORED)

    await telling.tell("k", "no planted value in any byte of database, WAL, stream, logs", clean)
    await telling.tell("k", "the control: with sealing sabotaged the same scan finds each of them", control)


async def _ledger(stage: Stage, telling: Telling, head: str) -> None:
    async def verify() -> tuple[int, str]:
        with TemporaryDirectory() as folder:
            kept = Path(folder) / "head.txt"
            kept.write_text(head)
            return await stage.levers.command("ledger", "verify", "--against", str(kept))

    async def sound() -> Seen:
        status, said = await verify()
        return Seen(said.strip().splitlines()[-1] if said.strip() else "", held=status == 0)

    async def edited() -> Seen:
        forged = await stage.evidence.change(_EDIT, {"old": "accepted", "new": "accepteD"})
        status, said = await verify()
        await stage.evidence.change(_EDIT, {"old": "accepteD", "new": "accepted"})
        restored, _ = await verify()
        held = forged > 0 and status != 0 and restored == 0
        return Seen(said.strip().splitlines()[-1] if said.strip() else "not found", held)

    await telling.tell("l", "the ledger verifies against the head in the owner's receipt", sound)
    await telling.tell("l", "an entry edited by the database's owner is found", edited)
