"""The story of the privacy page by clicking: both languages, a phone's width and a desk's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site
from tests.flow.api_people import PASSWORD, PHONE

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TROTH_SHOTS")
WAYS = [("en", 360), ("zh", 360), ("en", 1280), ("zh", 1280)]
SAID = {
    "en": {
        "on": "On",
        "off": "Off",
        "waiting": "Waiting",
        "sure": "Cancel for good?",
        "wrong": "do not go together",
    },
    "zh": {
        "on": "已开启",
        "off": "已关闭",
        "waiting": "等待中",
        "sure": "确定要注销吗？",
        "wrong": "账号或密码不正确",
    },
}


@contextmanager
def visit(chromium: Browser, site: Site, language: str, width: int) -> Iterator[Page]:
    """Open a page as someone of this language would; at the end nothing may have been complained about."""
    locale = {"en": "en-GB", "zh": "zh-CN"}[language]
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale=locale)
    page = context.new_page()
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(site.url) else foreign.append(request.url)
    )
    yield page
    assert not foreign
    assert not [said for said in complaints if "status of 40" not in said]
    context.close()


def fits(page: Page, name: str, language: str, width: int) -> None:
    """Nothing sticks out sideways, and everything to press is large enough for a thumb."""
    page.wait_for_load_state()  # a form that was just sent may still be on its way
    page.locator("main").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    small = page.eval_on_selector_all(
        "main button, main .button", "found => found.filter(b => b.offsetHeight < 44).map(b => b.innerText)"
    )
    assert not small
    unlabelled = page.eval_on_selector_all(
        "input:not([type=hidden])", "found => found.filter(i => !i.labels.length).map(i => i.name)"
    )
    assert not unlabelled
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{width}.png", full_page=True)


def sign_in(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.fill("#login", PHONE)
    page.fill("#password", PASSWORD)
    page.click("form[action='/sign-in'] button")
    page.wait_for_url("**/privacy")


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_find_out_switch_off_copy_cancel(chromium: Browser, site: Site, language: str, width: int) -> None:
    said = SAID[language]
    with visit(chromium, site, language, width) as page:
        page.goto(site.url)
        fits(page, "sign-in", language, width)
        page.fill("#login", PHONE)
        page.fill("#password", "not the password")
        page.click("form[action='/sign-in'] button")
        expect(page.get_by_role("alert")).to_contain_text(said["wrong"])
        sign_in(page, site)
        fits(page, "privacy", language, width)

        card = page.locator("#customer_flow")
        expect(card.locator(".pill").first).to_have_text(said["on"])
        card.locator("summary").click()
        expect(card).to_contain_text("sunmi-camera/functions/customer_flow/when_used/line_crossing")
        card.locator("button[value=off]").click()
        expect(page.locator("#customer_flow .pill").first).to_have_text(said["off"])
        expect(page.get_by_role("status")).to_be_visible()
        page.locator("#customer_flow button[value=on]").click()
        expect(page.locator("#customer_flow .pill").first).to_have_text(
            said["waiting"]
        )  # the store was forgotten with the function: it is given again first
        page.locator("form[action='/privacy/switches/store_guard'] button").click()
        expect(page.locator("form[action='/privacy/switches/store_guard'] button[value=on]")).to_be_visible()

        with page.expect_download() as download:
            page.click("form[action='/privacy/copy'] button")
        lines = [json.loads(line) for line in Path(download.value.path()).read_text("utf-8").splitlines()]
        assert lines[-1]["kind"] == "end"
        assert any(PHONE in json.dumps(line) for line in lines)

        page.click("a[href='/privacy/receipts']")
        fits(page, "receipts", language, width)
        page.goto(site.url + "/policy?name=sunmi-camera")
        fits(page, "policy", language, width)
        expect(page.locator("main")).to_contain_text("sunmi-camera/stored_in/CN")
        _cancel(page, site, language, width)


def _cancel(page: Page, site: Site, language: str, width: int) -> None:
    page.goto(site.url + "/privacy")
    page.click("a[href='/privacy/cancel']")
    expect(page.locator("h1")).to_have_text(SAID[language]["sure"])
    fits(page, "cancel", language, width)
    page.check("input[name=understood]")
    page.click("button.grave")
    fits(page, "farewell", language, width)
    expect(page.locator(".stages .reached")).to_have_count(2)
    line = page.input_value("#farewell")

    page.goto(site.url + "/privacy")
    assert page.url == site.url + "/"
    site.house.clock.advance(days=1, minutes=5)
    site.run(site.house.troth.turn_epoch())
    while site.run(site.house.troth.erase()):
        pass
    page.goto(site.url + "/farewell")
    page.fill("#farewell", line)
    page.click("form[action='/farewell'] button")
    expect(page.locator(".stages .reached")).to_have_count(6)
    expect(page.locator(".token")).to_be_visible()
    fits(page, "certificate", language, width)


def test_the_language_is_remembered(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "en", 360) as page:
        page.goto(site.url)
        page.get_by_text("中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        page.goto(site.url + "/policy?name=sunmi-camera")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_the_keyboard_reaches_everything(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "en", 1280) as page:
        page.goto(site.url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.focus("#login")
        page.keyboard.type(PHONE)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/privacy")
