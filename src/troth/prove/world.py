"""A scratch system with people in it: everything a scenario does goes through doors that users have.

Registers people under any policy, makes a function run for one of them, collects, uses and shares. What came
of it is looked up in the tables, as the database's owner, and in what was answered, past any code of ours.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar
from uuid import UUID, uuid4

from troth.devices.names import BY_DEED, CAMERA, KINDS, DeviceKind
from troth.policy.clauses import Keep
from troth.prove.case import Case, NotTried
from troth.prove.pace import Pace
from troth.prove.pilot import Pilot, Pilots
from troth.prove.pulse import Pulse, prompt, ran_out
from troth.prove.samples import sample
from troth.prove.simulator import Camera, Heard, Way
from troth.prove.someone import Did, Someone
from troth.prove.story.person import FORBIDDEN, Answer, Person
from troth.prove.ways import chosen, free, permissions, purpose_for
from troth.terms import LEGAL_TIME, ActorKind, Basis, FunctionName, ItemName, Purpose, Reading, Role, Verb

if TYPE_CHECKING:
    from datetime import date

    import httpx

    from troth.policy.compiled import Compiled, FunctionTable
    from troth.prove.story.evidence import Evidence
    from troth.prove.story.gateway import Gateway, Message
    from troth.prove.story.stage import Levers
    from troth.terms import PolicyName

T = TypeVar("T")
REGISTER = FunctionName("register")
_AGREEING = ("version", "language", "text_hash")
_NOBODY: Mapping[PolicyName, Compiled] = {}
_PHONE, _EMAIL = ItemName("phone_number"), ItemName("email_address")
_ASIDE = frozenset({"phone_number", "email_address", "password", "verification_code"})
"""Items of an account that have fields of their own in the form."""
PASSWORD = "a long enough password 77"  # noqa: S105 - of people that exist for a minute
_BEYOND = frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION, Basis.OWN_RIGHT})
PATIENCE_S = 20.0
"""For what workers do by themselves: over once it is seen, so only a broken promise takes this long."""
SOON_S = 8.0
"""For what should not come at all."""
_AT_ONCE_S = 1.0
"""Within this most devices are answered; after it, it is worth finding out whether there will be one."""
_UNNUMBERED: LiteralString = "SELECT count(*) FROM ledger_queue"
_CODE_OVER, _CODES = "wrong_code", 4
"""A clock that is moved while a letter is on its way ends its code; how often another one is asked for."""
_BETWEEN_S, _SELDOM_S, _SLOWER = 0.05, 0.5, 1.2
"""Looks come quickly at first, then more and more seldom: most things are there soon, or never."""
_DEVICE_FIGURES = ("stored", "duplicates", "dropped", "denied")


class World:
    """One scratch system, with the levers that only a scratch system has."""

    def __init__(
        self,
        base_url: str,
        mqtt: tuple[str, int],
        evidence: Evidence,
        gateway: Gateway,
        levers: Levers,
        *,
        hosts: Mapping[PolicyName, Compiled] = _NOBODY,
        line: httpx.AsyncClient | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.base_url = base_url
        self.tls = tls
        self.mqtt = mqtt
        self.evidence = evidence
        self.levers = levers
        self._gateway = gateway
        self._hosts = hosts
        self._numbers = itertools.count(1)
        self._shown: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._line = line
        self._hands: dict[str, asyncio.Task[Person]] = {}
        self.pace = Pace(self._jump)
        self.pulse = Pulse()
        self._pilots = Pilots(self._pilot)

    def number(self) -> int:
        """Return a number that nobody has had."""
        return next(self._numbers)

    def stranger(self) -> Person:
        """Return someone without a token."""
        return Person(self.base_url, line=self._line)

    async def shown(self, case: Case, language: str | None = None) -> Mapping[str, Any]:
        """Return the policy as people are shown it."""
        key = (case.policy, language or case.compiled.policy.languages[0])
        if key not in self._shown:
            path = f"/v1/policies/{key[0]}?language={key[1]}"
            self._shown[key] = (await self.stranger().ask("GET", path)).require()
        return self._shown[key]

    async def form(self, case: Case, **changed: object) -> dict[str, Any]:
        """Return a registration that the policy would take, with ``changed`` fields (None: left out).

        Raises `NotTried` where the policy opens no account.
        """
        if REGISTER not in case.compiled.functions:
            raise NotTried("no_account_of_its_own", policy=case.policy)
        number = self.number()
        text = await self.shown(case)
        table = case.compiled.functions.get(REGISTER)
        others = sorted((table.required if table else frozenset[ItemName]()) - _ASIDE)
        form: dict[str, Any] = {
            "phone": f"+86138{number:08d}",
            "password": PASSWORD,
            "policy": case.policy,
            "version": text["version"],
            "language": text["language"],
            "text_hash": text["text_hash"],
            "agreed": True,
            "declares_adult": True,
            "items": {item: sample(item, number) for item in others} or None,
        }
        if table and "email_address" in table.required:
            form["email"] = f"m{number}x@proof.example"
        return {key: value for key, value in (form | changed).items() if value is not None}

    def host(self, case: Case) -> Case:
        """Return the case under the policy that accounts are opened under: its own, or a sibling."""
        host = self._hosts.get(case.compiled.policy.name)
        return case if host is None else Case(host.policy.name, host, case.clause)

    async def registering(self, case: Case, **changed: object) -> Answer:
        """Hand in a registration and return the answer."""
        return await self.stranger().ask("POST", "/v1/accounts", await self.form(case, **changed))

    async def person(self, case: Case, **changed: object) -> Someone:
        """Return someone with an account who agreed to the policy. Raises `RuntimeError` if refused."""
        host = self.host(case)
        if host is case:
            return await self.account(case, **changed)
        agreed = {key: changed.pop(key) for key in _AGREEING if key in changed}
        who = await self.account(host, **changed)
        (await self.join(case, who, **agreed)).require()
        return who

    async def reachable(self, case: Case, ways: Iterable[str]) -> Someone:
        """Return someone under a copy of the policy who can be reached by one of these ways, if anyone can.

        Where that takes an address that no account is opened with, they have given it under the policy
        itself before they agree to the copy, which tells them at once.
        """
        table = case.compiled.functions.get(REGISTER)
        needs = table is not None and "email" in ways and not {"sms", "phone"}.intersection(ways)
        if table is None or not needs or _EMAIL in table.required or _EMAIL not in table.items:
            return await self.person(case)
        itself = Case(case.compiled.policy.name, case.compiled, case.clause)
        who = await self.account(itself)
        if not free(table.items[_EMAIL]):
            (await self.choose(itself, who, REGISTER, _EMAIL)).require()
        who.email = f"m{self.number()}x@proof.example"
        body = {"values": {_EMAIL: {"value": who.email}}}
        (await who.ask("PUT", f"/v1/me/functions/{REGISTER}/items", body)).require()
        (await self.join(case, who)).require()
        return who

    async def join(self, case: Case, who: Someone, **changed: object) -> Answer:
        """Let someone with an account of another policy agree to this one, too."""
        text = await self.shown(case)
        body = {key: text[key] for key in _AGREEING} | changed
        who.policy = case.policy
        return await who.ask("POST", f"/v1/me/policies/{case.policy}/accept", body)

    async def account(self, case: Case, **changed: object) -> Someone:
        """Register someone and let them type in their code. Raises `RuntimeError` when that is refused."""
        who, verified = await self._registered(case, changed)
        for _again in range(_CODES):
            if verified.reason != _CODE_OVER:
                break
            who, verified = await self._registered(case, changed)
        who.person.token = str(verified.require()["token"])
        return who

    async def _registered(self, case: Case, changed: Mapping[str, object]) -> tuple[Someone, Answer]:
        form = await self.form(case, **changed)
        who, login = self.stranger(), str(form.get("phone") or form["email"])
        before, asked = len(self._gateway.to(login)), asyncio.get_running_loop().time()
        made = (await who.ask("POST", "/v1/accounts", form)).require()
        code = await self._gateway.code(login, but=before, within_s=self.pulse.patience(PATIENCE_S))
        self.pulse.beat(asyncio.get_running_loop().time() - asked)
        verified = await who.ask("POST", f"/v1/accounts/{made['account']}/verify", {"code": code})
        made_for = Someone(
            str(made["account"]), form.get("phone", ""), who, case.policy, form.get("email", "")
        )
        return made_for, verified

    async def user(self, case: Case, function: FunctionName) -> Someone:
        """Return someone for whom ``function`` runs: chosen, its needs met, its permissions granted."""
        who = await self.person(case)
        await self.start(case, who, function)
        return who

    async def start(self, case: Case, who: Someone, function: FunctionName) -> None:
        """Do what makes a function run: choose it, meet its needs, grant its permissions, switch it on."""
        table = case.compiled.functions[function]
        if chosen(table):
            (await self.choose(case, who, function)).require()
        # What is met by a deed comes last: binding a till asks the gate, which looks for the others.
        for need in sorted([*table.needs, *permissions(table)], key=BY_DEED.__contains__):
            await self.meet(case, who, function, need)
        for clause in table.switches:
            if not clause.default_on:
                (await who.ask("PUT", f"/v1/me/switches/{clause.switch}", {"on": True})).require()
        for other in sorted(
            {each.only_while for each in table.items.values() if each.only_while} - {function}
        ):
            await self.start(case, who, other)

    async def stuff(self, case: Case, who: Someone, function: FunctionName) -> frozenset[ItemName]:
        """Return items that make the function run for once; one that needs a choice is chosen first.

        What it cannot do without, else one that passes freely and, if there is one, is kept, else an optional
        one. Raises `NotTried`.
        """
        table = case.compiled.functions[function]
        if function == REGISTER and table.either and who.phone:
            return table.required | (table.either & {_PHONE})
        if table.required:
            return table.required
        about_them = table.takes[Role.HOLDER]
        gone = {item: clause.keep is Keep.NONE for item, clause in about_them.items()}
        loose = sorted((i for i, clause in about_them.items() if free(clause)), key=lambda i: (gone[i], i))
        picky = sorted(item for item, c in about_them.items() if c.basis not in _BEYOND)
        if not loose and not picky:
            raise NotTried("only_others", function=function)
        if not loose:
            (await self.choose(case, who, function, picky[0])).require()
        return frozenset((loose or picky)[:1])

    async def choose(
        self, case: Case, who: Someone, function: FunctionName, item: ItemName | None = None
    ) -> Answer:
        """Choose a function, or one item of it, having been shown the text."""
        text = await self.shown(case)
        body = {"language": text["language"], "text_hash": text["text_hash"]}
        return await who.ask(
            "POST", f"/v1/me/functions/{function}/choose", body | ({"item": item} if item else {})
        )

    async def withdraw(self, who: Someone, function: FunctionName, item: ItemName | None = None) -> Answer:
        """Take a choice back."""
        path = f"/v1/me/functions/{function}/withdraw"
        return await who.ask("POST", path, {"item": item} if item else {})

    async def meet(
        self, case: Case, who: Someone, function: FunctionName, need: str, *, alone: bool = False
    ) -> None:
        """Meet a need: by stating it, or by the deed, ``alone`` telling nothing else. Raises `NotTried`."""
        answer = await who.ask("PUT", f"/v1/me/functions/{function}/needs/{need}", {"met": True})
        if answer.ok:
            return
        if answer.reason == "not_yours_to_state":
            with suppress(RuntimeError):
                kind = next(kind for kind in KINDS.values() if kind.supplies == need)
                await self.bind(who, kind=kind, with_store=not alone)
                return
        raise NotTried("need_unmet", need=need, function=function, policy=case.policy, reason=answer.reason)

    async def bind(
        self,
        who: Someone,
        supplier: str | None = None,
        kind: DeviceKind = KINDS[CAMERA],
        *,
        with_store: bool = True,
    ) -> Way:
        """Put a device on the shelf, let ``who`` bind it, and return its way to the broker."""
        number = self.number()
        shelf = {"serial": f"PROOF-{number:06d}", "model": "Proof Model", "code": "7741-2280"}
        maker = await self._hired("maker")
        (await maker.ask("POST", "/v1/maker/devices", shelf | {"supplier": supplier})).require()
        mac = "02:00:" + ":".join(f"{number:08x}"[at : at + 2] for at in range(0, 8, 2))
        body: dict[str, Any] = shelf | {"kind": kind.name, "mac": mac, "ip": "198.51.100.7"}
        if kind.name != CAMERA and with_store:
            store = {"store_name": f"m{number}x", "store_address": f"m{number}x"}
            body |= {"store": store}
        bound = (await who.ask("POST", "/v1/me/devices", body)).require()
        way = Way(*self.mqtt, str(bound["token"]), str(bound["secret"]), self.tls)
        if kind.name == CAMERA:
            who.way, who.device = way, str(bound["device"])
        else:
            who.tills[kind.name] = way
        return way

    async def once_more(
        self, case: Case, who: Someone, function: FunctionName, items: Iterable[ItemName]
    ) -> Did:
        """Collect items anew: by the device that sends one, since what is on file may be corrected."""
        wanted = frozenset(items)
        for name, way in who.tills.items():
            if sent := wanted & KINDS[name].sends:
                return await self.send(case, who, function, sent, way=way)
        return await self.collect(case, who, function, wanted)

    async def send(
        self,
        case: Case,
        who: Someone,
        function: FunctionName,
        items: Iterable[ItemName],
        *,
        way: Way | None = None,
    ) -> Did:
        """Let a device of ``who`` measure each item once, now, and send it. Raises `NotTried`."""
        way = way or who.way
        if way is None:
            raise NotTried("nothing_to_bind", function=function)
        readings = self._readings(items)
        async with Camera(way) as device:
            batch = await device.send(function, readings)
            heard = await self._heard(case, device, batch)
        if heard is None:
            return Did(Answer(FORBIDDEN, {"reason": "topic_refused"}))
        figures = ", ".join(f"{name} {heard.figures.get(name, 0)}" for name in _DEVICE_FIGURES)
        if heard.refused or not heard.figures.get("stored"):
            reason = heard.refused or ("denied" if heard.figures.get("denied") else "dropped")
            return Did(Answer(FORBIDDEN, {"reason": reason, "detail": figures}))
        came = frozenset(reading.item for reading in readings)
        self._pilots.works(case, function, came)
        return Did(Answer(200, {"detail": figures}), came)

    async def _heard(self, case: Case, device: Camera, batch: UUID) -> Heard | None:
        """Return what a device was told of a batch; None: the broker refused the topic, nothing came further.

        Once the broker has taken it, and answered what another device sent later, no answer is to come.
        Raises `TimeoutError` where the broker does nothing in good time.
        """
        within_s = self.pulse.patience(SOON_S)
        with suppress(TimeoutError):
            return (await device.acked([batch], within_s=_AT_ONCE_S))[0]
        answer = asyncio.create_task(device.acked([batch], within_s=2 * within_s))
        silence = asyncio.create_task(self._silence(case, device, batch))
        try:
            await asyncio.wait({answer, silence}, return_when=asyncio.FIRST_COMPLETED)
            if silence.done() and (silence.result() or device.acks.get(batch)):
                return device.acks.get(batch)
            with suppress(TimeoutError):
                return (await answer)[0]
            return None
        finally:
            for each in (answer, silence):
                each.cancel()
            await asyncio.gather(answer, silence, return_exceptions=True)

    def today(self) -> date:
        """Return the day that a birthday or a policy's first day is counted by."""
        return self.levers.now().astimezone(LEGAL_TIME).date()

    def _readings(self, items: Iterable[ItemName]) -> list[Reading]:
        now = self.levers.now()
        return [Reading(uuid4(), item, now, sample(item, self.number())) for item in sorted(items)]

    async def _pilot(self, case: Case, function: FunctionName, items: frozenset[ItemName]) -> Pilot:
        table, who = case.compiled.functions[function], await self.user(case, function)
        for item in sorted(items):
            if not free(table.items[item]):
                (await self.choose(case, who, function, item)).require()
        if table.required - items:
            (await self.collect(case, who, function, table.required)).answer.require()
        tills = (way for name, way in who.tills.items() if items & KINDS[name].sends)
        way = next(tills, None) or who.way or await self.bind(who)
        return Pilot(way, function, lambda: self._readings(items))

    async def _silence(self, case: Case, device: Camera, batch: UUID) -> bool:
        """Return whether no answer is to come any more. Raises `TimeoutError`."""
        within_s = self.pulse.patience(SOON_S)
        await device.handed_over(batch, within_s=within_s)
        return bool(device.refused) or await self._pilots.answered(case, within_s)

    async def give(self, who: Someone, function: FunctionName, items: Iterable[ItemName]) -> Did:
        """Let a person give items of themselves to a function."""
        values = {item: sample(item, self.number()) for item in sorted(items)}
        answer = await who.ask("PUT", f"/v1/me/functions/{function}/items", {"values": values})
        return Did(answer, frozenset(answer.body.get("stored") or ()), {})

    async def take_in(
        self,
        who: Someone,
        function: FunctionName,
        purpose: Purpose,
        items: Iterable[ItemName],
        **more: object,
    ) -> Did:
        """Let a service hand in what it collected."""
        values = {item: sample(item, self.number()) for item in sorted(items)}
        body = _asked(who, function, purpose, more) | {"values": values}
        return _did(await (await self.service()).ask("POST", "/v1/service/collect", body), "stored")

    async def open(
        self,
        verb: Verb,
        who: Someone,
        function: FunctionName,
        purpose: Purpose,
        items: Iterable[ItemName],
        *,
        by: ActorKind = ActorKind.SERVICE,
        **more: object,
    ) -> Did:
        """Let a service, or someone of the office, use, share or disclose items."""
        body = _asked(who, function, purpose, more) | {"items": sorted(items)}
        if by is ActorKind.SERVICE:
            answer = await (await self.service()).ask("POST", f"/v1/service/{verb.value}", body)
        else:
            step = "look" if verb is Verb.USE else verb.value
            answer = await (await self.staff()).ask("POST", f"/v1/staff/{step}", body)
        return _did(answer, "values")

    async def collect(
        self, case: Case, who: Someone, function: FunctionName, items: Iterable[ItemName]
    ) -> Did:
        """Collect items by whichever door the policy opens: the person's own, a service's, a device's."""
        table = case.compiled.functions[function]
        wanted = list(items)
        if purpose_for(table, Verb.COLLECT, ActorKind.SUBJECT):
            return await self.give(who, function, wanted)
        purpose = purpose_for(table, Verb.COLLECT, ActorKind.SERVICE)
        if purpose is not None:
            return await self.take_in(who, function, purpose, wanted)
        if purpose_for(table, Verb.COLLECT, ActorKind.DEVICE):
            return await self.send(case, who, function, wanted)
        raise NotTried("nobody_collects", function=function)

    async def rows(self, case: Case, who: Someone, function: FunctionName, item: ItemName) -> int:
        """Return how many documents of an item the vault's tables hold for a person and a function."""
        return await self.evidence.value(
            "SELECT count(*) FROM document d JOIN document_wrap w USING (subject, record)"
            " WHERE d.subject = %(subject)s AND d.item = %(item)s AND w.function = %(function)s",
            {"subject": who.account, "item": item, "function": f"{case.policy}/{function}"},
        )

    async def entries(self, kind: str) -> int:
        """Return how many entries of a kind the ledger has."""
        return await self.evidence.value(
            "SELECT count(*) FROM ledger_entry WHERE kind = %(kind)s", {"kind": kind}
        )

    async def lines(self, who: Someone, path: str) -> list[Mapping[str, Any]]:
        """Return the lines of a streamed answer to this person, each a JSON object."""
        return [json.loads(line) for line in await who.person.lines(path)]

    async def letter(self, to: str, *words: str, within_s: float = PATIENCE_S) -> str:
        """Return the text of a letter to ``to`` in which all these words stand; empty: none came."""
        try:
            return await self._gateway.letter(to, words, within_s=self.pulse.patience(within_s))
        except TimeoutError:
            ran_out()
            return ""

    async def seen(self, wanted: int, query: LiteralString, params: Mapping[str, object]) -> int:
        """Return what ``query`` yields once that is ``wanted``, or at the end of our patience."""
        found = await self.evidence.value(query, params)

        async def look() -> bool:
            nonlocal found
            found = await self.evidence.value(query, params)
            return found == wanted

        await self.waiting(look)
        return found

    def letters(self, *addresses: str) -> tuple[Message, ...]:
        """Return the messages that came for these addresses so far, the oldest first."""
        return self._gateway.to(*addresses)

    async def waiting(self, look: Callable[[], Awaitable[T]], *, within_s: float = PATIENCE_S) -> T:
        """Look again and again until something is seen, or time is up; return what was seen last.

        For what workers do by themselves: out here there is no event to wait for.
        """
        seen, began, pause = await look(), asyncio.get_running_loop().time(), _BETWEEN_S
        while not seen and asyncio.get_running_loop().time() < began + self.pulse.patience(within_s):
            await asyncio.sleep(pause)
            seen, pause = await look(), min(_SELDOM_S, _SLOWER * pause)
        if not seen:
            ran_out()
        return seen

    async def about(self, who: Someone, kind: str) -> int:
        """Return how many entries of a kind the ledger has about one person."""
        return await self.evidence.value(
            "SELECT count(*) FROM ledger_entry e JOIN ledger_opening o USING (entry)"
            " WHERE o.subject = %(subject)s AND e.kind = %(kind)s",
            {"subject": who.account, "kind": kind},
        )

    async def service(self) -> Person:
        """Return a program of the maker's."""
        return await self._hired("service")

    async def hire(self, *roles: str) -> None:
        """Begin to make accounts for the maker's people, so that nobody has to wait for them later."""
        for role in roles:
            if role not in self._hands:
                self._hands[role] = asyncio.create_task(self._hire(role))

    async def hired(self, role: str) -> Person:
        """Return someone of the maker's people with this role."""
        return await self._hired(role)

    async def staff(self) -> Person:
        """Return someone of the privacy desk."""
        return await self._hired("privacy")

    async def settle(self) -> None:
        """Wait for those that were hired and whom nobody needed."""
        await asyncio.gather(*self._hands.values(), return_exceptions=True)

    async def prompt(self) -> bool:
        """Return whether the system answers and works in good time just now."""

        async def answers() -> None:
            await self.stranger().ask("GET", "/v1/policies")

        async def numbers() -> None:
            await self.seen(0, _UNNUMBERED, {})

        return await prompt(answers, numbers)

    async def _jump(self, moment: datetime) -> None:
        """Let the clock jump once everything that has happened stands in the ledger's tree.

        Else an entry from before the jump would be numbered after it, and look back-dated.
        """
        await self.seen(0, _UNNUMBERED, {})
        self.levers.advance_to(moment)

    async def _hired(self, role: str) -> Person:
        await self.hire(role)
        return await asyncio.shield(self._hands[role])

    async def _hire(self, role: str) -> Person:
        status, said = await self.levers.command("staff", "add", "--role", role)
        if status or not said.split():
            raise RuntimeError(f"troth staff add --role {role} did not work: {said.strip()}")
        return Person(self.base_url, said.split()[-1], self._line)


def needed(table: FunctionTable, *more: ItemName) -> frozenset[ItemName]:
    """Return ``more`` with all that the function cannot do without."""
    return table.required | frozenset(more)


def reference(ground: str) -> dict[str, str]:
    """Return a ground with the id of a document, as a service attaches it."""
    return {"ground": ground, "document": str(uuid4())}


def _asked(
    who: Someone, function: FunctionName, purpose: Purpose, more: Mapping[str, object]
) -> dict[str, Any]:
    named = {key: value for key, value in more.items() if value is not None}
    return {"subject": who.account, "function": function, "purpose": purpose} | named


def _did(answer: Answer, key: str) -> Did:
    dropped = {str(one["item"]): str(one["reason"]) for one in answer.body.get("dropped") or ()}
    return Did(answer, frozenset(answer.body.get(key) or ()), dropped)
