"""The pages as a wire format: forms are ours, cookies are closed, text is escaped, words are whole."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.resources import files
from string import Formatter
from types import ModuleType

import httpx
import pytest

from tests.fakes.doors import REFUSED, TOKEN, FakeDoors
from troth.app.doors import requests
from troth.app.policies import compiled
from troth.app.tally import TurnedAway
from troth.breach import incidents
from troth.breach import moves as breach_moves
from troth.breach.moves import State
from troth.devices.names import KINDS
from troth.edges.api.app import create_app
from troth.edges.web.app import create_pages
from troth.edges.web.words import LANGUAGES, Words, catalogue, preferred
from troth.functions.audit import Verdict
from troth.functions.till import Did
from troth.ledger import EntryKind
from troth.policy.clauses import Need
from troth.policy.requests import grounds
from troth.policy.statement_words import BreachStep
from troth.policy.words import Right
from troth.rights import desk, effects, rows, steps
from troth.sharing import register
from troth.subjects import contact, matters
from troth.subjects.papers import PAPERS
from troth.terms import ActKind, Basis, Reason, TrothError
from troth.vault.stages import Stage

POLICIES = ("kaiconn", "kamoer", "kme-smart", "kmuun", "sunmi-camera", "sunmi-device", "sunmi-rules")


@pytest.fixture
def doors() -> FakeDoors:
    return FakeDoors()


@pytest.fixture
async def browser(doors: FakeDoors) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(doors)
    app.mount("/", create_pages(doors))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://troth.test") as client:
        yield client


def csrf(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="(\w+)"', page.text)
    assert found
    return found[1]


async def sign_in(browser: httpx.AsyncClient) -> httpx.Response:
    form = {"csrf": csrf(await browser.get("/")), "login": "+8613800138000", "password": "correct horse"}
    return await browser.post("/sign-in", data=form)


async def test_signing_in_makes_a_closed_cookie_and_a_new_session(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("troth_session", "planted-by-someone")
    page = await browser.get("/policy")
    form = {"csrf": csrf(page), "login": "x", "password": "correct horse"}
    answer = await browser.post("/sign-in", data=form)
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert f"troth_session={TOKEN}" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "planted" not in answer.text


async def test_a_wrong_password_is_said_without_an_echo(browser: httpx.AsyncClient) -> None:
    form = {"csrf": csrf(await browser.get("/")), "login": "<script>1</script>", "password": "wrong-secret"}
    answer = await browser.post("/sign-in", data=form)
    assert answer.status_code == 401
    assert "<script>" not in answer.text
    assert "wrong-secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/privacy/functions/customer_flow", {"turn": "off"}),
        ("/privacy/switches/counting", {"turn": "off"}),
        ("/privacy/cancel", {"understood": "yes"}),
        ("/privacy/copy", {}),
        ("/sign-out", {}),
        ("/sign-in", {"login": "x", "password": "correct horse"}),
    ],
)
async def test_a_form_that_is_not_ours_does_nothing(
    browser: httpx.AsyncClient, doors: FakeDoors, path: str, fields: dict[str, str]
) -> None:
    await sign_in(browser)
    ours = csrf(await browser.get("/privacy"))
    tries = [
        {"data": fields},
        {"data": fields | {"csrf": "0" * 64}},
        {"data": fields | {"csrf": ours}, "headers": {"sec-fetch-site": "cross-site"}},
        {"json": fields | {"csrf": ours}},
        {"files": {"csrf": (None, ours)}},
        {"content": b"csrf=\xff", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ]
    for one in tries:
        answer = await browser.post(path, **one)
        assert answer.status_code == 403
    assert not doors.asked


async def test_a_form_works_for_the_browser_that_got_it_only(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    token = csrf(await browser.get("/privacy"))
    browser.cookies.delete("troth_visit")
    answer = await browser.post("/privacy/functions/x", data={"csrf": token, "turn": "off"})
    assert answer.status_code == 403


async def test_turning_off_goes_through_the_door(browser: httpx.AsyncClient, doors: FakeDoors) -> None:
    await sign_in(browser)
    token = csrf(await browser.get("/privacy"))
    answer = await browser.post("/privacy/functions/customer_flow", data={"csrf": token, "turn": "off"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/privacy/uses?done=off#customer_flow")
    assert doors.asked == [("withdraw", "customer_flow")]


async def test_a_script_of_ours_gets_the_part_that_changed_and_what_is_said_of_it(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    await sign_in(browser)
    token = csrf(await browser.get("/privacy/uses"))
    form = {"csrf": token, "turn": "off"}
    ours = {"hx-request": "true", "accept-language": "en"}
    answer = await browser.post("/privacy/functions/customer_flow", data=form, headers=ours)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert '<div id="said" hx-swap-oob="innerHTML"><p>Turned off.' in answer.text
    doors.denied = REFUSED
    answer = await browser.post("/privacy/functions/customer_flow", data=form, headers=ours)
    assert (answer.status_code, answer.headers["hx-retarget"]) == (403, "#said")
    assert "<html" not in answer.text
    browser.cookies.delete("troth_session")
    answer = await browser.get("/privacy/collected", headers=ours)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/")


async def test_over_tls_no_other_host_can_plant_a_cookie(doors: FakeDoors) -> None:
    app = create_app(doors)
    app.mount("/", create_pages(doors))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://troth.test") as browser:
        browser.cookies.set("troth_session", TOKEN)
        assert (await browser.get("/privacy")).headers["location"] == "/"
        answer = await sign_in(browser)
        for said in answer.headers.get_list("set-cookie"):
            assert said.startswith("__Host-troth_")
            assert "Secure" in said
            assert "Path=/" in said
            assert "Domain" not in said
        assert (await browser.get("/privacy")).status_code == 200


async def test_a_correction_that_does_not_fit_is_said_and_not_sent(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    await sign_in(browser)
    path = "/privacy/details/store_guard/business_hours"
    page = await browser.get(path)
    assert 'type="time" value="09:00"' in page.text
    wrong = {"csrf": csrf(page), "opens": '9<script>"', "closes": "21:00"}
    answer = await browser.post(path, data=wrong)
    assert answer.status_code == 422
    assert 'value="9&lt;script&gt;&#34;"' in answer.text
    assert not doors.asked
    answer = await browser.post(path, data=wrong | {"opens": "10:00"})
    assert answer.headers["location"] == "/privacy/details?done=saved#business_hours"
    assert doors.asked == [
        ("give", ("store_guard", {"business_hours": {"opens": "10:00", "closes": "21:00"}}))
    ]
    for nothing in ("/privacy/details/store_guard/password", "/privacy/details/x/business_hours"):
        assert (await browser.get(nothing)).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/privacy/films/not-an-id",
        "/privacy/receipts/1",
        "/privacy/collected?before=yesterday",
        "/privacy/collected/a/b/2026-02-30",
    ],
)
async def test_an_address_that_names_nothing_is_a_page_that_says_so(
    browser: httpx.AsyncClient, path: str
) -> None:
    await sign_in(browser)
    answer = await browser.get(path, headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert catalogue()["error_missing"]["en"] in answer.text
    assert "yesterday" not in answer.text


async def test_cancelling_takes_the_understanding_and_drops_the_cookie(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    await sign_in(browser)
    token = csrf(await browser.get("/privacy/cancel"))
    assert (await browser.post("/privacy/cancel", data={"csrf": token})).status_code == 403
    assert not doors.asked
    answer = await browser.post("/privacy/cancel", data={"csrf": token, "understood": "yes"})
    assert doors.asked == [("confirm_cancel", "confirm-me")]
    assert "farewell-line-" in answer.text
    assert 'troth_session=""' in answer.headers["set-cookie"]


async def test_before_cancelling_each_thing_says_by_when_it_goes_or_why_it_stays(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    await sign_in(browser)
    text = (await browser.get("/privacy/cancel", headers={"accept-language": "en"})).text
    assert re.findall(r'<strong>([^<]*)</strong><div.*?<span class="then">(.*?)</span>', text, re.DOTALL) == [
        ("Your account and signing in", "At once"),
        ("Devices", "At once"),
        ("Your details", "By March 17, 2026"),
        ("What your devices measured", "By March 17, 2026"),
        ("Others who received something", "By March 17, 2026"),
        ("Backups", "No day is set"),
        ("Mobile phone number", "Kept until Mar 2, 2029 8:00\u202fAM"),
        ("That an account was cancelled", "For good"),
    ]
    assert '<div class="quiet">Store name</div>' in text
    assert "Used for: Counting customers" in text
    assert "acme: told to delete it." in text
    assert 'A law wants it kept; it opens for that duty alone. <a class="clause"' in text
    for instead in ("copy", "uses", "details"):
        assert f'<li><a href="/privacy/{instead}">' in text
    assert not doors.asked


async def test_a_copy_is_offered_before_a_function_is_turned_off(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    text = (await browser.get("/privacy/uses", headers={"accept-language": "en"})).text
    card = text[text.index('id="customer_flow"') : text.index('id="store_guard"')]
    assert '<a href="/privacy/copy">Get a copy first<' in card
    pause = r'<a href="#s-counting-[0-9a-f-]+">Only pause it, and keep what is there<'
    assert re.search(pause, card)  # its switch, on the same page


async def test_the_policy_is_folded_with_what_one_uses_first(browser: httpx.AsyncClient) -> None:
    def parts(text: str) -> list[str]:
        return re.findall(r'<h2 class="part" id="p-(\w+)">', text)

    text = (await browser.get("/policy")).text
    assert parts(text) == ["functions", "rest"]
    await sign_in(browser)
    text = (await browser.get("/policy")).text
    assert parts(text) == ["used", "functions", "rest"]
    headings = re.findall(r'<summary><h3 id="sunmi-camera/functions/(\w+)"', text)
    assert sorted(headings[:2]) == ["customer_flow", "register"]
    folded = re.findall(r'<details class="card fold" id="([\w-]+)"( open)?>', text)
    linked = re.findall(r'<li><a href="#(s-[\w-]+)">', text)
    assert [name for name, _ in folded] == linked
    assert not any(opened for _, opened in folded)


async def test_a_text_to_agree_to_stands_open_and_in_its_order(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    real = doors.me

    async def me(token: str) -> object:
        return replace(await real(token), accepted={"sunmi-camera": 0})

    doors.me = me
    await sign_in(browser)
    text = (await browser.get("/policy", headers={"accept-language": "en"})).text
    folded = re.findall(r'<details class="card fold" id="[\w-]+"( open)?>', text)
    assert set(folded) == {" open"}
    shown = re.findall(r"<summary><h3[^>]*>(.*?)</h3>", text)
    assert shown == [section.heading for section in doors.notice("sunmi-camera", "en").sections]


async def test_a_receipt_says_what_it_is_about(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    text = (await browser.get("/privacy/receipts", headers={"accept-language": "en"})).text
    assert "<h3>You accepted the policy</h3>" in text
    assert "<h3>You turned a function on: Counting customers</h3>" in text
    assert text.index("turned a function on") < text.index("accepted the policy")  # the newest first


async def test_a_denial_is_told_in_words_with_its_clause(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    await sign_in(browser)
    doors.denied = REFUSED
    answer = await browser.get("/privacy/receipts", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 403
    assert min(REFUSED.because) in answer.text
    assert catalogue()["why.not_accepted"]["zh"] in answer.text


async def test_what_a_maker_or_device_says_is_escaped(browser: httpx.AsyncClient, doors: FakeDoors) -> None:
    real = doors.me

    async def me(token: str) -> object:
        seen = await real(token)
        line = replace(seen.devices[0], model="<img src=x onerror=alert(1)>")
        return replace(seen, devices=(line,))

    doors.me = me
    await sign_in(browser)
    text = (await browser.get("/privacy/uses")).text
    assert "<img" not in text
    assert "&lt;img" in text


@pytest.mark.parametrize("path", ["/", "/policy", "/farewell", "/privacy", "/nowhere", "/static/../app.py"])
async def test_every_page_is_closed_to_scripts_frames_and_caches(
    browser: httpx.AsyncClient, path: str
) -> None:
    await sign_in(browser)
    answer = await browser.get(path)
    rules = answer.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "unsafe" not in rules
    assert "script-src 'self';" in rules or "script" not in rules
    assert "frame-ancestors 'none'" in rules
    assert answer.headers["cache-control"] == "no-store"
    assert not re.findall(
        r"<script(?! src=\"/static/[a-z.]+\" defer></script>)|<style|\son\w+=|\sstyle=", answer.text
    )
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', answer.text)


@pytest.mark.parametrize(
    ("asked", "remembered", "accepts", "expected"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "fr, en;q=0.5, zh;q=0.9", "zh"),
        (None, None, "zh;q=0, en;q=0.1", "en"),
        ("xx", "yy", "q=;;,,zh;q=x", "en"),
        (None, None, "", "en"),
    ],
)
def test_which_language(asked: str | None, remembered: str | None, accepts: str, expected: str) -> None:
    assert preferred(asked, remembered, accepts) == expected


def test_every_text_stands_in_both_languages_with_the_same_parts() -> None:
    for key, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), key
        parts = {lang: {part[1] for part in Formatter().parse(entry[lang])} - {None} for lang in LANGUAGES}
        assert parts["en"] == parts["zh"], key
        assert all(entry.values()), key


def test_every_word_of_the_domain_has_a_text() -> None:
    known = catalogue().keys()
    assert {f"why.{reason.value}" for reason in Reason} <= known
    assert {f"basis.{basis.value}" for basis in Basis} <= known
    assert {f"stage.{stage.name.lower()}" for stage in Stage} <= known
    assert {f"kind.{kind.value}" for kind in PAPERS} <= known
    assert {f"kind.{kind.value}" for kind in (*ActKind, *EntryKind)} <= known
    assert {f"right.{right.value}" for right in Right} <= known
    assert {f"state.{state.value}" for state in steps.State} <= known
    assert {f"device.{kind}" for kind in KINDS} <= known
    assert {f"need_{need.value}" for need in Need} <= known
    assert {f"did.{did.value}" for did in Did} <= known
    assert {f"{word}_{verdict.value}" for verdict in Verdict for word in ("verdict", "done")} <= known


@pytest.mark.parametrize("name", POLICIES)
def test_every_word_of_a_policy_that_people_see_has_a_text(name: str) -> None:
    known, policy = catalogue().keys(), compiled(name)
    assert {f"effect.{table.refusal.effect}" for table in policy.functions.values()} <= known
    assert {f"ground.{ground}" for ground in grounds(policy)} <= known


def test_every_word_of_the_desk_has_a_text() -> None:
    known = catalogue().keys()
    assert {f"desk_why.{why.value}" for why in (*Reason, *TurnedAway)} <= known
    assert {f"desk_incident.{state.value}" for state in State} <= known
    assert {f"desk_step.{step.value}" for step in BreachStep} <= known


@pytest.mark.parametrize(
    "module",
    [breach_moves, contact, desk, effects, incidents, matters, register, requests, rows, steps],
    ids=lambda module: module.__name__,
)
def test_what_a_door_of_the_desk_refuses_is_said_in_both_languages(module: ModuleType) -> None:
    own = (each for each in vars(module).values() if isinstance(each, type))
    raised = {each.__name__ for each in own if issubclass(each, TrothError) and each is not TrothError}
    elsewhere = {"Denied", "TwoSteps", "NotKept", "WrongForm", "NotStorable", "Claimed"}
    assert {f"desk_error.{name}" for name in raised - elsewhere} <= catalogue().keys()


def test_every_text_that_a_template_asks_for_exists() -> None:
    folder = files("troth.edges.web").joinpath("templates")
    asked: set[str] = set()
    for template in (path for part in ("", "parts", "desk") for path in folder.joinpath(part).iterdir()):
        if template.is_file():
            asked |= set(re.findall(r"\bt\('([a-z_0-9]+)'[,)]", template.read_text(encoding="utf-8")))
    assert asked <= catalogue().keys()
    assert Words("en")("effect.something_new") == "the policy says: something new."


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/privacy/details?day=2026-03-01", "?day=2026-03-01&amp;lang=zh"),
        ("/privacy/collected?before=2026-03-01&done=saved&lang=en", "?before=2026-03-01&amp;lang=zh"),
        (
            "/policy?name=sunmi-camera&x=%22%3E%3Cscript%3E",
            "?name=sunmi-camera&amp;x=%22%3E%3Cscript%3E&amp;lang=zh",
        ),
        (f"/policy?x={'x' * 600}", "?lang=zh"),
        ("/privacy/collected?before=yesterday", "?lang=zh"),
    ],
)
async def test_the_other_language_shows_the_same_page_and_of_a_refused_one_repeats_nothing(
    browser: httpx.AsyncClient, path: str, other: str
) -> None:
    await sign_in(browser)
    page = await browser.get(path, headers={"accept-language": "en"})
    assert f'<a href="{other}" lang="zh-Hans"' in page.text


async def test_what_functions_share_stands_once_with_all_of_them(
    browser: httpx.AsyncClient, doors: FakeDoors
) -> None:
    real = doors.details

    async def shared(token: str) -> object:
        (hours,) = await real(token)
        name = replace(hours, item="store_name", value={"value": "Lantern Teahouse"})
        return (hours, name, replace(name, function="customer_flow"))

    doors.details = shared
    await sign_in(browser)
    text = (await browser.get("/privacy/details", headers={"accept-language": "en"})).text
    assert text.count("Lantern Teahouse") == 1
    assert "Used for: Store guard, Counting customers" in text
    for function in ("store_guard", "customer_flow"):
        assert f'action="/privacy/details/{function}/store_name/delete"' in text


async def test_people_are_counted_as_people(browser: httpx.AsyncClient) -> None:
    await sign_in(browser)
    assert "3 people" in (await browser.get("/privacy/collected", headers={"accept-language": "en"})).text
    assert "：3 人" in (await browser.get("/privacy/collected?lang=zh")).text


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nowhere"), ("POST", "/v1/"), ("DELETE", "/v1/me")])
async def test_an_unknown_path_of_the_api_is_answered_as_the_api_answers(
    browser: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await browser.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 404


async def test_several_policies_are_listed_before_one_is_shown(
    browser: httpx.AsyncClient, doors: FakeDoors, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = doors.policies()
    assert '<article class="paper">' in (await browser.get("/policy")).text
    other = replace(one, name="kaiconn", title={"en": "KaiConn", "zh": "KaiConn"})
    monkeypatch.setattr(FakeDoors, "policies", lambda _self: (one, other))
    page = (await browser.get("/policy")).text
    assert 'href="/policy?name=sunmi-camera"' in page
    assert 'href="/policy?name=kaiconn"' in page
    assert '<article class="paper">' not in page
    assert '<article class="paper">' in (await browser.get("/policy?name=kaiconn")).text
    assert (await browser.get("/policy?name=nobody")).status_code == 404
