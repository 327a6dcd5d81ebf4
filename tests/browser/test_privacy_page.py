"""The story by clicking: find out, switch off, correct, get a copy, cancel; with and without scripts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Someone, looked_at, measured, sign_in, visit
from tests.flow.api_people import PASSWORD
from troth.edges.web import values
from troth.edges.web.words import Words

pytestmark = pytest.mark.browser
NASTY = '"><img src=x onerror=alert(1)>'
"""Forty characters without an @ or six digits: what a label takes."""


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
def test_find_out_switch_off_correct_copy_cancel(
    chromium: Browser, site: Site, language: str, width: int
) -> None:
    t = Words(language)
    who = site.someone()
    site.run(measured(site, who))
    with visit(chromium, site, language, width) as page:
        page.goto(site.url)
        page.fill("#login", who.phone)
        page.fill("#password", "not the password")
        page.click("form[action='/sign-in'] button")
        expect(page.get_by_role("alert")).to_contain_text(t("wrong_login"))
        sign_in(page, site, who)

        main = page.locator("main")
        main.get_by_role("link", name=t("room_collected")).click()
        expect(page.locator(".day").first).to_contain_text(values.counted(t, "line_crossing", 39))
        main.get_by_role("link", name=t("show_each")).first.click()
        expect(page.locator(".readings li")).to_have_count(39)
        expect(page.locator(".readings")).to_contain_text(
            values.told(t, "line_crossing", {"direction": "out", "zone": "door"})
        )
        assert page.url.endswith("/privacy/collected")  # it opened in its place

        page.goto(site.url + "/privacy")
        page.get_by_role("link", name=t("home_switch")).click()
        _pause(page, t)
        _switch_off(page, t)
        page.goto(site.url + "/privacy/details")
        _correct(page, t)
        page.goto(site.url + "/privacy")
        main.get_by_role("link", name=t("room_copy")).click()
        _copy(page, t, who)
        page.goto(site.url + "/privacy/requests")
        page.check("input[value=access]")
        page.fill("#text", "<script>alert(1)</script>")
        page.get_by_role("button", name=t("request_send")).click()
        expect(main.locator("article")).to_contain_text("<script>alert(1)</script>")
        main.get_by_role("button", name=t("request_withdraw")).click()
        expect(main.locator("article .pill")).to_have_text(t("state.revoked"))
        _cancel(page, site, t)


def _pause(page: Page, t: Words) -> None:
    """From the card to its switch, which says pause and not off, and that what is there stays."""
    card, switch = page.locator("#store_guard"), page.locator("button:target")
    pauses = card.get_by_role("link", name=t("off_pause"))
    pauses.click()
    expect(switch).to_have_text(t("turn_pause"))
    under = page.locator("details.toc").bounding_box()
    seen = switch.bounding_box()
    assert under
    assert seen
    assert seen["y"] > under["y"] + under["height"]
    switch.click()
    expect(page.locator("#said")).to_have_text(t("done_paused"))
    expect(card.locator(".pill").first).to_have_text(t("paused"))
    expect(pauses).to_have_count(0)
    card.get_by_role("link", name=t("turn_resume")).click()
    expect(switch).to_have_text(t("turn_resume"))
    switch.click()
    expect(page.locator("#said")).to_have_text(t("done_resumed"))
    expect(card.locator(".pill").first).to_have_text(t("on"))


def _switch_off(page: Page, t: Words) -> None:
    """One tap; the page stays where it is, says what happened, and the keyboard stays on the switch."""
    card = page.locator("#customer_flow")
    expect(card.locator(".pill").first).to_have_text(t("on"))
    card.locator("summary").first.click()
    clause = card.locator("a.clause[title$='functions/customer_flow/when_used/line_crossing']")
    expect(clause).not_to_contain_text("customer_flow")
    assert clause.get_attribute("href") == (
        "/policy?name=sunmi-camera&version=1#sunmi-camera/functions/customer_flow/when_used/line_crossing"
    )
    page.evaluate("window.stayed = true")
    card.locator("button[value=off]").first.focus()
    page.keyboard.press("Enter")
    expect(card.locator(".pill").first).to_have_text(t("off"))
    expect(page.locator("#said")).to_have_text(t("done_off"))
    assert page.evaluate("window.stayed && document.activeElement.id") == "b-customer_flow"
    card.locator("button[value=on]").first.click()
    expect(card.locator(".pill").first).to_have_text(t("waiting"))  # its store was forgotten with it
    page.locator("form[action='/privacy/switches/store_guard'] button").click()
    expect(page.locator("form[action='/privacy/switches/store_guard'] button")).to_have_attribute(
        "value", "on"
    )


def _correct(page: Page, t: Words) -> None:
    name, hours = page.locator("#store_name"), page.locator("#business_hours")
    expect(name).to_contain_text("Lantern Teahouse")
    name.locator("a.button").click()
    page.fill("input[name=value]", f"Lantern {NASTY}")
    page.get_by_role("button", name=t("detail_save")).click()
    expect(page.locator("#said")).to_have_text(t("done_saved"))
    expect(name).to_contain_text(f"Lantern {NASTY}")
    hours.locator("summary").click()
    hours.get_by_role("button").click()
    expect(page.locator("#said")).to_have_text(t("done_deleted"))
    expect(hours).to_have_count(0)


def _copy(page: Page, t: Words, who: Someone) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name=t("copy"), exact=True).click()
    lines = [json.loads(line) for line in Path(download.value.path()).read_text("utf-8").splitlines()]
    assert lines[-1]["kind"] == "end"
    assert any(who.phone in json.dumps(line) for line in lines)
    expect(page.locator("[data-stage]")).to_have_text(t("copy_done"))
    expect(page.locator("[data-lines]")).to_have_text(t.number(len(lines)))
    assert page.locator("progress").evaluate("bar => bar.value === bar.max")


def _cancel(page: Page, site: Site, t: Words) -> None:
    page.goto(site.url + "/privacy")
    page.locator("main").get_by_role("link", name=t("room_cancel")).click()
    expect(page.locator("h1")).to_have_text(t("cancel_sure"))
    page.check("input[name=understood]")
    page.click("button.grave")
    looked_at(page, "cancelled")
    expect(page.locator(".stages .reached")).to_have_count(2)
    line = page.input_value("#farewell")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=t("farewell_copy")).click()
    expect(page.locator("form [role=status]")).to_have_text(t("farewell_copied"))
    assert page.evaluate("navigator.clipboard.readText()") == line
    for _ in range(2):  # in the other language and back: the line is shown here alone
        page.click("header form[action^='/farewell'] button")
        assert page.input_value("#farewell") == line

    page.goto(site.url + "/privacy")
    assert page.url == site.url + "/"
    site.house.clock.advance(days=1, minutes=5)
    site.run(site.house.troth.turn_epoch())
    while site.run(site.house.troth.sweep_media()) + site.run(site.house.troth.erase()):
        pass
    page.goto(site.url + "/farewell")
    page.fill("#farewell", line)
    page.click("form[action='/farewell'] button.main")
    expect(page.locator(".stages .reached")).to_have_count(6)
    expect(page.locator(".token")).to_be_visible()
    looked_at(page, "certificate")


def test_everything_works_without_scripts(chromium: Browser, site: Site) -> None:
    t, who = Words("en"), site.someone()
    site.run(measured(site, who))
    with visit(chromium, site, "en", 360, scripts=False) as page:
        sign_in(page, site, who)
        page.goto(site.url + "/privacy/uses")
        page.locator("#b-customer_flow").click()
        expect(page.locator("#customer_flow .pill").first).to_have_text(t("off"))
        expect(page.locator("#said")).to_have_text(t("done_off"))
        page.goto(site.url + "/privacy/collected")
        page.locator("main").get_by_role("link", name=t("show_each")).last.click()
        expect(page.locator(".readings li").first).to_contain_text("door")
        page.goto(site.url + "/privacy/uses")
        guard = page.locator("#store_guard")
        guard.locator("summary").first.click()
        guard.locator("details.confirm summary").click()
        guard.locator("form[action='/privacy/delete/store_guard'] button").click()
        expect(page.locator("#said")).to_have_text(t("done_deleted"))
        page.goto(site.url + "/privacy/collected")
        expect(page.locator("main")).not_to_contain_text(t.item("motion_event"))
        page.goto(site.url + "/privacy/copy")
        with page.expect_download() as download:
            page.get_by_role("button", name=t("copy"), exact=True).click()
        assert '"kind": "end"' in Path(download.value.path()).read_text("utf-8").splitlines()[-1]
        page.goto(site.url + "/privacy/cancel")
        page.check("input[name=understood]")
        page.click("button.grave")
        expect(page.locator("#farewell")).to_have_value(re.compile(r"\S{40,}"))
        expect(page.locator("[data-copies]")).to_be_hidden()  # it could do nothing


def test_what_people_and_devices_write_is_text_and_nothing_else(chromium: Browser, site: Site) -> None:
    """A dialog, a request elsewhere or a word on the console would be a complaint: see `visit`."""
    who = site.someone(store_name=f"A{NASTY}", store_address=f"B{NASTY}<script>alert(2)</script>")
    site.run(measured(site, who, zone=NASTY))
    asked = {"right": "access", "text": f"C{NASTY}\n</textarea><script>alert(3)</script>"}
    made = site.run(who.person.done("POST", "/v1/me/requests", asked))
    said = {"text": f"D{NASTY}"}
    site.run(site.office.done("POST", f"/v1/staff/requests/{made['request']}/ask", said))
    day = site.house.clock.now().date().isoformat()
    seen: set[str] = set()
    with visit(chromium, site, "en", 1280) as page:
        sign_in(page, site, who)
        for path in (
            "",
            "/uses",
            "/details",
            "/details/store_guard/store_name",
            "/collected",
            f"/collected/sunmi-camera/customer_flow/{day}",
            "/requests",
            "/receipts",
            "/given",
            "/cancel",
        ):
            page.goto(f"{site.url}/privacy{path}")
            assert not page.locator("main img, main script, footer script").count(), path
            seen |= set(
                re.findall(r'[ABCD ]"><img src=x', page.content().replace("&gt;", ">").replace("&lt;", "<"))
            )
        page.goto(site.url + "/privacy/collected")
        page.locator("main").get_by_role("link", name="Show each").first.click()
        expect(page.locator(".readings li").first).to_contain_text(NASTY)
    assert {each[0] for each in seen} >= set("ABCD"), seen


def test_a_session_is_nobody_elses(chromium: Browser, site: Site) -> None:
    """A planted session is not taken over, a form from elsewhere does nothing, an end is one everywhere."""
    who = site.someone()
    with visit(chromium, site, "en", 1280) as page:
        planted = {"name": "troth_session", "value": "planted", "url": site.url}
        page.context.add_cookies([planted])
        sign_in(page, site, who)
        kept = {each["name"]: each for each in page.context.cookies()}
        assert kept["troth_session"]["value"] != "planted"
        assert all(each["httpOnly"] and each["sameSite"] == "Lax" for each in kept.values())
        assert not page.evaluate("document.cookie")
        other = chromium.new_context(locale="en-GB").new_page()
        sign_in(other, site, who)
        forged = page.request.post(f"{site.url}/privacy/functions/customer_flow", form={"turn": "off"})
        assert forged.status == 403
        stolen = other.locator("input[name=csrf]").first.get_attribute("value")
        forged = page.request.post(
            f"{site.url}/privacy/functions/customer_flow", form={"turn": "off", "csrf": stolen or ""}
        )
        assert forged.status == 403
        site.run(who.person.done("GET", "/v1/me"))
        page.get_by_role("button", name="Sign out everywhere").click()
        expect(page.locator("#said")).to_have_text(Words("en")("done_signed_out"))
        other.goto(site.url + "/privacy")
        assert other.url == site.url + "/"
        other.context.close()


def test_a_code_signs_in_and_replaces_a_forgotten_password(chromium: Browser, site: Site) -> None:
    t, who = Words("zh"), site.someone()
    with visit(chromium, site, "zh", 360) as page:
        page.goto(site.url)
        page.get_by_role("link", name=t("with_code")).click()
        page.fill("#login", who.phone)
        page.get_by_role("button", name=t("code_send")).click()
        expect(page.get_by_role("status").first).to_contain_text(who.phone)
        looked_at(page, "code-sent")
        page.fill("#code", "000000")
        page.get_by_role("button", name=t("sign_in"), exact=True).click()
        expect(page.get_by_role("alert")).to_have_text(t("wrong_code"))
        page.fill("#code", site.run(site.house.code()))
        page.get_by_role("button", name=t("sign_in"), exact=True).click()
        page.wait_for_url("**/privacy")
        page.get_by_role("button", name=t("sign_out"), exact=True).click()
        page.get_by_role("link", name=t("forgot")).click()
        page.fill("#login", who.phone)
        page.get_by_role("button", name=t("code_send")).click()
        looked_at(page, "reset")
        page.fill("#code", site.run(site.house.code()))
        page.fill("#new", "another long password 78")
        page.get_by_role("button", name=t("set_password")).click()
        page.wait_for_url("**/privacy")
        page.get_by_role("link", name=t("change_password")).click()
        page.fill("#password", PASSWORD)
        page.fill("#new", PASSWORD)
        page.get_by_role("button", name=t("set_password")).click()
        expect(page.get_by_role("alert")).to_have_text(t("wrong_password"))
        page.fill("#password", "another long password 78")
        page.fill("#new", PASSWORD)
        page.get_by_role("button", name=t("set_password")).click()
        expect(page.locator("#said")).to_have_text(t("done_password"))


def test_the_language_is_remembered(chromium: Browser, site: Site) -> None:
    with visit(chromium, site, "en", 360) as page:
        page.goto(site.url)
        page.get_by_text("中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        page.goto(site.url + "/policy?name=sunmi-camera")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_the_policy_opens_where_one_jumps_and_prints_whole(chromium: Browser, site: Site) -> None:
    clause = "sunmi-camera/functions/store_guard/when_used/business_hours"
    with visit(chromium, site, "zh", 360) as page:
        page.goto(f"{site.url}/policy?name=sunmi-camera#{clause}")
        expect(page.locator(f"[id='{clause}']")).to_be_in_viewport()
        page.goto(f"{site.url}/policy?name=sunmi-camera")
        assert page.evaluate("document.documentElement.scrollHeight") < 4000
        page.locator(".toc summary").click()
        page.locator(".toc a").last.click()
        expect(page.locator(".fold").last).to_have_attribute("open", "")
        assert page.locator(".fold[open]").count() == 1
        page.emulate_media(media="print")
        hidden = "found => found.filter(each => !each.getBoundingClientRect().height).length"
        assert page.eval_on_selector_all(".fold dd", hidden) == 0
    with visit(chromium, site, "en", 360, scripts=False) as page:
        page.goto(f"{site.url}/policy?name=sunmi-camera")
        page.locator(".fold summary").first.click()
        expect(page.locator(".fold dd").first).to_be_visible()


def test_the_keyboard_reaches_everything(chromium: Browser, site: Site) -> None:
    who = site.someone()
    with visit(chromium, site, "en", 1280) as page:
        page.goto(site.url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.focus("#login")
        page.keyboard.type(who.phone)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/privacy")
