"""What a shop's functions show their owner, by clicking: figures, a picture, a film, a verdict."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Site, looked_at, rang_up, sign_in, visit
from troth.edges.web.words import Words
from troth.functions.rules import RULES
from troth.policy.words import Language

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
def test_an_owner_sees_the_day_plays_a_clip_and_judges(
    chromium: Browser, site: Site, language: str, width: int
) -> None:
    t, who = Words(language), site.someone()
    site.run(rang_up(site, who))
    with visit(chromium, site, language, width) as page:
        sign_in(page, site, who)
        main = page.locator("main")
        main.get_by_role("link", name=t("room_shop")).click()
        expect(main.locator(".figure")).to_have_text("87")
        picture = main.locator("img.shown")
        picture.scroll_into_view_if_needed()
        picture.evaluate("i => i.complete || new Promise(r => { i.onload = r; })")
        assert picture.evaluate("i => i.naturalWidth") > 0
        main.get_by_role("link", name=t("flags_see")).click()
        flags = main.locator("article")
        expect(flags).to_have_count(3)
        says = {rule.says[Language(language)] for rule in RULES}
        assert {said.lower() for said in flags.locator(".says").all_inner_texts()} <= says
        parts: list[str] = []
        page.on("request", lambda asked: parts.append(asked.headers.get("range", "")))
        film = flags.first.locator("video")
        assert not parts  # not opened before somebody presses play
        film.evaluate("v => { v.muted = true; return v.play(); }")
        film.evaluate("v => v.readyState >= 2 || new Promise(r => { v.onloadeddata = r; })")
        assert any(part.startswith("bytes=") for part in parts)
        flags.first.get_by_role("button", name=t("flag_confirm")).click()
        expect(page.locator("#said")).to_have_text(t("done_confirmed"))
        expect(flags.first.locator(".pill")).to_have_text(t("verdict_confirmed"))
        site.house.clock.advance(minutes=1)
        flags.first.get_by_role("button", name=t("flag_clear")).click()
        expect(flags.first.locator(".pill")).to_have_text(t("verdict_cleared"))
        expect(flags.nth(1).locator(".pill")).to_have_text(t("verdict_open"))
        looked_at(page, "till-judged")
        page.locator(".walk a").first.click()
        expect(main).to_contain_text(t("flags_none"))


def test_films_stand_by_day_with_hour_length_camera_and_what_points_at_them(
    chromium: Browser, site: Site
) -> None:
    t, who = Words("zh"), site.someone()
    site.run(rang_up(site, who))
    with visit(chromium, site, "zh", 360) as page:
        sign_in(page, site, who)
        page.goto(site.url + "/privacy/films")
        picture, film = page.locator("main .row").all()
        expect(picture).to_contain_text("23:20 图片")
        expect(film).to_contain_text("15:09 视频 · 1分钟")
        expect(film).to_contain_text(t("device.camera"))
        expect(picture.locator(".pill")).to_have_text(t("film_pointed.alert", at="23:20"))
        film.get_by_text(t("film_pointed.till", at="15:10")).click()
        expect(page.locator("article:target")).to_contain_text("15:10")
        day = page.url.partition("day=")[2].partition("#")[0]
        page.get_by_text("English").click()
        assert f"day={day}" in page.url  # the same day, in the other language
        site.run(who.person.done("DELETE", "/v1/me/functions/store_guard/items/business_hours"))
        page.goto(site.url + "/privacy/shop")
        expect(page.locator("main")).to_contain_text(Words("en")("alerts_no_hours"))
        assert page.locator("main a[href='/privacy/store']").count()


def test_a_function_that_is_off_shows_nothing_and_says_so(chromium: Browser, site: Site) -> None:
    t, who = Words("en"), site.someone()
    with visit(chromium, site, "en", 360) as page:
        sign_in(page, site, who)
        page.goto(site.url + "/privacy/shop")
        off = page.locator("main .ways")
        expect(off).to_contain_text(t("why.not_chosen"))
        answer = page.goto(site.url + "/privacy/shop/cashier_audit")
        assert answer is not None
        assert answer.status == 403
        answer = page.goto(site.url + "/privacy/shop/register")
        assert answer is not None
        assert answer.status == 404
