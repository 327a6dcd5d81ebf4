"""Rights: asked for through the ways named, proven as named, answered in time, refused only as listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from troth.policy.clauses import RightClause
from troth.policy.period import Unit
from troth.policy.requests import AT_THE_DESK, IN_PERSON
from troth.policy.statement_words import RefuseGround, RequestRule, Unreasonable
from troth.policy.statements import DeadlineClause, RefuseGroundClause, RequestClause
from troth.policy.words import Right
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always

if TYPE_CHECKING:
    from troth.prove.story.person import Answer
    from troth.prove.world import Someone, World

_NO_WAY = "carrier_pigeon"
_WORDS = "please do as I ask"
_EXACT = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1)}
_APART = {Right.CANCEL, Right.COMPLAIN, Right.POLICY_VIEW}
"""Rights with steps of their own: cancelling takes two, a complaint is about an answer, a policy is read."""


async def through_its_ways(world: World, case: Case, trial: Trial) -> None:
    """Show that a right is asked for through every way named, and through no other."""
    clause = case.said(RightClause)
    right = Right(clause.right)
    if right is Right.CANCEL:
        await _cancel(world, case, trial)
        return
    if right in _APART:
        raise NotTried("steps_of_its_own", right=right)
    for way in clause.by:
        who = await world.person(case)
        made = await _ask(world, who, right, way)
        trial.control(
            f"ask for {right} by {way}",
            f"通过 {way} 请求 {right}",
            f"{made.status} {made.reason or made.body.get('state')}, due {made.body.get('due')}",
            held=made.ok and made.body.get("right") == right,
        )
    who = await world.person(case)
    other = await _desk(world, who, right, _NO_WAY)
    trial.attempt(
        "ask through a way that the policy does not name",
        "通过政策未列明的途径请求",
        f"{other.status} {other.reason}",
        held=not other.ok,
    )


async def _cancel(world: World, case: Case, trial: Trial) -> None:
    who = await world.person(case)
    wrong = await who.ask("POST", "/v1/me/cancel/confirm", {"confirm": "not-what-was-offered"})
    still = await who.ask("GET", "/v1/me")
    trial.attempt(
        "cancel without the second step",
        "未经第二步确认即注销",
        f"{wrong.status} {wrong.reason}; account {'open' if still.ok else 'closed'}",
        held=not wrong.ok and still.ok,
    )
    offer = (await who.ask("POST", "/v1/me/cancel", {})).require()
    done = await who.ask("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})
    trial.control("cancel in two steps", "分两步注销", f"{done.status}", held=done.ok)


async def in_time(world: World, case: Case, trial: Trial) -> None:
    """Show that a request shows by when it is answered: never later than the policy says."""
    clause = case.said(DeadlineClause)
    if clause.within is None or clause.counted_from != "received":
        raise NotTried("other_start", start=clause.counted_from)
    span = _EXACT.get(clause.within.unit)
    if span is None:
        raise NotTried("calendar", unit=clause.within.unit)
    for right in sorted(each for each in clause.of if each in case.compiled.rights):
        ways = case.compiled.rights[right].by
        if Right(right) in _APART or not ways:
            continue
        who = await world.person(case)
        before = world.levers.now()
        made = await _ask(world, who, right, ways[0])
        due = datetime.fromisoformat(str(made.body["due"])) if made.body.get("due") else None
        latest = world.levers.now() + clause.within.value * span
        trial.control(
            f"ask for {right}", f"请求 {right}", f"{made.status}, due {due}", held=made.ok and due is not None
        )
        trial.attempt(
            f"be told a later day than {clause.within.value} {clause.within.unit} from now",
            f"被告知晚于 {clause.within.value} {clause.within.unit} 的期限",
            f"due {due}, at the latest {latest.isoformat(timespec='seconds')}",
            held=due is not None and before < due <= latest,
        )
        return
    raise NotTried("no_one_step")


async def only_listed_grounds(world: World, case: Case, trial: Trial) -> None:
    """Show that staff refuse a request on the listed ground, with the facts, and on no other."""
    ground = case.said(RefuseGroundClause).name
    listed = {each.name for each in case.compiled.all(RefuseGroundClause)}
    rule = case.compiled.one(RequestClause, RequestRule.REFUSE_UNREASONABLE)
    listed |= set(rule.grounds) if rule else set()
    first = await _open_request(world, case)
    refused = await _refuse(world, first, ground)
    trial.control(
        f"refuse for {ground}, with the facts",
        f"以 {ground} 为由并附事实予以拒绝",
        f"{refused.status} {refused.reason or refused.body.get('state')}",
        held=refused.ok,
    )
    others = [each.value for each in (*RefuseGround, *Unreasonable) if each.value not in listed]
    second = await _open_request(world, case)
    unlisted = await _refuse(world, second, (others or ["boredom"])[0])
    trial.attempt(
        "refuse on a ground that is not listed",
        "以未列明的理由拒绝",
        f"{unlisted.status} {unlisted.reason}",
        held=not unlisted.ok,
    )


async def as_the_rule_says(world: World, case: Case, trial: Trial) -> None:
    """Show that what holds for every request holds for one: proof, fees, grounds, where to complain."""
    clause = case.said(RequestClause)
    match RequestRule(clause.name):
        case RequestRule.VERIFY:
            await _verified(world, case, trial, clause)
        case RequestRule.FREE:
            await _free(world, case, trial)
        case RequestRule.REFUSE_UNREASONABLE:
            await _unreasonable(world, case, trial, clause)
        case rule:
            raise NotTried("no_answers_read", rule=rule)


async def _verified(world: World, case: Case, trial: Trial, clause: RequestClause) -> None:
    right, way = _desk_right(case)
    who = await world.person(case)
    made = (await _desk(world, who, right, way)).require()
    path = f"/v1/staff/requests/{made['request']}"
    staff = await world.staff()
    early = await staff.ask("POST", f"{path}/meet", {"text": "done"})
    trial.attempt(
        "meet a request before anyone showed who they are",
        "未核验身份即满足请求",
        f"{early.status} {early.reason}",
        held=not early.ok,
    )
    shown = await staff.ask("POST", f"{path}/proof", {"proofs": _proofs(case, right, clause)})
    trial.control(
        "note the proof that the policy asks for",
        "登记政策要求的证明",
        f"{shown.status} {shown.reason or shown.body.get('state')}",
        held=shown.ok,
    )


async def _free(world: World, case: Case, trial: Trial) -> None:
    request = await _open_request(world, case)
    staff = await world.staff()
    quoted = await staff.ask("POST", f"/v1/staff/requests/{request}/quote", {"fee": 100, "text": "copies"})
    trial.attempt(
        "charge for the first request",
        "对首次请求收费",
        f"{quoted.status} {quoted.reason}",
        held=not quoted.ok,
    )
    met = await staff.ask("POST", f"/v1/staff/requests/{request}/meet", {"text": "done"})
    trial.control("meet it without a fee", "免费满足", f"{met.status} {met.reason}", held=met.ok)


async def _unreasonable(world: World, case: Case, trial: Trial, clause: RequestClause) -> None:
    refused = await _refuse(world, await _open_request(world, case), clause.grounds[0])
    trial.control(
        f"refuse because it is {clause.grounds[0]}",
        f"以 {clause.grounds[0]} 为由拒绝",
        f"{refused.status} {refused.reason}",
        held=refused.ok,
    )
    other = await _refuse(world, await _open_request(world, case), "boredom")
    trial.attempt(
        "refuse because nobody cares", "无理由拒绝", f"{other.status} {other.reason}", held=not other.ok
    )


async def _ask(world: World, who: Someone, right: str, way: str) -> Answer:
    """Ask by the person's own door, or have it entered at the desk."""
    if way in IN_PERSON:
        return await who.ask("POST", "/v1/me/requests", {"right": right, "text": _WORDS})
    if way in AT_THE_DESK:
        return await _desk(world, who, right, way)
    raise NotTried("no_door_way", way=way)


