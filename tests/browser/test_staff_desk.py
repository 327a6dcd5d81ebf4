"""The staff's day by clicking, with Chromium's own authenticator: from the setup code to an account ended."""

from __future__ import annotations

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Someone, looked_at, measured, visit
from troth.edges.web.words import Words
from troth.subjects.roles import Role

pytestmark = pytest.mark.browser
GRAVE = ("serious", "critical")
WAYS = [("en", 360), ("zh", 1280), ("zh", 360), ("en", 1280)]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def by_name(site: Site) -> Site:
    """Return the site by its name: a passkey belongs to none other."""
    return replace(site, url=site.url.replace("127.0.0.1", "localhost"))


def said(page: Page, name: str) -> None:
    looked_at(page, f"desk-{name}")
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in GRAVE], (name, found)


def with_authenticator(page: Page) -> None:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def join(page: Page, site: Site, role: Role) -> None:
    page.goto(site.url + "/desk/join")
    page.fill("#code", site.run(site.house.troth.invite_staff(role)).code.lower())
    page.click("main form button")
    page.click("form[data-passkey] button")
    page.wait_for_url(lambda url: not url.endswith("/join"))


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_an_administrators_day(chromium: Browser, site: Site, language: str, width: int) -> None:
    site = by_name(site)
    owner = site.someone()
    site.run(measured(site, owner))
    with visit(chromium, site, language, width) as page:
        with_authenticator(page)
        comes_in(page, site)
        enters_a_cancellation_by_phone(page, site, owner)
        looks_around(page, site, owner)
        ends_the_account(page, site, owner)
        page.click(".top form button")
        page.wait_for_url("**/desk")
        page.goto(site.url + "/desk/requests")
        expect(page).to_have_url(site.url + "/desk")
        page.click("form[data-passkey] button")
        page.wait_for_url("**/desk/requests")


def comes_in(page: Page, site: Site) -> None:
    page.goto(site.url + "/desk")
    said(page, "enter")
    page.click("main a[href='/desk/join']")
    page.fill("#code", "AAAAAA-BBBBBB-CCCCCC-DDDDDD")
    page.click("main form button")
    expect(page.locator("main > div > .bad")).to_be_visible()
    said(page, "join")
    join(page, site, Role.ADMIN)
    expect(page).to_have_url(site.url + "/desk/requests")


def enters_a_cancellation_by_phone(page: Page, site: Site, owner: Someone) -> None:
    page.goto(site.url + "/desk/requests/new")
    said(page, "new")
    page.fill("#contact", owner.phone)
    page.select_option("#channel", "phone")
    page.select_option("#right", "cancel")
    page.fill("#text", "please close my account <script>alert(1)</script>")
    page.click("main form button")
    page.wait_for_url("**/desk/requests/*-*")
    assert "close my account" not in page.inner_text("main")  # not proven yet
    said(page, "unproven")
    page.check("input[name=identity]")
    page.click("form[action$='/prove'] button")
    expect(page.locator("main")).to_contain_text("close my account <script>")
    language = Words("zh" if page.locator("html").get_attribute("lang") != "en" else "en")
    expect(page.locator("dl")).to_contain_text(language("desk_language.en"))  # they are written to in English
    expect(page.locator("label[for=meet]")).to_contain_text(language("desk_language.en"))
    said(page, "request")
    page.select_option("#seen_of", "register")
    page.click("form[action$='/look'] button")
    expect(page.locator("#seen")).to_contain_text(owner.phone)
    said(page, "seen")
    page.goto(site.url + "/desk/requests")
    expect(page.locator(".inbox li")).not_to_have_count(0)
    said(page, "inbox")


def looks_around(page: Page, site: Site, owner: Someone) -> None:
    page.goto(site.url + "/desk/look")
    said(page, "look")
    page.fill("#contact", owner.phone)
    page.select_option("#purpose", index=0)
    page.click("main form button")
    page.wait_for_load_state()
    said(page, "looked")
    page.goto(site.url + "/desk/system")
    expect(page.locator(".chart svg.bar")).not_to_have_count(0)
    said(page, "system")
    page.goto(site.url + "/desk/staff")
    page.select_option("#role", "support")
    page.click("form[action='/desk/staff/invite'] button")
    expect(page.locator(".token")).to_contain_text("-")
    said(page, "staff")


def ends_the_account(page: Page, site: Site, owner: Someone) -> None:
    page.goto(site.url + "/desk/requests")
    page.click(".inbox a >> nth=0")
    page.check("input[name=warned]")
    page.click("form[action$='/meet'] button")
    page.wait_for_url("**/desk/requests")
    assert site.run(owner.person.ask("GET", "/v1/me")).status_code == 401


def test_a_role_has_its_own_ways_and_no_others(chromium: Browser, site: Site) -> None:
    site = by_name(site)
    with visit(chromium, site, "en", 1280) as page:
        with_authenticator(page)
        join(page, site, Role.AUDIT)
        expect(page).to_have_url(site.url + "/desk/system")
        assert page.locator(".duties-nav a").count() == 1
        for path in ("/desk/requests", "/desk/look", "/desk/staff"):
            answer = page.goto(site.url + path)
            assert answer is not None
            assert answer.status == 403, path
        code = site.run(site.house.troth.invite_staff(Role.SUPPORT)).code
        join_again = page.context.new_page()
        join_again.goto(site.url + "/desk/join")
        assert code not in join_again.content()
        colleague = site.run(site.house.troth.at_desk(_cookie(page)))
        admin = site.run(site.house.staff(Role.ADMIN))
        site.run(site.house.troth.dismiss(admin.token, colleague.id))
        page.goto(site.url + "/desk/system")
        expect(page).to_have_url(site.url + "/desk")
        page.click("form[data-passkey] button")  # the passkey of who was dismissed opens nothing
        expect(page.locator("main .bad").first).to_be_visible()


def _cookie(page: Page) -> str:
    return next(each["value"] for each in page.context.cookies() if each["name"].endswith("troth_desk"))
