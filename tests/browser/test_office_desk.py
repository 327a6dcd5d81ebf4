"""The privacy office by clicking: an incident from declaration to end, receivers, a film that is closed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import FILM, Site, Someone, measured, shared, visit
from tests.browser.test_staff_desk import by_name, join, said, with_authenticator
from troth.edges.web.words import Words
from troth.subjects.roles import Role

pytestmark = pytest.mark.browser
WAYS = [("en", 360), ("zh", 1280), ("zh", 360), ("en", 1280)]


@pytest.mark.parametrize(("language", "width"), WAYS)
def test_the_offices_day(chromium: Browser, site: Site, language: str, width: int) -> None:
    t, site = Words(language), by_name(site)
    somebody_goes(site)
    owner = site.someone()
    site.run(measured(site, owner))
    site.run(shared(site, owner))
    with visit(chromium, site, language, width) as page:
        with_authenticator(page)
        join(page, site, Role.PRIVACY)
        an_incident(page, site, t)
        receivers(page, site, t)
        a_closed_film(page, site, t, owner)
        an_order(page, site, t, owner)
        what_went_wrong_is_said(page, site, t)


def somebody_goes(site: Site) -> None:
    """Let someone cancel of whom a receiver has something, and their erasure go as far as it does."""
    gone = site.someone()
    site.run(shared(site, gone))
    offer = site.run(gone.person.done("POST", "/v1/me/cancel", {}))
    site.run(gone.person.done("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]}))
    site.house.clock.advance(days=1, minutes=5)
    site.run(site.house.troth.turn_epoch())
    while site.run(site.house.troth.sweep_media()) + site.run(site.house.troth.erase()):
        pass


def an_incident(page: Page, site: Site, t: Words) -> None:
    page.click("nav.duties-nav a[href='/desk/incidents']")
    said(page, "incidents-before")
    page.select_option("#policy", "sunmi-camera")
    page.click("main form button")
    page.click("form[action='/desk/incidents'] button")
    expect(page.get_by_role("alert")).to_have_text(t("desk_affected_missing"))
    said(page, "declare")
    for function in ("customer_flow", "store_guard"):
        page.check(f"[name='function.{function}']")
    page.click("form[action='/desk/incidents'] button")
    page.wait_for_url("**/desk/incidents/*-*")
    for function in ("customer_flow", "store_guard"):
        title = site.house.troth.titles()["sunmi-camera", function]
        expect(page.locator("dl.card")).to_contain_text(t.pick(title, function))
    site.run(site.house.troth.notify())
    page.reload()
    expect(page.locator("main")).to_contain_text(t("desk_incident.declared"))
    said(page, "incident")
    while page.locator("form[action$='/write']").count():
        page.fill("#text", "a laptop was lost; nothing on it could be read <script>alert(1)</script>")
        page.click("form[action$='/write'] button")
        page.wait_for_load_state()
    said(page, "incident-written")
    page.click("form[action$='/tell'] button")
    for _ in range(4):
        site.run(site.house.troth.notify())
        site.run(site.house.troth.deliver(site.house.letters))
    page.reload()
    expect(page.locator("main")).to_contain_text(t("desk_incident.told"))
    page.click("form[action$='/contain'] button")
    expect(page.locator(".note.good code")).to_have_text(page.url.partition("paper=")[2])
    with page.expect_download() as report:
        page.click("main a[download]")
    assert "customer_flow" not in report.value.suggested_filename
    assert Path(report.value.path()).read_text("utf-8").startswith("#")
    if page.locator("form[action$='/reported']").count():
        page.click("form[action$='/reported'] button")
        page.wait_for_load_state()
    said(page, "incident-told")
    page.click("form[action$='/close'] button")
    expect(page.locator("main")).to_contain_text(t("desk_incident.closed"))
    page.goto(site.url + "/desk/incidents")
    said(page, "incidents")


def receivers(page: Page, site: Site, t: Words) -> None:
    page.goto(site.url + "/desk/receivers")
    main = page.locator("main")
    expect(main).to_contain_text("acme")
    expect(main).to_contain_text(t("desk_of_gone"))
    said(page, "receivers")
    owing = page.locator("form[action='/desk/receivers/acknowledged']")
    if owing.count():
        before = owing.count()
        owing.first.locator("button").click()
        page.wait_for_url("**/desk/receivers#told")
        expect(owing).to_have_count(before - 1)
    name = f"agent-{t.language}-{page.viewport_size['width']}"
    page.select_option("#policy", "sunmi-camera")
    page.click("form[action='/desk/receivers/new'] button")
    said(page, "receiver-new")
    page.fill("#receiver", name)
    page.select_option("#kind", "agents")
    page.fill("#purpose", "service")
    page.click("main form button")
    expect(page.get_by_role("alert")).to_have_text(t("desk_error.NothingNamed"))
    page.goto(site.url + "/desk/receivers/new?policy=sunmi-camera")
    page.fill("#receiver", name)
    page.select_option("#kind", "agents")
    page.fill("#purpose", "service")
    page.check("[name='item.phone_number']")
    page.click("main form button")
    card = page.locator("article.card", has_text=name)
    expect(card).to_contain_text(t("desk_papers_none"))
    card.locator("summary", has_text=t("desk_paper_new")).click()
    card.locator("select").select_option("agreement")
    card.get_by_role("button", name=t("desk_note_it")).click()
    expect(page.locator(".note.good code")).to_have_count(1)
    expect(card.locator(".items")).to_have_text(t.phrase("condition.agreement"))
    said(page, "receiver")
    card.locator("summary", has_text=t("desk_paper_over")).click()
    card.get_by_role("button", name=t("desk_paper_over_do")).click()
    expect(card).to_contain_text(t("desk_papers_none"))


def a_closed_film(page: Page, site: Site, t: Words, owner: Someone) -> None:
    page.goto(site.url + "/desk/films")
    said(page, "films-before")
    page.fill("#contact", owner.phone)
    page.select_option("#what", label=next(x for x in _options(page) if t("desk_opens.legal_order") in x))
    page.click("form.fields button")
    expect(page.locator("#found .row")).to_have_count(1)
    said(page, "films")
    with page.expect_download() as film:
        page.click("#found button")
    assert Path(film.value.path()).read_bytes() == FILM.read_bytes()
    seen = site.run(owner.person.done("GET", "/v1/me/openings"))
    assert [each["opened"] for each in seen if each["ground"] == "legal_order"] == [True, True]


def _options(page: Page) -> list[str]:
    return page.locator("#what option").all_inner_texts()


def an_order(page: Page, site: Site, t: Words, owner: Someone) -> None:
    page.goto(site.url + "/desk/orders")
    said(page, "orders-before")
    page.fill("#contact", owner.phone)
    page.select_option("#what", "sunmi-camera register")
    page.fill("#until", (site.house.clock.now() + timedelta(days=90)).date().isoformat())
    page.click("main section form button")
    noted = page.locator(".note.good code").inner_text()
    standing = page.locator("article", has_text=noted)
    expect(standing).to_have_count(1)
    said(page, "orders")
    assert {each["document"] for each in site.run(owner.person.done("GET", "/v1/me/kept"))} == {noted}
    site.house.clock.advance(minutes=1)
    standing.locator("summary", has_text=t("desk_order_end")).click()
    standing.locator("button.grave").click()
    expect(page.locator("article", has_text=noted)).to_have_count(0)
    assert site.run(owner.person.done("GET", "/v1/me/kept")) == []


def what_went_wrong_is_said(page: Page, site: Site, t: Words) -> None:
    page.goto(site.url + "/desk/requests/new")
    page.fill("#contact", "+8613899999999")
    page.click("main form button")
    expect(page.get_by_role("alert")).to_have_text(t("desk_error.NobodyThere"))
    said(page, "problem")
    page.goto(site.url + "/desk/look")
    page.fill("#contact", "+8613899999999")
    page.click("main form button")
    expect(page.get_by_role("alert")).to_have_text(t("desk_error.NobodyThere"))
