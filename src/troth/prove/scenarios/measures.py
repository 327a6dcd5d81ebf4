"""Measures that a program can try: sealed at rest, tries counted, looks on record, sessions ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from troth.policy.statement_words import Measure, UserDuty
from troth.policy.statements import ProtectionClause, UserDutyClause
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding
from troth.prove.scenarios.facts import told
from troth.prove.simulator import Camera
from troth.prove.trial import Scenario, Trial
from troth.prove.world import PASSWORD, REGISTER, SOON_S, free, purpose_for
from troth.terms import ActorKind, Role, Verb

if TYPE_CHECKING:
    from troth.prove.world import World
    from troth.terms import FunctionName, ItemName, Purpose

_GUESSES = 30
_WEAK = ("short7", "aaaaaaaaaaaaaaaa")
_IN_CLEAR = (
    "SELECT count(*) FROM document WHERE subject = %(subject)s"
    " AND position(convert_to(%(mark)s, 'UTF8') IN sealed) > 0"
)


_PUT_IN_PLACE = """
UPDATE document d SET sealed = f.sealed FROM document f
 WHERE f.subject = %(from)s AND d.subject = %(to)s AND f.item = %(item)s AND d.item = f.item
"""


async def sealed(world: World, case: Case, trial: Trial) -> None:
    """Show that what a person gave is on file for them, and nowhere readable in the rows that hold it."""
    who = await world.person(case)
    rows = await world.evidence.value(
        "SELECT count(*) FROM document WHERE subject = %(subject)s", {"subject": who.account}
    )
    held = (await who.person.ask("GET", "/v1/me/records")).body.get("functions", {}).get(REGISTER, [])
    trial.control(
        "find one's own phone number on file",
        "本人可见其手机号已留存",
        f"{rows} rows; {', '.join(held)}",
        held=rows > 0 and bool({"phone_number", "email_address"}.intersection(held)),
    )
    clear = await world.evidence.value(_IN_CLEAR, {"subject": who.account, "mark": who.login})
    trial.attempt(
        "read it in the rows of the database",
        "在数据库行中直接读出",
        f"{clear} rows show it",
        held=clear == 0,
    )


async def apart(world: World, case: Case, trial: Trial) -> None:
    """Show that what is sealed for one person opens at no other place, even for who runs the database."""
    one, other = await holding(world, case), await holding(world, case)
    item = min(one.items & other.items, default=None)
    if item is None:
        raise NotTried("nothing_held")
    path = f"/v1/me/functions/{one.function}/items/{item}"
    before = await other.who.ask("GET", path)
    trial.control(f"see one's own {item}", f"查看本人的 {item}", f"{before.status}", held=before.ok)
    moved = await world.evidence.change(
        _PUT_IN_PLACE, {"from": one.who.account, "to": other.who.account, "item": item}
    )
    after = await other.who.ask("GET", path)
    mine = (await one.who.ask("GET", path)).require()
    trial.attempt(
        f"read the {item} of somebody else, put in its place in the database",
        f"在数据库中换入他人的 {item} 后读取",
        f"{moved} rows changed; {after.status} {after.reason}",
        held=moved > 0 and not after.ok and after.body != mine,
    )


async def no_more_than_listed(world: World, case: Case, trial: Trial) -> None:
    """Show that what a clause lists is taken, and what none lists for the function is not."""
    held = await holding(world, case)
    rows = await held.rows(world, case)
    trial.control(
        f"take what {held.function} lists",
        f"收集 {held.function} 列明的信息",
        f"{rows} rows",
        held=rows > 0,
    )
    more = _listed_elsewhere(case, held.function)
    did = await world.collect(case, held.who, held.function, held.items | {more})
    stored = await world.rows(case, held.who, held.function, more)
    trial.attempt(
        f"take {more} with it",
        f"同时收集 {more}",
        f"{did.says()}; {stored} rows",
        held=stored == 0 and more not in did.items,
    )


def _listed_elsewhere(case: Case, function: FunctionName) -> ItemName:
    """Return an item of the policy that the function does not list. Raises `NotTried`."""
    ours = case.compiled.functions[function].items.keys()
    every = {item for table in case.compiled.functions.values() for item in table.items}
    if not every - ours:
        raise NotTried("all_of_the_account")
    return min(every - ours)


async def own_topics_only(world: World, case: Case, trial: Trial) -> None:
    """Show that a device is let in as itself and heard there, and that no other secret opens its way."""
    function = _fed_by_devices(case)
    who = await world.user(case, function)
    way = who.way or await world.bind(who)
    other = await world.user(case, function)
    foreign = other.way or await world.bind(other)
    table = case.compiled.functions[function]
    items = frozenset(item for item, one in table.items.items() if free(one))
    did = await world.send(case, who, function, items)
    trial.control("send as oneself", "以自身身份上报", did.says(), held=did.answer.ok)
    async with Camera(replace(way, secret=foreign.secret)) as thief:
        try:
            await thief.turned_away(within_s=SOON_S)
            seen = "turned away"
        except TimeoutError:
            seen = "let in"
    trial.attempt(
        "come in as another device, with one's own secret",
        "以自身密钥冒充其他设备接入",
        seen,
        held=seen == "turned away",
    )


def _fed_by_devices(case: Case) -> FunctionName:
    for name, table in sorted(case.compiled.functions.items()):
        fed = purpose_for(table, Verb.COLLECT, ActorKind.DEVICE)
        if fed is not None and any(free(one) for one in table.items.values()):
            return name
    raise NotTried("nothing_to_bind", function=REGISTER)


async def against_risks(world: World, case: Case, trial: Trial) -> None:
    """Show what stands against the risks named: sealed, bound to its place, and no guessing one's way in."""
    await sealed(world, case, trial)
    await apart(world, case, trial)
    await tries_counted(world, case, trial)


