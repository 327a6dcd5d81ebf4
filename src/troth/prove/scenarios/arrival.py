"""Who may come in: the text is shown and agreed to first, and nobody under age has an account."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from troth.policy.clauses import AcceptanceClause, AudienceClause
from troth.prove.case import Case, NotTried
from troth.prove.hosts import opens
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import chosen, purpose_for
from troth.terms import ActorKind, Verb

if TYPE_CHECKING:
    from troth.prove.world import World
    from troth.terms import FunctionName


async def agreed_first(world: World, case: Case, trial: Trial) -> None:
    """Show that nothing runs, and nothing is stored, before the very text in force was agreed to."""
    form = await world.form(case, agreed=False)
    refused = await world.stranger().ask("POST", "/v1/accounts", form)
    trial.attempt(
        "register without agreeing",
        "不同意政策而注册",
        f"{refused.status} {refused.reason}",
        held=refused.reason == "not_accepted",
    )
    other = await world.registering(case, text_hash="0" * 64)
    trial.attempt(
        "register having been shown another text",
        "展示了其他文本而注册",
        f"{other.status} {other.reason}",
        held=other.reason == "not_the_text",
    )
    who = await world.person(case)
    me = await who.ask("GET", "/v1/me")
    trial.control(
        "register after reading and agreeing",
        "阅读并同意后注册",
        f"account {'opened' if me.ok else 'refused'}",
        held=me.ok and me.body.get("policy") == case.policy,
    )
    back = await world.stranger().ask(
        "POST", "/v1/sessions", {"login": form["phone"], "password": form["password"]}
    )
    trial.attempt(
        "sign in as someone who did not agree",
        "以未同意者的身份登录",
        f"{back.status} {back.reason}",
        held=not back.ok,
    )


async def agreed_beside(world: World, case: Case, trial: Trial) -> None:
    """Show that an account under another policy opens nothing here before this very text was agreed to."""
    function = _at_once(case)
    who = await world.account(world.host(case))
    who.policy = case.policy
    items = await world.stuff(case, who, function)
    early = await world.collect(case, who, function, items)
    trial.attempt(
        f"collect for {function} from an account that agreed to another policy only",
        f"向仅同意其他政策的账号为 {function} 收集",
        early.says(),
        held=early.refused_for("not_accepted", "age_unknown"),
    )
    other = await world.join(case, who, text_hash="0" * 64)
    trial.attempt(
        "agree having been shown another text",
        "展示了其他文本而同意",
        f"{other.status} {other.reason}",
        held=other.reason == "not_the_text",
    )
    agreed = await world.join(case, who)
    did = await world.collect(case, who, function, items)
    trial.control(
        "collect after reading and agreeing",
        "阅读并同意后收集",
        f"{agreed.status}; {did.says()}",
        held=agreed.ok and did.answer.ok,
    )


def _at_once(case: Case) -> FunctionName:
    """Return a function that begins with the agreement and that a person or a service feeds."""
    for name, table in sorted(case.compiled.functions.items()):
        fed = any(purpose_for(table, Verb.COLLECT, by) for by in (ActorKind.SUBJECT, ActorKind.SERVICE))
        if fed and not chosen(table) and not table.needs:
            return name
    raise NotTried("nothing_held")


async def old_enough(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever is a day too young is refused; whoever has the birthday today is let in."""
    least = case.said(AudienceClause).minimum_age
    today = world.today()
    birthday = _years_before(today, least)
    young = await world.registering(case, declares_adult=None, birth_date=str(_day_after(birthday)))
    trial.attempt(
        f"register one day before turning {least}",
        f"差一天满 {least} 周岁时注册",
        f"{young.status} {young.reason}",
        held=young.reason == "underage",
    )
    silent = await world.registering(case, declares_adult=None)
    trial.attempt(
        "register without saying how old one is",
        "不说明年龄而注册",
        f"{silent.status} {silent.reason}",
        held=silent.reason == "age_unknown",
    )
    grown = await world.registering(case, declares_adult=None, birth_date=str(birthday))
    trial.control(
        f"register on the day of turning {least}",
        f"满 {least} 周岁当天注册",
        f"{grown.status}",
        held=grown.ok,
    )


def _years_before(today: date, years: int) -> date:
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28)


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _own_account(case: Case) -> bool:
    return opens(case.compiled)


def _beside(case: Case) -> bool:
    return not opens(case.compiled)


SCENARIOS = (
    Scenario("agreed first", AcceptanceClause, agreed_first, _own_account),
    Scenario("agreed first, beside another", AcceptanceClause, agreed_beside, _beside),
    Scenario("old enough", AudienceClause, old_enough, always),
)