async def _desk(world: World, who: Someone, right: str, way: str) -> Answer:
    body = {"contact": who.phone, "right": right, "channel": way, "text": _WORDS}
    return await (await world.staff()).ask("POST", "/v1/staff/requests", body)


async def _open_request(world: World, case: Case) -> str:
    """Return a request of someone signed in, ready to be answered."""
    for right, clause in sorted(case.compiled.rights.items()):
        if Right(right) in _APART or clause.proofs or not IN_PERSON.intersection(clause.by):
            continue
        who = await world.person(case)
        made = await who.ask("POST", "/v1/me/requests", {"right": right, "text": _WORDS})
        return str(made.require()["request"])
    right, way = _desk_right(case)
    who = await world.person(case)
    made = (await _desk(world, who, right, way)).require()
    staff = await world.staff()
    path = f"/v1/staff/requests/{made['request']}/proof"
    verify = case.compiled.one(RequestClause, RequestRule.VERIFY)
    (await staff.ask("POST", path, {"proofs": _proofs(case, right, verify)})).require()
    return str(made["request"])


def _desk_right(case: Case) -> tuple[str, str]:
    for right, clause in sorted(case.compiled.rights.items()):
        ways = [way for way in clause.by if way in AT_THE_DESK]
        if ways and Right(right) not in _APART:
            return right, ways[0]
    raise NotTried("not_at_desk")


def _proofs(case: Case, right: str, clause: RequestClause | None) -> list[str]:
    return sorted({*case.compiled.rights[right].proofs, *(clause.proofs[:1] if clause else ()), "identity"})


async def _refuse(world: World, request: str, ground: str) -> Answer:
    body = {"ground": ground, "facts": "what we found"}
    return await (await world.staff()).ask("POST", f"/v1/staff/requests/{request}/refuse", body)


SCENARIOS = (
    Scenario("through its ways", RightClause, through_its_ways, always),
    Scenario("in time", DeadlineClause, in_time, always),
    Scenario("only listed grounds", RefuseGroundClause, only_listed_grounds, always),
    Scenario("as the rule says", RequestClause, as_the_rule_says, always),
)
