"""Putting a value of its own through every entrance of a running system (`tests.flow.entrances`)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import count
from uuid import uuid4

import httpx

from troth.prove.simulator import Way
from troth.prove.story.business import STORE_GUARD
from troth.prove.story.day import MOTION, SHANGHAI
from troth.prove.story.opening import CODE
from troth.prove.story.person import Person
from troth.prove.story.shop import upload
from troth.terms import Reading

PATIENCE_S = 60
STEM = "mk" + uuid4().hex[:16].translate(str.maketrans("0123456789", "ghijklmnop")) + "q"
"""How every value begins that a test of this run plants, but for those that must look like a number."""
GIVEN = ("phone", "email", "store_name", "store_address", "serial", "mac", "ip")
"""What the owner of every stage gives."""
NUMBERS = {name: f"+86138{seven}4" for name, seven in [
    ("child", "1725093"), ("minor", "2836104"), ("typed_minor", "3947215"), ("imported", "4158326"),
    ("member", "5269437"), ("leaver", "6371548"),
]}  # fmt: skip
"""Whom they belong to is known by nothing else."""
CANCELLED = frozenset({"minor", "typed_minor", "leaver", "leaver_address"})
"""What belongs to people who are erased in the end."""
OVERWRITTEN = frozenset({"quoted"})
"""What something else takes the place of before the page is written."""
UNREADABLE = frozenset({"unfit_import", "broken_import"})
"""What is refused unread."""
REPLACED = frozenset({
    *("store_name", "store_address", "service", "wrong", "right", "on_page", "till_store", "till_address"),
    *("misread", "misread_on_page", "moved_store", "store_on_page", "till_on_page"),
})  # fmt: skip
"""What another value takes the place of."""
SENT = frozenset({"asked", "typed_question"})
"""What goes out in a letter, of which nothing is left."""
FILMS = frozenset({"film", "device_film"})
BORN = "2018-05-01"
_numbers = count(1)


def marker():
    """Return a text that is nowhere else, short and plain enough for every field."""
    return f"{STEM}{next(_numbers):04d}"


@dataclass
class Planter:
    """Goes through every door once. ``folder``: where files lie that are nobody's store."""

    stage: object
    folder: object
    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, name):
        return self.planted.setdefault(name, NUMBERS.get(name) or marker())

    async def everywhere(self):
        """Plant through every entrance that keeps what it is given; return what was planted, by name."""
        self.planted |= {name: getattr(self.stage.marks, name) for name in GIVEN}
        self.office, self.service = await asyncio.gather(self.staff("privacy"), self.staff("service"))
        await self.measured()
        await self.asked()
        await self.asked_by_command_and_page()
        await self.served()
        await self.corrected()
        await self.filmed()
        await self.at_the_till()
        await self.others()
        return self.planted

    async def staff(self, role):
        who = Person(self.stage.base_url)
        who.token = (await self.command("staff", "add", "--role", role)).split()[-1]
        (self.folder / role).write_text(who.token)
        return who

    async def command(self, *words):
        status, said = await self.stage.levers.command(*words)
        assert status == 0, said
        return said

    def by(self, group, name, *words):
        return self.command(group, name, "--as", str(self.folder / "privacy"), *words)

    async def owner(self, method, path, body=None):
        return (await self.stage.owner.ask(method, path, body)).require()

    async def desk(self, method, path, body=None):
        return (await self.office.ask(method, path, body)).require()

    async def measured(self):
        """Have the camera send readings, and its owner correct one."""
        now = self.stage.levers.now()
        names = ("reading", "misread", "misread_on_page")
        sent = [Reading(uuid4(), MOTION, now, {"zone": self.plant(name)}) for name in names]
        async with self.stage.camera() as camera:
            await camera.let_in()
            (heard,) = await camera.acked([await camera.send(STORE_GUARD, sent)], within_s=PATIENCE_S)
            assert heard.figures["stored"] == len(sent), heard
        path = f"/v1/me/functions/{STORE_GUARD}/readings"
        day = now.astimezone(SHANGHAI).date()
        shown = await self.owner("GET", f"{path}?day={day}")
        seen = {one["value"].get("zone"): one for one in shown["readings"]}
        wrong = seen[self.planted["misread"]]
        value = wrong["value"] | {"zone": self.plant("reread")}
        await self.owner("PUT", f"{path}/{wrong['reading']}", {"value": value})
        page = f"/privacy/collected/sunmi-camera/{STORE_GUARD}/{day}"
        page = f"{page}/{seen[self.planted['misread_on_page']]['reading']}"
        await self.on_page(page, {"zone": self.plant("reread_on_page")}, troth_session=self.stage.owner.token)

    async def asked(self):
        """Ask, be asked, answer, be answered, by the API."""
        plant, owner, desk = self.plant, self.owner, self.desk
        mine = "/v1/me/requests"
        made = (await owner("POST", mine, {"right": "access", "text": plant("request")}))["request"]
        await desk("POST", f"/v1/staff/requests/{made}/ask", {"text": plant("asked")})
        await owner("POST", f"{mine}/{made}/more", {"text": plant("more")})
        await desk("POST", f"/v1/staff/requests/{made}/meet", {"text": plant("answer")})
        contact = {"contact": self.stage.marks.phone, "channel": "phone"}
        entering = contact | {"right": "access", "text": plant("entered")}
        entered = (await desk("POST", "/v1/staff/requests", entering))["request"]
        refusing = {"ground": "security", "facts": plant("refusal")}
        await desk("POST", f"/v1/staff/requests/{entered}/refuse", refusing)
        again = (await owner("POST", mine, {"right": "access", "text": "once more"}))["request"]
        quoting = {"fee": 1000, "text": plant("quoted")}
        await desk("POST", f"/v1/staff/requests/{again}/quote", quoting)
        await owner("POST", f"{mine}/{again}/agree", {})
        answering = {"text": plant("answered_on_page")}
        await self.on_page(f"/desk/requests/{again}/meet", answering, troth_desk=self.office.token)

    async def asked_by_command_and_page(self):
        """Do the same at the command line and on the pages."""
        plant, mine = self.plant, {"troth_session": self.stage.owner.token}
        phone = self.stage.marks.phone
        await self.on_page("/privacy/requests", {"right": "scope", "text": plant("asked_on_page")}, **mine)
        listed = await self.stage.owner.listed("/v1/me/requests")
        made = next(one["request"] for one in listed if one["right"] == "scope")
        await self.by("request", "ask", made, "--text", plant("typed_question"))
        await self.on_page(f"/privacy/requests/{made}/more", {"text": plant("more_on_page")}, **mine)
        await self.by("request", "refuse", made, "--ground", "security", "--facts", plant("typed_refusal"))
        body = {"right": "access", "text": "and again"}
        third = (await self.owner("POST", "/v1/me/requests", body))["request"]
        entering = ("--contact", phone, "--right", "access", "--by", "phone", "--text", plant("typed"))
        await asyncio.gather(
            self.by("request", "meet", third, "--text", plant("typed_answer")),
            self.by("request", "enter", *entering),
        )
        entering = {"contact": phone, "right": "access", "channel": "phone", "text": plant("entered_on_page")}
        await self.on_page("/desk/requests/new", entering, troth_desk=self.office.token)

    async def on_page(self, path, fields, **cookies):
        """Fill in a form on a page, which must lead on."""
        answer = await self.form(path, fields, **cookies)
        assert answer.status_code == httpx.codes.SEE_OTHER, (path, answer.status_code, answer.text[-600:])

    async def form(self, path, fields, **cookies):
        """Send a form as a browser does that got it from us; return the answer."""
        visit = uuid4().hex
        session = cookies.get("troth_session", "")
        csrf = sha256(f"troth form|{visit}|{session}".encode()).hexdigest()
        cookies |= {"troth_visit": visit}
        async with httpx.AsyncClient(
            base_url=self.stage.base_url, trust_env=False, timeout=30, cookies=cookies
        ) as http:
            return await http.post(path, data=fields | {"csrf": csrf})

    async def served(self):
        """Have a service of the maker's bring something."""
        self.handed = {
            "subject": self.stage.account,
            "function": "customer_flow",
            "purpose": "associate_cameras_with_store",
            "values": {"store_name": {await self.field("store_name"): self.plant("service")}},
        }
        (await self.service.ask("POST", "/v1/service/collect", self.handed)).require()

    async def field(self, item):
        shown = await self.owner("GET", f"/v1/me/functions/customer_flow/items/{item}")
        (name,) = shown["value"]
        return name

    async def corrected(self):
        """Have a value on file, then another in its place, then one more from a page."""
        path, name = "/v1/me/functions/customer_flow/items", await self.field("store_address")
        for what in ("wrong", "right"):
            await self.owner("PUT", path, {"values": {"store_address": {name: self.plant(what)}}})
        page = "/privacy/details/store_guard/store_name"
        await self.on_page(page, {name: self.plant("on_page")}, troth_session=self.stage.owner.token)

    async def filmed(self):
        """Have film come in from the person and from the camera; what goes out leaves nothing behind."""
        await self.owner("POST", "/v1/me/functions/cloud/choose", {"language": "en"})
        values = {"values": {"device_serial": {"value": self.stage.marks.serial}}}
        await self.owner("PUT", "/v1/me/functions/cloud/items", values)
        said = {"authorization": f"Bearer {self.stage.owner.token}", "content-type": "video/mp4"}
        path = "/v1/me/functions/cloud/media/cloud_video"
        async with httpx.AsyncClient(base_url=self.stage.base_url, trust_env=False, timeout=30) as http:
            answer = await http.post(path, content=self.plant("film").encode() * 5000, headers=said)
            assert answer.status_code == httpx.codes.CREATED, answer.text
            copy = await http.get("/v1/me/copy", headers=said)
            assert self.planted["right"] in copy.text
        content = self.plant("device_film").encode() * 5000
        (await upload(self.stage, content, self.stage.levers.now())).require()

    async def at_the_till(self):
        """Bind a till that stands in a store, and say that it was moved."""
        plant = self.plant
        shelf = {"serial": uuid4().hex, "model": "SUNMI T2", "code": CODE}
        (await self.stage.maker.ask("POST", "/v1/maker/devices", shelf)).require()
        await self.owner("POST", "/v1/me/functions/cashier_audit/choose", {"language": "en"})
        told = {"serial": shelf["serial"], "model": shelf["model"], "mac": "02:00:5e:00:00:7b",
                "ip": "198.51.100.219", "seen_by": self.stage.device}  # fmt: skip
        first = {"store_name": plant("till_store"), "store_address": plant("till_address")}
        body = told | {"store": first, "kind": "cash_register", "code": CODE}
        till = await self.owner("POST", "/v1/me/devices", body)
        self.stage.till = Way(*self.stage.mqtt, str(till["token"]), str(till["secret"]), self.stage.tls)
        then = {"store_name": plant("moved_store"), "store_address": plant("moved_address")}
        await self.owner("PUT", f"/v1/me/devices/{till['device']}", told | {"store": then})
        mine = {"troth_session": self.stage.owner.token}
        where = {"store_address": then["store_address"]}
        open_ = {"opens": "09:00", "closes": "21:00"}
        await self.on_page("/privacy/store", where | open_ | {"store_name": plant("store_on_page")}, **mine)
        another = shelf | {"serial": uuid4().hex}
        (await self.stage.maker.ask("POST", "/v1/maker/devices", another)).require()
        added = where | told | another | {"kind": "cash_register", "store_name": plant("till_on_page")}
        answer = await self.form("/privacy/devices/add", added | {"mac": "02:00:5e:00:00:7c"}, **mine)
        assert answer.status_code == httpx.codes.OK, answer.text[-600:]
        moved = where | told | {"store_name": plant("moved_on_page")}
        await self.on_page(f"/privacy/devices/{till['device']}", moved, **mine)

    async def others(self):
        """Have people come in by every other way, and some of them leave."""
        plant = self.plant
        needed = {
            "user_name": {"value": plant("registered")},
            "android_id": {"value": "9774d56d682e549c"},
            "mac_address": {"value": "02:00:5e:00:53:01"},
            "ip_address": {"value": "192.0.2.7"},
        }
        await self.arrived("kaiconn", plant("member"), items=needed)
        await self.child()
        leaver = await self.arrived(
            "sunmi-camera", plant("leaver"), email=f"{plant('leaver_address')}@example.org"
        )
        offer = (await leaver.ask("POST", "/v1/me/cancel", {})).require()
        (await leaver.ask("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})).require()
        for name in ("minor", "typed_minor"):
            await self.arrived("sunmi-camera", plant(name))
        await self.desk("POST", "/v1/staff/minors", {"contact": plant("minor"), "warned": True})
        await asyncio.gather(
            self.by("request", "minor", "--contact", plant("typed_minor"), "--warned"), self.imported()
        )
        await self.given_away()
        await self.leaked()

    async def arrived(self, policy, phone, **more):
        """Register someone and return them, signed in."""
        who = Person(self.stage.base_url)
        form = {"phone": phone, "password": self.stage.marks.password, "agreed": True, "declares_adult": True}
        form |= await self.text_of(policy)
        begun = (await who.ask("POST", "/v1/accounts", form | more)).require()
        path = f"/v1/accounts/{begun['account']}/verify"
        code = await self.stage.gateway.code(phone)
        who.token = str((await who.ask("POST", path, {"code": code})).require()["token"])
        return who

    async def text_of(self, policy):
        path = f"/v1/policies/{policy}?language=en"
        shown = (await self.stage.owner.ask("GET", path)).require()
        return {key: shown[key] for key in ("version", "language", "text_hash")} | {"policy": policy}

    async def child(self):
        """Have a guardian vouch for a child, the child register, and the guardian take it back."""
        phone, text = self.plant("child"), await self.text_of("kmuun")
        word = await self.desk("POST", "/v1/staff/guardians", text | {"contact": phone, "born": BORN})
        more = {"declares_adult": None, "birth_date": BORN, "guardian": word["guardian"]}
        await self.arrived("kmuun", phone, **more)
        await self.desk("POST", "/v1/staff/guardians/no-longer", {"contact": phone})

    async def imported(self):
        """Take in people of another system: one who fits, one whose line cannot be read, one unfit."""
        known = await self.text_of("sunmi-camera") | {"at": "2026-02-01T08:00:00+00:00"}
        del known["policy"]
        fits = {"phone": self.plant("imported"), "adult": True, "accepted": known}
        unfit = {"phone": self.plant("unfit_import"), "adult": True, "accepted": known, "name": "x"}
        broken = f'{{"phone": "{self.plant("broken_import")}'
        file = self.folder / "people.jsonl"
        file.write_text("\n".join([json.dumps(fits), json.dumps(unfit), broken]))
        result = self.stage.roots[0] / "result.csv"  # beside the stores, to be looked through as they are
        await self.command("import", str(file), "--policy", "sunmi-camera", "--result", str(result))

    async def given_away(self):
        """Share in a listed case, by a receiver of the register: what goes out leaves nothing behind."""
        at = "/v1/staff/receivers/sunmi-camera/acme"
        given = {"kind": "agents", "purpose": "service", "items": ["phone_number"]}
        await self.desk("PUT", at, given)
        for fact in ("agreement", "confidentiality", "instructions", "security_measures"):
            await self.desk("PUT", f"{at}/papers/{fact}", {"document": str(uuid4())})
        asked = {
            "subject": self.stage.account, "function": "register", "purpose": "service",
            "items": ["phone_number"], "recipient": "acme", "case": {"act": "share", "case": "agents"},
        }  # fmt: skip
        shared = await self.desk("POST", "/v1/staff/share", asked)
        assert self.stage.marks.phone in json.dumps(shared)

    async def leaked(self):
        """Have an incident, and everybody told of it: letters go out that nobody keeps."""
        declare = partial(self.desk, "POST")
        matter = (await declare("/v1/staff/breaches", {"policy": "sunmi-camera"}))["matter"]
        for part in ("situation_and_impact", "measures", "self_protection_advice", "remedies"):
            body = {"part": part, "language": "en", "text": f"{part}, in words"}
            await self.desk("PUT", f"/v1/staff/breaches/{matter}/notice", body)
        await declare(f"/v1/staff/breaches/{matter}/tell", {})
