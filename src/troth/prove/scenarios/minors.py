"""People under age: refused at the door, refused and erased when found later, and never marketed to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.policy.clauses import AudienceClause
from troth.policy.statement_words import MinorRule
from troth.policy.statements import MinorClause
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding
from troth.prove.leaving import keys, whose
from troth.prove.scenarios.facts import told
from troth.prove.seen import word
from troth.prove.trial import Scenario, Trial, always
from troth.prove.world import PASSWORD, REGISTER, purpose_for
from troth.terms import ActorKind, ItemName, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from troth.prove.holding import Holding
    from troth.prove.world import Did, Someone, World
    from troth.terms import FunctionName, Purpose

_YEAR = timedelta(days=366)
_CHILD = 9
_TOO_YOUNG = ("underage", "guardian_missing")


async def found_later(world: World, case: Case, trial: Trial) -> None:
    """Show that who is found to be a minor is refused from then on and erased; others are not touched."""
    found, other = await holding(world, case), await holding(world, case)
    staff, who = await world.staff(), found.who
    unwarned = await staff.ask("POST", "/v1/staff/minors", {"contact": who.login})
    still = await who.ask("GET", "/v1/me")
    trial.attempt(
        "erase somebody by a slip of the hand",
        "误操作即删除他人信息",
        f"{unwarned.status} {unwarned.reason}; account {'open' if still.ok else 'closed'}",
        held=unwarned.reason == "not_warned" and still.ok,
    )
    told = await staff.ask("POST", "/v1/staff/minors", {"contact": who.login, "warned": True})
    trial.control(
        "a guardian tells us, and the desk reports a minor",
        "监护人告知后，服务台登记未成年人",
        f"{told.status} {told.reason}",
        held=told.ok,
    )
    later = await world.collect(case, who, found.function, found.items)
    signed_in = await world.stranger().ask("POST", "/v1/sessions", {"login": who.login, "password": PASSWORD})
    left = await keys(world, who)
    begun = await world.evidence.value(
        "SELECT count(*) FROM erasure WHERE subject = %(subject)s AND refused_at IS NOT NULL",
        whose(who),
    )
    trial.attempt(
        "go on with a minor's data",
        "继续处理未成年人的信息",
        f"{later.says()}; signing in {signed_in.status}; {left} keys left; {begun} erasures begun",
        held=not later.answer.ok and not signed_in.ok and left == 0 and begun == 1,
    )
    kept = await other.rows(world, case)
    trial.control("leave everybody else alone", "不影响其他人", f"{kept} rows of theirs", held=kept > 0)


async def says_so_or_is_refused(world: World, case: Case, trial: Trial) -> None:
    """Show that who does not declare that they may act for themselves is refused, and leaves nothing."""
    form = await world.form(case, declares_adult=None)
    silent = await world.stranger().ask("POST", "/v1/accounts", form)
    trial.attempt(
        "register without declaring it",
        "未作声明而注册",
        f"{silent.status} {silent.reason}",
        held=silent.reason == "age_unknown",
    )
    child = await _child(world, case)
    trial.attempt("register as a child", "以儿童身份注册", child, held=_refused(child))
    who = await world.person(case)
    declared = await world.evidence.value(
        "SELECT count(*) FROM act WHERE subject = %(subject)s AND kind = 'declared_adult'",
        {"subject": who.account},
    )
    trial.control(
        "register having declared it", "声明后注册", f"{declared} declarations on record", held=declared == 1
    )


async def no_child_without(world: World, case: Case, trial: Trial) -> None:
    """Show that a child cannot register where nobody consented for them, and leaves nothing behind."""
    await _nobody_spoke_for(world, case, trial)
    who = await world.person(case)
    me = await who.ask("GET", "/v1/me")
    trial.control("register as an adult", "成年人注册", f"{me.status}", held=me.ok)


async def with_a_guardian(world: World, case: Case, trial: Trial) -> None:
    """Show that a child has an account as long as its guardian agrees: not without, nor with another's."""
    await _nobody_spoke_for(world, case, trial)
    form, consent = await _spoken_for(world, case)
    other = await _child(world, case, guardian=consent)
    trial.attempt(
        "register a child with the word of another child's guardian",
        "以他人监护人的同意注册儿童",
        other,
        held=" not_their_word;" in other,
    )
    who = await world.account(case, **form, guardian=consent)
    me = await who.ask("GET", "/v1/me")
    runs = await _use(world, case, who)
    trial.control(
        "register as a child whose guardian read the text and agreed",
        "监护人阅读并同意后注册儿童",
        f"account {me.status}; {runs.says()}",
        held=me.ok and runs.answer.ok,
    )
    office = await world.staff()
    (await office.ask("POST", "/v1/staff/guardians/no-longer", {"contact": who.login})).require()
    late = await _use(world, case, who)
    trial.attempt(
        "go on with the child's data after the guardian took it back",
        "监护人撤回同意后继续处理儿童信息",
        late.says(),
        held=late.refused_for(*_TOO_YOUNG),
    )


