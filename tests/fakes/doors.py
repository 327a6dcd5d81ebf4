"""A stand-in for the facade: the doors' answers without anything behind them, for the edges' own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from troth.app import looks, views
from troth.app.leaving import Goes, Leaving
from troth.app.policies import compiled
from troth.policy.notice import Notice
from troth.policy.text import notice
from troth.subjects.accounts import SignInRefused
from troth.subjects.records import Kept
from troth.subjects.sessions import NotSignedIn
from troth.terms import ClauseId, Denied, Deny, DeviceId, EntryId, FunctionName, ItemName, Reason, SubjectId

TOKEN = "a-good-token"
ACCOUNT = SubjectId(UUID(int=1))
CAMERA = DeviceId(UUID(int=2))
AT = datetime(2026, 3, 2, 4, 5, tzinfo=UTC)
CLAUSE = ClauseId("sunmi-camera/functions/customer_flow/requires/line_crossing")


def _function(name: str, title: dict[str, str], **changed: object) -> views.FunctionState:
    base = {
        "function": FunctionName(name),
        "on": True,
        "why": "allowed",
        "clause": ClauseId(f"sunmi-camera/functions/{name}"),
        "starts": "when_chosen",
        "basis": "contract",
        "title": title,
        "gives": {
            "en": "How many people come in and go out, hour by hour.",
            "zh": "按小时统计进出店的人数。",
        },
        "effect": "function_unavailable",
        "costs": ClauseId(f"sunmi-camera/functions/{name}/on_refusal"),
        "items": (
            views.ItemState(
                ItemName("line_crossing"),
                {"en": "Line crossing", "zh": "过线记录"},
                "when_used",
                CLAUSE,
                None,
            ),
            views.ItemState(
                ItemName("device_serial"),
                {"en": "Serial number", "zh": "设备序列号"},
                "required",
                CLAUSE,
                None,
            ),
        ),
    }
    return views.FunctionState(**(base | changed))


@dataclass
class FakeDoors:
    """Answers as a living system would for one person; remembers what it was asked."""

    asked: list[tuple[str, object]] = field(default_factory=list)
    denied: Deny | None = None
    value: Mapping[str, object] = field(default_factory=lambda: {"opens": "09:00", "closes": "21:00"})

    def _who(self, token: str) -> None:
        if token != TOKEN:
            raise NotSignedIn
        if self.denied:
            raise Denied(self.denied, EntryId(UUID(int=9)))

    async def health(self) -> views.Health:
        return views.Health(database=True, broker=False)

    def policies(self) -> tuple[views.PolicyLine, ...]:
        title = {"en": "SUNMI intelligent cameras", "zh": "商米智能摄像机"}
        return (views.PolicyLine("sunmi-camera", 1, title, ("en", "zh")),)

    def notice(self, name: str, language: str) -> Notice:
        return notice(compiled(name), language)

    async def register(self, arrival: object, **_way: object) -> views.Registered:
        self.asked.append(("register", arrival))
        if self.denied:
            raise Denied(self.denied)
        return views.Registered(ACCOUNT)

    async def verify(self, account: SubjectId, code: str) -> views.Verified:
        self.asked.append(("verify", (account, code)))
        return views.Verified(views.SignedIn(TOKEN, AT), "a.b.c")

    async def sign_in(self, login: str, password: str, **_way: object) -> views.SignedIn:
        if password != "correct horse":
            raise SignInRefused
        return views.SignedIn(TOKEN, AT)

    async def sign_out(self, token: str) -> None:
        self.asked.append(("sign_out", token))

    async def sign_out_everywhere(self, token: str) -> None:
        self._who(token)

    async def notices(self, _token: str, _language: str) -> tuple[views.NoticeRead, ...]:
        return ()

    async def version(self, name: str, _version: int, language: str) -> Notice:
        return self.notice(name, language)

    async def announcements(self, _language: str) -> tuple[views.NoticeRead, ...]:
        return ()

    async def me(self, token: str, policy: str | None = None) -> views.Me:
        if token != TOKEN:
            raise NotSignedIn
        off = {"on": False, "why": "not_chosen"}
        return views.Me(
            ACCOUNT,
            "sunmi-camera",
            1,
            (
                _function("register", {"en": "Account", "zh": "注册账号"}, starts="with_acceptance"),
                _function("customer_flow", {"en": "Counting customers", "zh": "客流统计"}),
                _function(
                    "store_guard", {"en": "Store guard", "zh": "店铺看护"}, on=False, why="need_missing"
                ),
                _function(
                    "personalised", {"en": "Personalised offers", "zh": "个性化推荐"}, basis="consent", **off
                ),
            ),
            (
                views.SwitchState(
                    "counting",
                    ClauseId("sunmi-camera/switches/counting"),
                    (FunctionName("customer_flow"),),
                    "device",
                    {CAMERA: True},
                ),
            ),
            (views.DeviceLine(CAMERA, "SUNMI SS-10", date(2026, 3, 1)),),
        )

    async def rights(self, token: str) -> tuple[looks.RightLine, ...]:
        self._who(token)
        clause = ClauseId("sunmi-camera/rights/cancel")
        return (looks.RightLine("cancel", clause, True, ("privacy_page",), AT, None),)

    async def may_receive(self, token: str) -> tuple[looks.MayReceive, ...]:
        self._who(token)
        return ()

    async def leaving(self, token: str) -> Leaving:
        self._who(token)
        kept = views.KeptByLaw(
            policy="sunmi-camera",
            function=FunctionName("register"),
            item="phone_number",
            clause=ClauseId("sunmi-camera/kept_on_order"),
            document=None,
            records=1,
            since=AT,
            until=datetime(2029, 3, 2, tzinfo=UTC),
        )
        flow = Goes(
            policy="sunmi-camera",
            function=FunctionName("customer_flow"),
            title={"en": "Counting customers", "zh": "客流统计"},
            items=(ItemName("store_name"),),
            measured=True,
            filmed=False,
        )
        return Leaving(
            begins=AT,
            by=datetime(2026, 3, 17, tzinfo=UTC),
            backups=None,
            clause=ClauseId("sunmi-camera/rights/cancel"),
            deletes=None,
            revocable=None,
            goes=(flow,),
            stays=(kept,),
            told=("acme",),
        )

    async def requests(self, token: str) -> tuple[views.RequestLine, ...]:
        self._who(token)
        return ()

    async def details(self, token: str) -> tuple[looks.Detail, ...]:
        self._who(token)
        return (
            looks.Detail(
                function=FunctionName("store_guard"),
                item=ItemName("business_hours"),
                clause=CLAUSE,
                on_file=True,
                value=self.value,
                may_give=True,
                may_take_back=True,
            ),
        )

    async def give(self, token: str, function: str, values: Mapping[ItemName, object]) -> Kept:
        self._who(token)
        self.asked.append(("give", (function, values)))
        return Kept(frozenset(values))

    async def collected(self, token: str, before: date | None = None) -> looks.Timeline:
        self._who(token)
        line = looks.Times(
            policy="sunmi-camera",
            function=FunctionName("customer_flow"),
            item=ItemName("line_crossing"),
            times=2,
            many=3,
            first=AT,
            last=AT,
        )
        return looks.Timeline((looks.Day(day=before or AT.date(), measured=(line,)),), date(2026, 2, 20))

    async def choose(
        self, token: str, function: str, language: str, text_hash: str | None, *, item: str | None = None
    ) -> str:
        self._who(token)
        self.asked.append(("choose", (function, language, text_hash)))
        return "a.b.c"

    async def withdraw(self, token: str, function: str, *, item: str | None = None) -> str:
        self._who(token)
        self.asked.append(("withdraw", function))
        return "a.b.c"

    async def switch(self, token: str, switch: str, *, on: bool, device: DeviceId | None) -> str:
        self._who(token)
        self.asked.append(("switch", (switch, on, device)))
        return "a.b.c"

    async def bind(self, token: str, code: str, device: views.DeviceTold) -> views.BoundDevice:
        self._who(token)
        self.asked.append(("bind", (code, device)))
        return views.BoundDevice(CAMERA, "0" * 32, "s" * 64)

    async def link_store(self, token: str, store: views.Store) -> None:
        self._who(token)
        self.asked.append(("link_store", store))

    async def footfall(self, token: str, day: date) -> views.DayFootfall:
        self._who(token)
        return views.DayFootfall(day, CLAUSE, (views.HourCount(9, 4, 1),))

    async def alerts(self, token: str, day: date) -> views.DayAlerts:
        self._who(token)
        return views.DayAlerts(day, CLAUSE, (views.AlertLine(at=AT, last=AT, times=1, device=CAMERA),))

    async def outdated(self, token: str) -> tuple[object, ...]:
        self._who(token)
        return ()

    async def copy(self, token: str) -> AsyncIterator[dict[str, object]]:
        self._who(token)

        async def lines() -> AsyncIterator[dict[str, object]]:
            yield {"kind": "profile", "account": str(ACCOUNT)}
            yield {"kind": "end", "lines": 1}

        return lines()

    async def cancel(self, token: str) -> views.CancelOffer:
        self._who(token)
        return views.CancelOffer("confirm-me", ClauseId("sunmi-camera/rights/cancel"))

    async def confirm_cancel(self, token: str, confirm: str) -> views.Cancelled:
        self._who(token)
        self.asked.append(("confirm_cancel", confirm))
        return views.Cancelled(UUID(int=5), "farewell-line-0123456789abcdef")

    async def farewell(self, line: str) -> views.Progress:
        names = ("planned", "refused", "unrecoverable", "swept", "told", "certified")
        stages = tuple(views.StageLine(n, name, AT if n < 2 else None) for n, name in enumerate(names))
        return views.Progress(UUID(int=5), 1, stages, None)

    async def receipts(self, token: str) -> tuple[views.ReceiptLine, ...]:
        self._who(token)
        signed, flow = "aaaa." + "b" * 400 + ".cccc", FunctionName("customer_flow")
        return (
            views.ReceiptLine(EntryId(UUID(int=7)), "accepted", AT, signed),
            views.ReceiptLine(EntryId(UUID(int=8)), "chosen", AT, signed, function=flow),
        )

    async def look(self, token: str, *asked: object, **more: object) -> dict[str, object]:
        self._who(token)
        self.asked.append(("look", asked))
        return {}

    async def stock(self, token: str, **form: str) -> None:
        self._who(token)

    async def ledger_head(self) -> str:
        return "troth/test\n1\n" + "A" * 43 + "=\n"

    def ledger_key(self) -> views.LedgerKey:
        return views.LedgerKey("troth/test", "A" * 43 + "=")


REFUSED = Deny(Reason.NOT_ACCEPTED, frozenset({CLAUSE}), "service_unavailable")