async def tries_counted(world: World, case: Case, trial: Trial) -> None:
    """Show that guessing a password is stopped, and that its owner gets in again where nobody guesses."""
    who = await world.person(case)
    right = {"login": who.login, "password": PASSWORD}
    first = await world.stranger().ask("POST", "/v1/sessions", right)
    trial.control("sign in with the right password", "以正确密码登录", f"{first.status}", held=first.ok)
    said = ""
    for guess in range(_GUESSES):
        answer = await world.stranger().ask(
            "POST", "/v1/sessions", right | {"password": f"guess {guess} of it"}
        )
        said = answer.reason
        if said == "too_many_tries":
            break
    trial.attempt(
        f"guess the password {_GUESSES} times",
        f"连续猜测密码 {_GUESSES} 次",
        said,
        held=said == "too_many_tries",
    )


async def looks_on_record(world: World, case: Case, trial: Trial) -> None:
    """Show that no look of staff at a person, granted or not, is without its entry in the ledger."""
    function, purpose = _for_staff(case)
    who = await world.user(case, function)
    items = await world.stuff(case, who, function) - {"password", "verification_code"}
    if function != REGISTER:
        (await world.collect(case, who, function, items)).answer.require()
    body = {"subject": who.account, "function": function, "items": sorted(items)}
    office = await world.staff()
    before = await world.about(who, "denied")
    curious = await office.ask("POST", "/v1/staff/look", body | {"purpose": "mere_curiosity"})
    after = await world.about(who, "denied")
    trial.attempt(
        "look at someone for a purpose that is not stated, unseen",
        "以未声明的目的查看且不留记录",
        f"{curious.status} {curious.reason}; {after - before} entries",
        held=not curious.ok and after > before,
    )
    helper = await world.hired("support")
    maker = await world.hired("maker")
    stranger = await maker.ask("POST", "/v1/staff/look", body | {"purpose": purpose})
    trial.attempt(
        "look at someone without the role for it",
        "无相应角色而查看",
        f"{stranger.status} {stranger.reason}",
        held=stranger.reason == "wrong_role",
    )
    reads = await world.about(who, "staff_read")
    seen = await helper.ask("POST", "/v1/staff/look", body | {"purpose": purpose})
    trial.control(
        f"look for {purpose}, on record",
        f"为 {purpose} 查看并留有记录",
        f"{seen.status} {seen.reason}; {await world.about(who, 'staff_read') - reads} entries",
        held=seen.ok and await world.about(who, "staff_read") > reads,
    )


