"""A next version of the policy: published, told where it matters, asked where it takes; the older kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from troth.policy.requests import IN_PERSON
from troth.policy.statement_words import ChangeRule
from troth.policy.statements import ChangeClause, MajorChangeClause
from troth.policy.words import Channel
from troth.prove import nexts
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import PASSWORD, PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from troth.prove.story.gateway import Message
    from troth.prove.world import Someone, World

_CARRIES = frozenset({Channel.EMAIL, Channel.SMS, Channel.PHONE})


async def major_is_told(world: World, case: Case, trial: Trial) -> None:
    """Show that a version that touches the matter is told to each person; one that touches none is not."""
    matter = case.said(MajorChangeClause).name
    prominent = case.compiled.one(ChangeClause, ChangeRule.PROMINENT)
    if prominent is None or not _CARRIES.intersection(prominent.by):
        raise NotTried("not_loud")
    who = await world.reachable(_copy(case, matter), prominent.by)
    told = await _told(world, case, who)
    trial.control(
        f"publish a version that touches {matter}",
        f"发布涉及 {matter} 的新版本",
        f"{len(told)} letters; {told[0].text[:160] if told else 'none'}",
        held=len(told) == 1,
    )
    other = await world.reachable(_copy(case, nexts.NOTHING), prominent.by)
    quiet = await _waited(world, case, other)
    trial.attempt(
        "take a version for a major one that touches nothing",
        "将未涉及任何重大事项的版本视为重大变更",
        f"{quiet} letters",
        held=quiet == 0,
    )


async def published(world: World, case: Case, trial: Trial) -> None:
    """Show that everybody can read of it, and the text; of what was not published, nobody."""
    copy = _copy(case, nexts.NOTHING)
    newer = _newer(case)
    notice = await _public(world, copy, newer)
    text = await world.stranger().ask("GET", _text(copy, newer))
    trial.control(
        "read of the new version, and the text itself, without an account",
        "无需账号即可看到新版本公告及其文本",
        f"announced: {bool(notice)}, for {notice.get('takes_effect')}; text {text.status}",
        held=bool(notice and notice.get("takes_effect")) and text.ok and text.body.get("version") == newer,
    )
    none = await world.stranger().ask("GET", _text(copy, newer + 1))
    trial.attempt(
        "read of a version that was not published",
        "查看未发布的版本",
        f"{none.status}; announced: {bool(await _public(world, copy, newer + 1))}",
        held=not none.ok and not await _public(world, copy, newer + 1),
    )


async def prominent(world: World, case: Case, trial: Trial) -> None:
    """Show that a major change comes to each person by a way that is named, before its day."""
    clause = case.said(ChangeClause)
    if not _CARRIES.intersection(clause.by):
        raise NotTried("not_loud")
    majors = case.compiled.all(MajorChangeClause)
    if not majors:
        raise NotTried("nothing_major")
    copy = _copy(case, majors[0].name)
    who = await world.reachable(copy, clause.by)
    told = await _told(world, case, who)
    ways = [each.channel for each in told]
    trial.control(
        f"publish a version that touches {majors[0].name}",
        f"发布涉及 {majors[0].name} 的新版本",
        f"told by {', '.join(ways) or 'nothing'}: {told[0].text[:160] if told else ''}",
        held=bool(told) and set(ways) <= set(clause.by),
    )
    early = await world.registering(copy, version=_newer(case))
    trial.attempt(
        "let someone agree to it before its day",
        "在生效日前使人同意新版本",
        f"{early.status} {early.reason}",
        held=not early.ok,
    )


async def asked(world: World, case: Case, trial: Trial) -> None:
    """Show that what takes a right away binds nobody who did not agree, and that they are asked."""
    clause = case.said(ChangeClause)
    copy, day = await _soon(world, case)
    right = _taken_away(case)
    who = await world.person(copy)
    shown = await world.waiting(lambda: _notices(who))
    asking = [each for each in shown if each.get("version") == _newer(case)]
    asks = any("only if you agree" in str(each.get("text")) for each in asking)
    trial.control(
        "find it put before one on signing in, and be asked",
        "登录时看到变更并被征求同意",
        f"{len(asking)} notices; asked to agree: {asks}",
        held=asks or (clause.needs is None and bool(asking)),
    )
    await world.pace.until(day)
    await _again(world, who)
    kept = await who.ask("POST", "/v1/me/requests", {"right": right, "text": "as before"})
    trial.control(
        f"use {right}, which the new version takes away, without having agreed to that",
        f"未同意新版本时行使其取消的权利 {right}",
        f"{kept.status} {kept.reason or kept.body.get('state')}",
        held=kept.ok,
    )
    me = await who.ask("GET", "/v1/me")
    late = await _under_newer(world, copy)
    gone = await late.ask("POST", "/v1/me/requests", {"right": right, "text": "as before"})
    trial.attempt(
        "bind to the new version someone who did not agree to it",
        "使未同意者受新版本约束",
        f"version {me.body.get('version')} is theirs; who agreed to the new one is told {gone.reason}",
        held=me.body.get("version") == case.compiled.policy.version and not gone.ok,
    )


async def archived(world: World, case: Case, trial: Trial) -> None:
    """Show that the older text stays readable, and stays as it was."""
    copy, day = await _soon(world, case)
    before = (await world.stranger().ask("GET", _text(copy, case.compiled.policy.version))).require()
    await world.pace.until(day)
    after = await world.stranger().ask("GET", _text(copy, case.compiled.policy.version))
    trial.control(
        "read the older version once the newer is in force, though nobody stands under it",
        "新版本生效且无人适用旧版本时查阅旧版本",
        f"{after.status}, text {str(after.body.get('text_hash'))[:12]}",
        held=after.ok,
    )
    trial.attempt(
        "find it changed",
        "归档文本被改动",
        f"before {str(before.get('text_hash'))[:12]}, after {str(after.body.get('text_hash'))[:12]}",
        held=after.body.get("text_hash") == before.get("text_hash"),
    )


async def going_on(world: World, case: Case, trial: Trial) -> None:
    """Show that going on counts once the very text was shown, and is on record."""
    copy, day = await _soon(world, case, nexts.moving)
    who = await world.person(copy)
    await world.pace.until(day)
    await _again(world, who)
    text = (await world.stranger().ask("GET", _text(copy, _newer(case)))).require()
    body = {key: text[key] for key in ("version", "language", "text_hash")}
    stale = await who.ask("POST", f"/v1/me/policies/{copy.policy}/continue", body | {"text_hash": "0" * 64})
    trial.attempt(
        "go on having been shown another text",
        "展示其他文本后视为继续使用",
        f"{stale.status} {stale.reason}",
        held=not stale.ok,
    )
    went = await who.ask("POST", f"/v1/me/policies/{copy.policy}/continue", body)
    trial.control(
        "go on after it was shown, and have that on record",
        "展示后继续使用并留有记录",
        f"{went.status}, receipt {'given' if went.body.get('receipt') else 'missing'}",
        held=went.ok and bool(went.body.get("receipt")),
    )


async def revised(world: World, case: Case, trial: Trial) -> None:
    """Show that what was before its day is judged by the older version, and what comes after is not."""
    copy, day = await _soon(world, case)
    right = _taken_away(case)
    before = await world.person(copy)
    first = await before.ask("POST", "/v1/me/requests", {"right": right, "text": "under the first"})
    await world.pace.until(day)
    after = await _under_newer(world, copy)
    refused = await after.ask("POST", "/v1/me/requests", {"right": right, "text": "under the second"})
    trial.control(
        "have what was before its day judged by the older version",
        "生效前事项适用旧版本",
        f"{first.status} {first.body.get('state')}",
        held=first.ok,
    )
    notice = await _told_of_it(world, before)
    trial.attempt(
        "have what comes after judged by it still",
        "生效后仍适用旧版本",
        f"{refused.status} {refused.reason}; told that it is part of the policy: {notice}",
        held=not refused.ok and notice,
    )


def _copy(case: Case, topic: str) -> Case:
    """Return the case under a copy of its policy that has a next version."""
    return replace(case, policy=nexts.called(case.policy, topic))


async def _soon(world: World, case: Case, topic: Callable[[int], str] = nexts.soon) -> tuple[Case, datetime]:
    """Return the case under the copy whose next version takes effect first from now, and just after that."""
    for days in nexts.DAYS:
        copy = _copy(case, topic(days))
        if not await world.waiting(lambda copy=copy: _effective(world, copy)):
            raise RuntimeError("the next version was not published")
        day = datetime.fromtimestamp(await _effective(world, copy), UTC)
        if world.levers.now() + timedelta(hours=1) < day:
            return copy, day + timedelta(minutes=1)
    raise NotTried("too_late")


async def _effective(world: World, case: Case) -> int:
    """Return when the next version takes effect, as the table of notices has it."""
    return await world.evidence.value(
        "SELECT extract(epoch FROM at) FROM matter WHERE policy = %(policy)s AND version = %(version)s",
        {"policy": case.policy, "version": _newer(case)},
    )


def _newer(case: Case) -> int:
    return case.compiled.policy.version + 1


async def _under_newer(world: World, case: Case) -> Someone:
    """Return someone who agreed to the newer version, which is in force."""
    language = case.compiled.policy.languages[0]
    path = f"{_text(case, _newer(case))}&language={language}"
    text = (await world.stranger().ask("GET", path)).require()
    return await world.person(case, version=text["version"], text_hash=text["text_hash"])


def _taken_away(case: Case) -> str:
    right = nexts.right_taken(case.compiled.policy)
    if right is None or not IN_PERSON.intersection(case.compiled.rights[right].by):
        raise NotTried("no_one_step")
    return right


async def _again(world: World, who: Someone) -> None:
    """Sign in again: sessions end while days pass."""
    answer = await world.stranger().ask("POST", "/v1/sessions", {"login": who.login, "password": PASSWORD})
    who.person.token = str(answer.require()["token"])


async def _public(world: World, case: Case, version: int) -> Mapping[str, Any]:
    async def look() -> Mapping[str, Any]:
        nothing: Mapping[str, Any] = {}
        for each in await world.stranger().listed(f"/v1/notices?policy={case.policy}"):
            if (each.get("policy"), each.get("version")) == (case.policy, version):
                return each
        return nothing

    return await world.waiting(look, within_s=PATIENCE_S if version == _newer(case) else 0)


async def _notices(who: Someone) -> list[Mapping[str, Any]]:
    return await who.person.listed("/v1/me/notices")


async def _told_of_it(world: World, who: Someone) -> bool:
    await _again(world, who)
    return any("part of the policy" in str(each.get("text")) for each in await _notices(who))


async def _told(world: World, case: Case, who: Someone) -> list[Message]:
    """Return what came about the next version, once something came."""

    async def look() -> list[Message]:
        return _about_it(world, case, who)

    return await world.waiting(look)


async def _waited(world: World, case: Case, who: Someone) -> int:
    """Return how many letters came, once the person was seen to."""

    async def seen_to() -> int:
        return await world.evidence.value(
            "SELECT count(*) FROM told WHERE subject = %(subject)s AND state <> 'waiting'",
            {"subject": who.account},
        )

    if not await world.waiting(seen_to):
        raise RuntimeError("nobody saw to the person within our patience")
    return len(_about_it(world, case, who))


def _about_it(world: World, case: Case, who: Someone) -> list[Message]:
    words = (f"version {_newer(case)}", f"第 {_newer(case)} 版")
    return [each for each in world.letters(*who.addresses) if any(word in each.text for word in words)]


def _text(case: Case, version: int) -> str:
    return f"/v1/policies/{case.policy}?version={version}"


def _rule(rule: ChangeRule) -> Callable[[Case], bool]:
    return lambda case: case.said(ChangeClause).name == rule


SCENARIOS = (
    Scenario("major is told", MajorChangeClause, major_is_told, always),
    Scenario("published", ChangeClause, published, _rule(ChangeRule.PUBLISH)),
    Scenario("told prominently", ChangeClause, prominent, _rule(ChangeRule.PROMINENT)),
    Scenario("asked first", ChangeClause, asked, _rule(ChangeRule.LESS_RIGHTS)),
    Scenario("archived", ChangeClause, archived, _rule(ChangeRule.ARCHIVE)),
    Scenario("going on", ChangeClause, going_on, _rule(ChangeRule.CONTINUED_USE)),
    Scenario("revised", ChangeClause, revised, _rule(ChangeRule.REVISION)),
)
