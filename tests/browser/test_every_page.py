"""Every page of a person in both languages, on a phone and on a desk: it fits, and nobody is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Site, Someone, looked_at, measured, rang_up, shared, sign_in, visit
from troth.terms import LEGAL_TIME

pytestmark = pytest.mark.browser
WAYS = [("en", 360), ("zh", 360), ("en", 1280), ("zh", 1280)]
PAGES = {
    "home": "/privacy",
    "uses": "/privacy/uses",
    "shop": "/privacy/shop?day={shop_day}",
    "shop-today": "/privacy/shop",
    "till": "/privacy/shop/cashier_audit?day={shop_day}",
    "collected": "/privacy/collected",
    "day": "/privacy/collected/sunmi-camera/customer_flow/{day}",
    "details": "/privacy/details",
    "detail": "/privacy/details/store_guard/business_hours",
    "films": "/privacy/films",
    "given": "/privacy/given",
    "copy": "/privacy/copy",
    "requests": "/privacy/requests",
    "receipts": "/privacy/receipts",
    "own-policies": "/policy",
    "policy": "/policy?name=sunmi-camera",
    "store": "/privacy/store",
    "device": "/privacy/devices/add?kind=cash_register",
    "versions": "/policy/sunmi-camera/versions",
    "changes": "/policy/sunmi-camera/changes/1",
    "notices": "/notices",
    "cancel": "/privacy/cancel",
    "password": "/privacy/password",
    "nowhere": "/privacy/nowhere",
}
OPEN = {"sign-in": "/", "code": "/sign-in/code", "policies": "/policy", "farewell": "/farewell"}
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def owner(site: Site) -> Someone:
    who = site.someone()
    site.run(measured(site, who))
    site.run(shared(site, who))
    site.run(rang_up(site, who))
    asked = {"right": "access", "text": "Which of your people can see my shop?"}
    site.run(who.person.done("POST", "/v1/me/requests", asked))
    return who


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_every_page_fits_and_reads(
    chromium: Browser, site: Site, owner: Someone, language: str, width: int
) -> None:
    shop_day = site.house.clock.now().astimezone(LEGAL_TIME).date()
    day = shop_day - timedelta(days=1)
    with visit(chromium, site, language, width) as page:
        for name, path in OPEN.items():
            _seen(page, site, name, path)
        sign_in(page, site, owner)
        for name, path in PAGES.items():
            _seen(page, site, name, path.format(day=day, shop_day=shop_day))
        page.goto(f"{site.url}/privacy/collected/sunmi-camera/customer_flow/{day}")
        page.locator(".readings a").first.click()
        _said(page, "reading")
        page.goto(site.url + "/privacy/films")
        page.locator("main .acts a.button").last.click()  # the oldest is a film
        page.locator("video").evaluate("v => v.readyState || new Promise(r => { v.onloadedmetadata = r; })")
        _said(page, "film")


def _seen(page: Page, site: Site, name: str, path: str) -> None:
    page.goto(site.url + path)
    _said(page, name)


def _said(page: Page, name: str) -> None:
    looked_at(page, name)
    found = Axe().run(page).response["violations"]
    grave = [
        (each["id"], [node["html"] for node in each["nodes"]]) for each in found if each["impact"] in GRAVE
    ]
    assert not grave, (name, grave)
