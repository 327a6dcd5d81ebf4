"""What a function lacks is added where it says so; one reading is corrected, one deleted; the copy reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import AUDIT, TILL, Site, Someone, looked_at, measured, sign_in, visit
from troth.edges.web.words import Words

pytestmark = pytest.mark.browser
NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def owner(site: Site) -> Someone:
    who = site.someone()
    site.run(measured(site, who))
    site.run(who.person.done("POST", f"/v1/me/functions/{AUDIT}/choose", {"language": "en"}))
    shelf = {key: TILL[key] for key in ("model", "code")} | {"serial": "CR-ON-PAGE"}
    site.run(site.maker.done("POST", "/v1/maker/devices", shelf))
    return who


@pytest.mark.parametrize(("language", "width"), [("zh", 390)])
def test_a_till_is_added_where_it_is_missing(
    chromium: Browser, site: Site, owner: Someone, language: str, width: int
) -> None:
    t = Words(language)
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, owner)
        page.goto(site.url + "/privacy/uses")
        card = page.locator(f"#{AUDIT}")
        lacks = card.locator(".lacks li")
        expect(lacks).to_have_count(1)  # the store is on file
        lacks.get_by_role("link").click()
        looked_at(page, "add-till")
        expect(page.locator("#store_name")).to_have_value("Lantern Teahouse")
        page.fill("#serial", "CR-ON-PAGE")
        page.fill("#code", "0000-0000")
        for each in ("model", "mac", "ip"):
            page.fill(f"#{each}", TILL[each])
        page.get_by_role("button", name=t("device_add_it")).click()
        expect(page.get_by_role("alert")).to_have_text(t("device_wrong_code"))
        page.fill("#code", TILL["code"])
        page.get_by_role("button", name=t("device_add_it")).click()
        expect(page.locator(".token")).to_have_count(2)
        looked_at(page, "added-till")
        page.locator("main").get_by_role("link", name=t("room_uses")).last.click()
        expect(card.locator(".pill").first).to_have_text(t("on"))
        expect(page.locator("form[action='/privacy/switches/store_guard']")).to_have_count(1)  # the camera's
        page.goto(site.url + "/privacy/store")
        looked_at(page, "store")
        page.fill("#store_name", f"Lantern {NASTY}")
        page.get_by_role("button", name=t("detail_save")).click()
        expect(page.locator("#said")).to_have_text(t("done_saved"))


@pytest.mark.parametrize(("language", "width"), [("en", 390)])
def test_one_reading_is_corrected_and_deleted_and_the_copy_reads(
    chromium: Browser, site: Site, owner: Someone, language: str, width: int
) -> None:
    t = Words(language)
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, owner)
        page.goto(site.url + "/privacy/collected")
        page.locator("main").get_by_role("link", name=t("show_each")).first.click()
        lines = page.locator(".readings li")
        expect(lines).to_have_count(39)
        lines.first.get_by_role("link").click()
        looked_at(page, "reading")
        page.fill("#f-zone", NASTY)
        page.get_by_role("button", name=t("detail_save")).click()
        expect(page.locator("#said")).to_have_text(t("done_saved"))
        expect(lines.first).to_contain_text(NASTY)
        lines.last.get_by_role("link").click()
        page.locator("details.confirm summary").click()
        page.locator("details.confirm button").click()
        expect(page.locator("#said")).to_have_text(t("done_deleted"))
        expect(lines).to_have_count(38)
        _reads(page, site, t)


def _reads(page: Page, site: Site, t: Words) -> None:
    page.goto(site.url + "/privacy/copy")
    with page.expect_download() as download:
        page.get_by_role("button", name=t("copy_to_read_make")).click()
    file = Path(download.value.path()).with_suffix(".html")
    download.value.save_as(file)
    assert page.context.browser is not None
    reader = page.context.browser.new_page()
    said: list[str] = []
    reader.on("dialog", lambda dialog: said.append(dialog.message))
    reader.on("console", lambda word: said.append(word.text))
    reader.goto(f"file://{file}")
    expect(reader.locator("h1")).to_have_text(t("readable_title"))
    expect(reader.locator("body")).to_contain_text(NASTY)
    expect(reader.locator("footer")).to_contain_text(t("readable_end", count="").split(":")[0])
    assert not said
    reader.close()
