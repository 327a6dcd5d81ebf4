"""Cookies: what a browser keeps tells nobody anything of a person, and is over when they say so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx

from troth.policy.statement_words import Tech
from troth.policy.statements import TrackerClause
from troth.prove.case import Case
from troth.prove.scenarios.facts import told
from troth.prove.trial import Scenario, Trial
from troth.prove.world import PASSWORD

if TYPE_CHECKING:
    from troth.prove.world import Someone, World

_FORM = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_PATIENCE_S = 30
_OK = 200
_REFUSED = 400


async def opaque_and_over(world: World, case: Case, trial: Trial) -> None:
    """Show that the page knows who signed in, by cookies without a word of them, until they sign out."""
    who = await world.person(case)
    async with _browser(world) as browser:
        signed_in = await _send(browser, "/sign-in", {"login": who.login, "password": PASSWORD})
        kept = dict(browser.cookies)
        mine = await browser.get("/privacy")
        trial.control(
            "sign in on the page, and be recognised there",
            "在页面登录并被识别",
            f"{signed_in}; the page {mine.status_code}; cookies {', '.join(sorted(kept))}",
            held=mine.status_code == _OK,
        )
        telling = [name for name, value in kept.items() if _tells(value, who)]
        trial.attempt(
            "read of the person in what the browser keeps",
            "从浏览器保存的内容中读出个人信息",
            f"cookies that say something: {', '.join(telling) or 'none'}",
            held=bool(kept) and not telling,
        )
        await _send(browser, "/sign-out", {}, of="/privacy")
    async with _browser(world) as browser:
        browser.cookies.update(kept)
        again = await browser.get("/privacy")
        trial.attempt(
            "be recognised by the same cookies after signing out",
            "退出后凭原 Cookie 继续被识别",
            f"the page {again.status_code}",
            held=again.status_code != _OK,
        )
    async with _browser(world) as browser:
        refusing = [
            (await browser.get(path, headers={"cookie": ""})).status_code for path in ("/", "/policy")
        ]
        trial.control(
            "read the pages with cookies refused", "拒绝 Cookie 时浏览页面", f"{refusing}",
            held=all(code < _REFUSED for code in refusing),
        )  # fmt: skip


def _browser(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=world.base_url, timeout=_PATIENCE_S, trust_env=False, verify=world.tls or True
    )


async def _send(browser: httpx.AsyncClient, path: str, fields: dict[str, str], *, of: str = "/") -> int:
    """Fill in a form of our page and send it."""
    found = _FORM.search((await browser.get(of)).text)
    return (await browser.post(path, data={"csrf": found[1] if found else "", **fields})).status_code


def _tells(value: str, who: Someone) -> bool:
    return any(word and word in value for word in (who.login, who.login.removeprefix("+86"), PASSWORD))


def _cookies(case: Case) -> bool:
    return Tech.COOKIE in case.said(TrackerClause).techs


def _nothing_of_ours(case: Case) -> bool:
    """Return whether it is a way to recognise people that no page or letter of ours has."""
    return not _cookies(case)


SCENARIOS = (
    Scenario("opaque and over", TrackerClause, opaque_and_over, _cookies),
    Scenario("told", TrackerClause, told, _nothing_of_ours),
)
