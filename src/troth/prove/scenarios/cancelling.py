"""Cancelling: in two steps or at the desk, at once or when its time is over; then nothing is left to use."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from troth.policy.clauses import RetentionClause, RightClause
from troth.policy.requests import AT_THE_DESK, taken_back
from troth.policy.statement_words import RequestRule
from troth.policy.statements import DeadlineClause, RequestClause
from troth.policy.words import Moment, Right
from troth.prove import desk
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding
from troth.prove.leaving import EPOCH, JUST, applied, cancelled, gone, keys, whose
from troth.prove.sharing import handed_on, handed_to
from troth.prove.trial import Scenario, Trial
from troth.prove.world import PASSWORD, REGISTER, SOON_S, purpose_for
from troth.terms import ActorKind, ItemName, Verb

if TYPE_CHECKING:
    from troth.prove.holding import Holding
    from troth.prove.world import Someone, World


async def ends_everything(world: World, case: Case, trial: Trial) -> None:
    """Show that cancelling takes both steps, and that nothing of the account can be used afterwards."""
    held = await holding(world, case)
    who = held.who
    wrong = await who.ask("POST", "/v1/me/cancel/confirm", {"confirm": "not-what-was-offered"})
    still = await who.ask("GET", "/v1/me")
    trial.attempt(
        "cancel without the second step",
        "未经第二步确认即注销",
        f"{wrong.status} {wrong.reason}; account {'open' if still.ok else 'closed'}",
        held=wrong.reason == "no_such_move" and still.ok,
    )
    warning = (await who.ask("POST", "/v1/me/cancel", {})).require().get("warning")
    done = await cancelled(world, who)
    trial.control(
        "cancel in two steps, with a warning between",
        "经提示后分两步注销",
        f"warned: {warning}; {'done' if done else 'not done'}",
        held=bool(warning) and done,
    )
    await _nothing_is_left(world, case, trial, held)


async def _nothing_is_left(world: World, case: Case, trial: Trial, held: Holding) -> None:
    who = held.who
    later = await world.collect(case, who, held.function, held.items)
    signed_in = await who.ask("GET", "/v1/me")
    again = await world.stranger().ask("POST", "/v1/sessions", {"login": who.login, "password": PASSWORD})
    trial.attempt(
        "go on with a cancelled account",
        "继续使用已注销的账号",
        f"{held.function}: {later.says()}; the old session {signed_in.status}; signing in {again.status}",
        held=not later.answer.ok and not signed_in.ok and not again.ok,
    )
    await _no_service_either(world, case, trial, who)
    left = await keys(world, who)
    trial.attempt(
        "find a key that opens what was held",
        "找到可解开原数据的密钥",
        f"{left} keys",
        held=left == 0,
    )
    anew = await world.person(case, phone=who.phone or None)
    shown = (await anew.ask("GET", "/v1/me/records")).require()
    trial.attempt(
        "find old data in a new account with the same number",
        "以同一号码重新注册后看到旧数据",
        f"on file: {', '.join(shown['functions']) or 'nothing'}",
        held=anew.account != who.account and held.function not in shown["functions"],
    )


async def _no_service_either(world: World, case: Case, trial: Trial, who: Someone) -> None:
    table = case.compiled.functions.get(REGISTER)
    purpose = purpose_for(table, Verb.USE, ActorKind.SERVICE) if table else None
    if purpose is None:
        return
    item = ItemName("phone_number" if who.phone else "email_address")
    used = await world.open(Verb.USE, who, REGISTER, purpose, {item})
    trial.attempt(
        f"let a service use their {item} for {purpose}",
        f"由服务为 {purpose} 使用其 {item}",
        used.says(),
        held=used.refused_for("not_accepted"),
    )


async def at_the_desk(world: World, case: Case, trial: Trial) -> None:
    """Show that the desk cancels for someone who showed who they are and was warned, and for nobody else."""
    clause = case.said(RightClause)
    ways = [way for way in clause.by if way in AT_THE_DESK]
    for way in ways:
        who = await world.person(case)
        made = (await desk.enter(world, who, Right.CANCEL, way)).require()
        request = str(made["request"])
        early = await desk.meet(world, request, warned=True)
        trial.attempt(
            f"cancel for whoever asks by {way}, unproven",
            f"未核验身份即应 {way} 请求注销",
            f"{early.status} {early.reason}",
            held=early.reason == "no_such_step",
        )
        (await desk.step(world, request, "proof", proofs=desk.proofs(case, Right.CANCEL))).require()
        done = await desk.meet(world, request, warned=True)
        gone = await who.ask("GET", "/v1/me")
        waits = taken_back(case.compiled, Right.CANCEL) is not None
        trial.control(
            f"cancel for who asked by {way}",
            f"应 {way} 请求为其注销",
            f"{done.status} {done.reason}; account {'open' if gone.ok else 'closed'}",
            held=done.ok and gone.ok is waits,
        )
    other = await desk.enter(world, await world.person(case), Right.CANCEL, desk.unnamed(case, Right.CANCEL))
    trial.attempt(
        "have it cancelled through a way that is not named",
        "通过未列明的途径注销",
        f"{other.status} {other.reason}",
        held=other.reason == "not_this_way",
    )


async def waits(world: World, case: Case, trial: Trial) -> None:
    """Show that a cancellation can be taken back until its time is over, and takes effect then."""
    clause = case.said(DeadlineClause)
    if Right.CANCEL not in clause.of or clause.within is None:
        raise NotTried("only_cancelling_waits")
    stays, sorry = await world.person(case), await world.person(case)
    waiting = await applied(stays)
    takes = datetime.fromisoformat(str(waiting["takes_effect"]))
    back = (await applied(sorry))["request"]
    await world.pace.until(takes - JUST)
    still = await stays.ask("GET", "/v1/me")
    revoked = await sorry.ask("POST", f"/v1/me/requests/{back}/withdraw", {})
    trial.control(
        "go on until it takes effect, and take it back in time",
        "生效前照常使用，并可及时撤回",
        f"account {'open' if still.ok else 'closed'}; taken back: {revoked.status} {revoked.reason}",
        held=still.ok and revoked.ok,
    )
    await world.pace.until(takes + JUST)
    over = await gone(world, stays)
    late = await stays.ask("POST", f"/v1/me/requests/{waiting['request']}/withdraw", {})
    kept = await sorry.ask("GET", "/v1/me")
    trial.attempt(
        "keep using it, or take it back, after that",
        "生效后继续使用或撤回",
        f"account {'closed' if over else 'open'}; taken back: {late.status} {late.reason}; "
        f"who took it back in time: {'open' if kept.ok else 'closed'}",
        held=over and not late.ok and kept.ok,
    )


async def recipients_delete_too(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever was given something is told to delete it, once it is deleted here."""
    given = await handed_on(world, case)
    beside = await world.person(case)
    await cancelled(world, given.who)
    await cancelled(world, beside)
    await world.pace.until(world.levers.now() + EPOCH)
    word = await world.letter(given.recipient, given.who.account)
    trial.control(
        f"tell {given.recipient} to delete what it was given",
        f"通知 {given.recipient} 删除其所获信息",
        word or "nothing was sent",
        held=bool(word),
    )
    other = await world.letter(given.recipient, beside.account, within_s=SOON_S) if word else ""
    told = await world.evidence.value(
        "SELECT count(*) FROM erasure_told t JOIN erasure e USING (subject)"
        " WHERE t.subject = %(subject)s AND e.certified_at IS NOT NULL",
        whose(given.who),
    )
    clause = case.said(RequestClause)
    erasure = await world.evidence.text(
        "SELECT erasure::text FROM erasure WHERE subject = %(subject)s", whose(given.who)
    )
    staff = await world.staff()
    path = f"/v1/staff/erasures/{erasure}/acknowledged"
    spared = await staff.ask("POST", path, {"recipient": given.recipient, "unless": "boredom"})
    trial.attempt(
        "certify before they said that they did, or spare them for a reason that is not named",
        "对方确认前即出具证明，或以未列明的理由免除",
        f"{told} certificates; {spared.status} {spared.reason}; about somebody else: {other or 'nothing'}",
        held=told == 0 and not other and spared.reason == "unknown_sparing",
    )
    for why in clause.unless:
        excused = await staff.ask("POST", path, {"recipient": given.recipient, "unless": why})
        trial.control(
            f"note that the policy spares them: {why}",
            f"登记政策免除的理由：{why}",
            f"{excused.status} {excused.reason}",
            held=excused.ok,
        )


