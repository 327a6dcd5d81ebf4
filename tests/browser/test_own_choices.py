"""A receiver allowed and forbidden, one session ended, a cancellation taken back: by clicking."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Someone, looked_at, shared, sign_in, visit
from tests.flow.test_records import NEEDED
from troth.edges.web.words import Words

pytestmark = pytest.mark.browser
WAYS = [("zh", 360), ("en", 1280)]


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_a_receiver_is_allowed_and_no_longer(
    chromium: Browser, site: Site, language: str, width: int
) -> None:
    t, who = Words(language), site.someone()
    site.run(shared(site, who))
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, who)
        page.locator("main").get_by_role("link", name=t("room_given")).click()
        acme = page.locator("#r-acme")
        expect(acme.locator(".pill")).to_have_text(t("choice_unsaid"))
        for turn, said, stands in (
            ("choice_allow", "done_allowed", "choice_allowed"),
            ("choice_deny", "done_forbidden", "choice_denied"),
        ):
            site.house.clock.advance(minutes=1)
            acme.get_by_role("button", name=f"{t(turn)}: acme", exact=True).click()
            expect(page.locator("#said")).to_have_text(t(said))
            expect(acme.locator(".pill")).to_have_text(t(stands))
        looked_at(page, "given-denied")


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_one_chosen_session_is_ended(chromium: Browser, site: Site, language: str, width: int) -> None:
    t, who = Words(language), site.someone()
    site.house.clock.advance(minutes=1)
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, who)
        page.get_by_role("link", name=t("sessions_see")).click()
        rows = page.locator("main .card .row")
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text(t("session_here"))
        assert site.run(who.person.ask("GET", "/v1/me")).status_code == 200
        looked_at(page, "sessions")
        rows.nth(1).get_by_role("button").click()
        expect(page.locator("#said")).to_have_text(t("done_ended_there"))
        expect(rows).to_have_count(1)
        assert site.run(who.person.ask("GET", "/v1/me")).status_code == 401


async def _at_home(site: Site, phone: str) -> Someone:
    shown = (await site.house.http.get("/v1/policies/kaiconn?language=zh")).json()
    texts = {"policy": "kaiconn", "language": "zh", "text_hash": shown["text_hash"]}
    person = await site.house.owner(**texts, version=shown["version"], items=NEEDED, phone=phone)
    return Someone(phone, person, {})


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_a_cancellation_that_waits_is_taken_back(
    chromium: Browser, site: Site, language: str, width: int
) -> None:
    t = Words(language)
    who = site.run(_at_home(site, f"+8613900{width:06d}"))
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, who)
        assert not page.locator("main").get_by_role("link", name=t("room_shop")).count()
        for again in (False, True):
            _cancels(page, site, t)
            if again:
                page.goto(site.url + "/privacy/cancel")
            expect(page.locator("h1")).to_have_text(t("cancel_waits_title"))
            looked_at(page, "cancel-waits")
            page.get_by_role("button", name=t("cancel_take_back")).click()
            expect(page.locator("#said")).to_have_text(t("done_taken_back"))
        assert site.run(who.person.ask("GET", "/v1/me")).status_code == 200


def _cancels(page: Page, site: Site, t: Words) -> None:
    page.goto(site.url + "/privacy")
    page.locator("main").get_by_role("link", name=t("room_cancel")).click()
    looked_at(page, "cancel-home")
    page.check("input[name=understood]")
    page.click("button.grave")