async def _nobody_spoke_for(world: World, case: Case, trial: Trial) -> None:
    child = await _child(world, case)
    trial.attempt(
        "register as a child for whom nobody consented",
        "无监护人同意的儿童注册",
        child,
        held=_refused(child),
    )


async def _spoken_for(world: World, case: Case) -> tuple[dict[str, object], str]:
    """Return what a child is to register with, and the word of the guardian for that."""
    form = await world.form(case)
    born = world.today() - _CHILD * _YEAR
    said = {key: form[key] for key in ("policy", "version", "language", "text_hash")}
    said |= {"contact": form.get("phone") or form["email"], "born": str(born)}
    given = (await (await world.staff()).ask("POST", "/v1/staff/guardians", said)).require()
    child: dict[str, object] = {**form, "declares_adult": None, "birth_date": str(born)}
    return child, str(given["guardian"])


async def _use(world: World, case: Case, who: Someone) -> Did:
    """Let a service use what the account is reached by."""
    purpose = purpose_for(case.compiled.functions[REGISTER], Verb.USE, ActorKind.SERVICE)
    if purpose is None:
        raise NotTried("no_service_may", verb=Verb.USE.value)
    item = ItemName("phone_number" if who.phone else "email_address")
    return await world.open(Verb.USE, who, REGISTER, purpose, {item})


async def _child(world: World, case: Case, **more: object) -> str:
    """Try to register a child, then to sign in as one; return what was answered."""
    born = world.today() - _CHILD * _YEAR
    form = await world.form(case, declares_adult=None, birth_date=str(born), **more)
    answer = await world.stranger().ask("POST", "/v1/accounts", form)
    login = {"login": form.get("phone") or form["email"], "password": PASSWORD}
    later = await world.stranger().ask("POST", "/v1/sessions", login)
    return f"{answer.status} {answer.reason}; signing in {later.status} {later.reason}"


def _refused(said: str) -> bool:
    return any(f" {why};" in said for why in _TOO_YOUNG) and said.endswith("sign_in_refused")


async def of_no_use(world: World, case: Case, trial: Trial) -> None:
    """Show that what is held about a minor opens for nobody once that is known, as it did before."""
    held, purpose = await _used(world, case)
    before = await world.open(Verb.USE, held.who, held.function, purpose, held.items)
    trial.control(
        f"use what {held.function} holds of an adult",
        f"使用 {held.function} 持有的成年人信息",
        before.says(),
        held=before.items == held.items,
    )
    staff = await world.staff()
    said = {"contact": held.who.login, "warned": True}
    (await staff.ask("POST", "/v1/staff/minors", said)).require()
    for verb in (Verb.USE, Verb.DISCLOSE):
        after = await world.open(verb, held.who, held.function, purpose, held.items)
        trial.attempt(
            f"{verb} the same of somebody found to be a minor",
            f"对被发现为未成年人者的同样信息进行{word(verb)}",
            after.says(),
            held=not after.answer.ok,
        )


async def _used(world: World, case: Case) -> tuple[Holding, Purpose]:
    """Return somebody with something on file that a service uses. Raises `NotTried`."""
    passed: set[FunctionName] = set()
    while True:
        held = await holding(world, case, but=passed)
        table = case.compiled.functions[held.function]
        purpose = purpose_for(table, Verb.USE, ActorKind.SERVICE)
        if purpose is not None:
            return held, purpose
        passed.add(held.function)


async def left_out(world: World, case: Case, trial: Trial) -> None:
    """Show that no door builds the audience of a campaign."""
    del world, trial
    raise NotTried("no_door_shows", rule=case.said(MinorClause).name)


def _is(*rules: MinorRule) -> Callable[[Case], bool]:
    return lambda case: MinorRule(case.said(MinorClause).name) in rules


def _no_children(case: Case) -> bool:
    """Return whether consent is needed for children, of whom the policy takes none in the first place."""
    return _is(MinorRule.PARENTAL_CONSENT)(case) and case.compiled.guardian is None


def _with_a_guardian(case: Case) -> bool:
    return _is(MinorRule.PARENTAL_CONSENT)(case) and case.compiled.guardian is not None


SCENARIOS = (
    Scenario("found later", AudienceClause, found_later, always),
    Scenario(
        "found later",
        MinorClause,
        found_later,
        _is(MinorRule.GUARDIAN_CONTACT, MinorRule.FOUND_WITHOUT_CONSENT),
    ),
    Scenario("of no use", MinorClause, of_no_use, _is(MinorRule.LIMITED_USE)),
    Scenario("told", MinorClause, told, _is(MinorRule.SENSITIVE_UP_TO)),
    Scenario("declared or refused", MinorClause, says_so_or_is_refused, _is(MinorRule.FULL_CAPACITY)),
    Scenario("no child without", MinorClause, no_child_without, _no_children),
    Scenario("with a guardian", MinorClause, with_a_guardian, _with_a_guardian),
    Scenario("left out", MinorClause, left_out, _is(MinorRule.NO_MARKETING)),
)