async def recipients_delete_a_part(world: World, case: Case, trial: Trial) -> None:
    """Show that whoever was given something of a function is told, once that alone is deleted at the desk."""
    given = await handed_on(world, case, but=REGISTER)
    asked = await desk.opened(world, case, given.who, Right.DELETE)
    before = await world.letter(given.recipient, given.who.account, within_s=0)
    met = await desk.meet(world, asked.request, function=given.function)
    word = await world.letter(given.recipient, asked.request)
    trial.control(
        f"tell {given.recipient} to delete what it was given of {given.function}",
        f"通知 {given.recipient} 删除其所获 {given.function} 的信息",
        word or "nothing was sent",
        held=met.ok and not before and bool(word),
    )
    other = await desk.opened(world, case, await world.user(case, given.function), Right.DELETE)
    nothing = await desk.meet(world, other.request, function=given.function)
    late = await world.letter(given.recipient, other.request, within_s=SOON_S) if word else ""
    trial.attempt(
        f"write to {given.recipient} about somebody of whom it got nothing",
        f"就未获其信息者通知 {given.recipient}",
        f"{nothing.status}; {late or 'nothing was sent'}",
        held=nothing.ok and bool(word) and not late,
    )


def _tells_of_parts(case: Case) -> bool:
    """Return whether a policy that tells recipients gives anything of a function of its own."""
    tables = case.compiled.functions.items()
    return (
        _tells(case)
        and Right.DELETE in case.compiled.rights
        and any(handed_to(table) for name, table in tables if name != REGISTER)
    )


def _tells(case: Case) -> bool:
    return case.said(RequestClause).name == RequestRule.TELL_RECIPIENTS


def _cancels(case: Case) -> bool:
    return Right(case.said(RightClause).right) is Right.CANCEL


def _revocable(case: Case) -> bool:
    return bool(case.said(DeadlineClause).revocable)


def _cancels_at_the_desk(case: Case) -> bool:
    return _cancels(case) and not AT_THE_DESK.isdisjoint(case.said(RightClause).by)


def _ends_with_the_account(case: Case) -> bool:
    return case.said(RetentionClause).after == Moment.ACCOUNT_CANCELLED


SCENARIOS = (
    Scenario("ends everything", RightClause, ends_everything, _cancels),
    Scenario("at the desk", RightClause, at_the_desk, _cancels_at_the_desk),
    Scenario("ends everything", RetentionClause, ends_everything, _ends_with_the_account),
    Scenario("waits and can be taken back", DeadlineClause, waits, _revocable),
    Scenario("recipients delete too", RequestClause, recipients_delete_too, _tells),
    Scenario("recipients delete a part", RequestClause, recipients_delete_a_part, _tells_of_parts),
)