def _for_staff(case: Case) -> tuple[FunctionName, Purpose]:
    """Return a function whose items staff may use, on its own basis, for a purpose."""
    for name in sorted(case.compiled.functions, key=lambda each: (each != REGISTER, each)):
        table = case.compiled.functions[name]
        purpose = purpose_for(table, Verb.USE, ActorKind.STAFF)
        given = purpose_for(table, Verb.COLLECT, ActorKind.SUBJECT)
        own = bool(table.takes[Role.HOLDER]) and given is not None
        if purpose is not None and (name == REGISTER or own):
            return name, purpose
    raise NotTried("no_look")


async def weak_refused(world: World, case: Case, trial: Trial) -> None:
    """Show that a weak password is refused, with advice, and a good one is taken."""
    for weak in _WEAK:
        refused = await world.registering(case, password=weak)
        trial.attempt(
            f"take a password of {len(weak)} characters, {len(set(weak))} of them different",
            f"使用 {len(weak)} 位、仅 {len(set(weak))} 种字符的密码",
            f"{refused.status} {refused.reason}",
            held=refused.reason == "weak_password",
        )
    good = await world.registering(case)
    trial.control("take a long one", "使用足够强的密码", f"{good.status}", held=good.ok)


async def sessions_ended(world: World, case: Case, trial: Trial) -> None:
    """Show that who learns of a leak ends every session at once, and signs in anew."""
    who = await world.person(case)
    right = {"login": who.login, "password": PASSWORD}
    thief = world.stranger()
    thief.token = str((await thief.ask("POST", "/v1/sessions", right)).require()["token"])
    before = await thief.ask("GET", "/v1/me")
    told = await who.ask("DELETE", "/v1/sessions")
    after = await thief.ask("GET", "/v1/me")
    trial.attempt(
        "go on with a session that somebody else holds, after it was told",
        "告知泄露后以他人持有的会话继续访问",
        f"{before.status} before, told {told.status}, {after.status} after",
        held=before.ok and told.ok and not after.ok,
    )
    again = await world.stranger().ask("POST", "/v1/sessions", right)
    trial.control("sign in anew", "重新登录", f"{again.status}", held=again.ok)


def _measure(*measures: Measure) -> Callable[[Case], bool]:
    return lambda case: case.said(ProtectionClause).name in measures


def _duty(duty: UserDuty) -> Callable[[Case], bool]:
    return lambda case: case.said(UserDutyClause).name == duty


SCENARIOS = (
    Scenario(
        "sealed at rest", ProtectionClause, sealed, _measure(Measure.ENCRYPTION, Measure.CLASSIFICATION)
    ),
    Scenario("bound to its place", ProtectionClause, apart, _measure(Measure.ISOLATION)),
    Scenario("its own topics only", ProtectionClause, own_topics_only, _measure(Measure.NETWORK_ISOLATION)),
    Scenario("no more than listed", ProtectionClause, no_more_than_listed, _measure(Measure.LEAST_COLLECTED)),
    Scenario(
        "against the risks", ProtectionClause, against_risks, _measure(Measure.RISKS, Measure.SELF_CHECK)
    ),
    Scenario("tries are counted", ProtectionClause, tries_counted, _measure(Measure.ATTACK)),
    Scenario("looks are on record", ProtectionClause, looks_on_record, _measure(Measure.AUDIT)),
    Scenario("told", ProtectionClause, told, _measure(Measure.UNENCRYPTED_WARNING, Measure.OWN_PLATFORM)),
    Scenario("a leak ends every session", UserDutyClause, sessions_ended, _duty(UserDuty.REPORT_LEAK)),
    Scenario("weak passwords refused", UserDutyClause, weak_refused, _duty(UserDuty.COMPLEX_PASSWORD)),
)
