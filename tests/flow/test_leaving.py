"""What is told before cancelling is what cancelling then does: the same days, nothing left out."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Dsns
from tests.flow.api_people import CAMERA, SHOP, open_house
from tests.flow.test_records import NEEDED
from troth.app.views import CancelWaits
from troth.subjects.roles import Role


async def test_what_was_told_before_cancelling_is_what_happens(database: Dsns, tmp_path: Path) -> None:
    async with open_house(database, tmp_path) as house:
        owner, maker = await house.owner(), await house.staff(Role.MAKER)
        shelf = {key: CAMERA[key] for key in ("serial", "model", "code")}
        await maker.done("POST", "/v1/maker/devices", shelf)
        await owner.done("POST", "/v1/me/devices", CAMERA)
        await owner.done("POST", "/v1/me/functions/store_guard/choose", {"language": "en"})
        await owner.done("PUT", "/v1/me/store", SHOP)
        told = await house.troth.leaving(owner.token)
        copy = [line async for line in await house.troth.copy(owner.token) if line["kind"] == "document"]
        held = {(name, line["item"]) for line in copy for name in line["functions"]}
        assert {(f"{each.policy}/{each.function}", item) for each in told.goes for item in each.items} == held
        assert ("sunmi-camera/bind", "mac_address") in held
        assert (told.begins, told.revocable, told.stays, told.told) == (house.clock.now(), None, (), ())
        offer = await house.troth.cancel(owner.token)
        gone = await house.troth.confirm_cancel(owner.token, offer.confirm)
        progress = await house.troth.farewell(gone.farewell)
        by = {stage.name: stage.by for stage in progress.stages}
        assert (by["certified"], by["backups"]) == (told.by, told.backups)

        texts = {"policy": "kaiconn", "language": "zh", "items": NEEDED, "phone": "+8613900000001"}
        shown = (await house.http.get("/v1/policies/kaiconn?language=zh")).json()
        other = await house.owner(**texts, text_hash=shown["text_hash"], version=shown["version"])
        told = await house.troth.leaving(other.token)
        offer = await house.troth.cancel(other.token)
        waits = await house.troth.confirm_cancel(other.token, offer.confirm)
        assert isinstance(waits, CancelWaits)
        assert (waits.until, waits.clause) == (told.begins, told.revocable)
        assert told.begins < told.by
