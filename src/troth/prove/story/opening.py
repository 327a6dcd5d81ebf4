"""Steps a to c: the system comes up, an owner registers, a camera is bound."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from troth.prove.simulator import Way
from troth.prove.story.person import FORBIDDEN, Answer, Person
from troth.prove.story.stage import POLICY, Stage
from troth.prove.story.telling import Seen, Telling

TOO_MANY = 429
CODE = "7741-2280"
WRONG_CODE = "0000-0000"
SPARE = "SPARE-CAMERA-1"
LOCKED_FOR = timedelta(minutes=16)


async def notice(stage: Stage) -> Mapping[str, Any]:
    """Return the policy as it is shown to a person."""
    return (await Person(stage.base_url).ask("GET", f"/v1/policies/{POLICY}?language=en")).require()


async def register(stage: Stage, who: Person, **changed: object) -> Answer:
    """Fill in the registration form as the planted owner, with ``changed`` fields."""
    shown = await notice(stage)
    form: dict[str, Any] = {
        "phone": stage.marks.phone,
        "email": stage.marks.email,
        "password": stage.marks.password,
        "policy": POLICY,
        "version": shown["version"],
        "language": "en",
        "text_hash": shown["text_hash"],
        "agreed": True,
        "declares_adult": True,
    }
    return await who.ask("POST", "/v1/accounts", form | changed)


async def tell(stage: Stage, telling: Telling) -> None:
    """Tell steps a, b and c."""
    await _up(stage, telling)
    await _strangers(stage, telling)
    await _owner(stage, telling)
    await _camera(stage, telling)


async def _up(stage: Stage, telling: Telling) -> None:
    async def services() -> Seen:
        health = (await stage.owner.ask("GET", "/healthz")).require()
        there = [part for part, is_there in health.items() if is_there and part != "ready"]
        away = [part for part, is_there in health.items() if not is_there and part != "ready"]
        said = [f"{' and '.join(there)} ready"] * bool(there) + [f"{' and '.join(away)} away"] * bool(away)
        return Seen(", ".join(said), held=bool(health.get("ready")))

    async def published() -> Seen:
        shown = await notice(stage)
        entries = await stage.evidence.value(
            "SELECT count(*) FROM ledger_entry WHERE kind = 'policy_published'"
            " AND convert_from(body, 'UTF8')::jsonb ->> 'policy' = %(policy)s",
            {"policy": POLICY},
        )
        said = f"{POLICY} version {shown['version']}, {entries} entry in the ledger"
        return Seen(said, held=entries == 1, clause=f"{POLICY}/acceptance")

    await telling.tell("a", "database, broker and API are ready", services)
    await telling.tell("a", "the policy is published, once, and the ledger knows", published)


async def _nothing_stored(stage: Stage, answer: Answer, reason: str) -> Seen:
    rows = await stage.evidence.rows_about_people()
    held = answer.status == FORBIDDEN and answer.reason == reason and not any(rows.values())
    kept = ", ".join(f"{n} {name}" for name, n in rows.items() if n) or "nothing stored"
    return Seen(f"{answer.status} {answer.reason}; {kept}", held, answer.clause)


async def _strangers(stage: Stage, telling: Telling) -> None:
    async def not_agreed() -> Seen:
        answer = await register(stage, Person(stage.base_url), agreed=False)
        return await _nothing_stored(stage, answer, "not_accepted")

    async def seventeen() -> Seen:
        born = stage.today.replace(year=stage.today.year - 17, month=1, day=1)
        answer = await register(stage, Person(stage.base_url), declares_adult=None, birth_date=str(born))
        return await _nothing_stored(stage, answer, "underage")

    await telling.tell("b", "who does not agree is refused and leaves nothing behind", not_agreed)
    await telling.tell("b", "a 17-year-old is refused; the birth date is not kept", seventeen)


async def sign_up(stage: Stage) -> None:
    """Let the owner register, type in the code that arrived, and hold a token. Raises what went wrong."""
    begun = (await register(stage, stage.owner)).require()
    stage.account = str(begun["account"])
    code = await stage.gateway.code(stage.marks.phone)
    verified = await stage.owner.ask("POST", f"/v1/accounts/{stage.account}/verify", {"code": code})
    stage.owner.token = str(verified.require()["token"])
    stage.receipt = str(verified.body["receipt"])


async def bind(stage: Stage) -> None:
    """Let the owner bind their camera with the right code."""
    device = (await _bind(stage, stage.marks.serial, CODE)).require()
    stage.device = str(device["device"])
    stage.way = Way(*stage.mqtt, str(device["token"]), str(device["secret"]), stage.tls)


async def link_store(stage: Stage) -> None:
    """Let the owner ask for two functions and say which store the camera watches."""
    for function in ("customer_flow", "store_guard"):
        path = f"/v1/me/functions/{function}/choose"
        (await stage.owner.ask("POST", path, {"language": "en"})).require()
    shop = {
        "store_name": stage.marks.store_name,
        "store_address": stage.marks.store_address,
        "business_hours": {"opens": "09:00", "closes": "21:00"},
    }
    (await stage.owner.ask("PUT", "/v1/me/store", shop)).require()


async def stock(stage: Stage, *serials: str) -> None:
    """Let the maker put cameras on the shelf."""
    await stage.hire()
    for serial in serials:
        body = {"serial": serial, "model": "Store Sense Camera", "code": CODE}
        (await stage.maker.ask("POST", "/v1/maker/devices", body)).require()


async def settle(stage: Stage) -> None:
    """Go the whole way from a stranger to an owner whose store is watched, without a word."""
    await stock(stage, stage.marks.serial)
    await sign_up(stage)
    await bind(stage)
    await link_store(stage)


async def _owner(stage: Stage, telling: Telling) -> None:
    async def registers() -> Seen:
        await sign_up(stage)
        me = (await stage.owner.ask("GET", "/v1/me")).require()
        held = me["account"] == stage.account
        return Seen("code arrived, account verified, signed in", held, f"{POLICY}/functions/register")

    await telling.tell("b", "the owner sees the policy, accepts, registers and holds a receipt", registers)


async def _bind(stage: Stage, serial: str, code: str) -> Answer:
    body = {
        "serial": serial,
        "code": code,
        "model": "Store Sense Camera",
        "mac": stage.marks.mac,
        "ip": stage.marks.ip,
    }
    return await stage.owner.ask("POST", "/v1/me/devices", body)


async def _camera(stage: Stage, telling: Telling) -> None:
    async def wrong() -> Seen:
        await stock(stage, stage.marks.serial, SPARE)
        statuses = [(await _bind(stage, SPARE, WRONG_CODE)).status for _ in range(6)]
        right_now = await _bind(stage, SPARE, CODE)
        bound = await stage.evidence.value("SELECT count(*) FROM device")
        refused, locked = set(statuses[:5]) == {FORBIDDEN}, statuses[5] == right_now.status == TOO_MANY
        held = refused and locked and not bound
        return Seen(f"refused {statuses}, then locked even for the right code", held)

    async def bound() -> Seen:
        await stage.later(LOCKED_FOR)
        await bind(stage)
        said = f"device {stage.device[:8]}… with a token of its own"
        return Seen(said, held=True, clause=f"{POLICY}/functions/bind")

    async def store() -> Seen:
        await link_store(stage)
        me = (await stage.owner.ask("GET", "/v1/me")).require()
        on = sorted(name for name, f in me["functions"].items() if f["on"] and f["starts"] == "when_chosen")
        held = on == ["customer_flow", "store_guard"]
        return Seen(f"running: {', '.join(on)}", held, f"{POLICY}/functions/customer_flow")

    await telling.tell("c", "a wrong code is refused five times, then binding is locked", wrong)
    await telling.tell("c", "the right serial and code bind the camera", bound)
    await telling.tell("c", "a store is linked; the two functions asked for run, no other", store)
