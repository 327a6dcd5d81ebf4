"""Measures of protection that a program can try: sealed at rest, tries counted, looks of staff on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from troth.policy.statement_words import Measure, UserDuty
from troth.policy.statements import ProtectionClause, UserDutyClause
from troth.prove.case import Case, NotTried
from troth.prove.scenarios.facts import told
from troth.prove.trial import Scenario, Trial
from troth.prove.world import PASSWORD, REGISTER, purpose_for
from troth.terms import ActorKind, Verb

if TYPE_CHECKING:
    from troth.prove.world import World

_GUESSES = 30
_WEAK = ("short7", "aaaaaaaaaaaaaaaa")
_IN_CLEAR = (
    "SELECT count(*) FROM document WHERE subject = %(subject)s"
    " AND position(convert_to(%(mark)s, 'UTF8') IN sealed) > 0"
)


async def sealed(world: World, case: Case, trial: Trial) -> None:
    """Show that what a person gave is on file for them, and nowhere readable in the rows that hold it."""
    who = await world.person(case)
    rows = await world.evidence.value(
        "SELECT count(*) FROM document WHERE subject = %(subject)s", {"subject": who.account}
    )
    held = (await who.ask("GET", "/v1/me/records")).body.get("functions", {}).get(REGISTER, [])
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
    who = await world.person(case)
    item = "phone_number" if who.phone else "email_address"
    body = {"subject": who.account, "function": function, "items": [item]}
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


def _for_staff(case: Case) -> tuple[str, str]:
    """Return a function whose items staff may use, on its own basis, for a purpose."""
    table = case.compiled.functions.get(REGISTER)
    purpose = purpose_for(table, Verb.USE, ActorKind.STAFF) if table else None
    if purpose is None:
        raise NotTried("no_look")
    return REGISTER, purpose


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


def _measure(*measures: Measure) -> Callable[[Case], bool]:
    return lambda case: case.said(ProtectionClause).name in measures


def _duty(duty: UserDuty) -> Callable[[Case], bool]:
    return lambda case: case.said(UserDutyClause).name == duty


SCENARIOS = (
    Scenario(
        "sealed at rest", ProtectionClause, sealed, _measure(Measure.ENCRYPTION, Measure.CLASSIFICATION)
    ),
    Scenario("tries are counted", ProtectionClause, tries_counted, _measure(Measure.ATTACK)),
    Scenario("looks are on record", ProtectionClause, looks_on_record, _measure(Measure.AUDIT)),
    Scenario("told", ProtectionClause, told, _measure(Measure.UNENCRYPTED_WARNING, Measure.OWN_PLATFORM)),
    Scenario("weak passwords refused", UserDutyClause, weak_refused, _duty(UserDuty.COMPLEX_PASSWORD)),
)
