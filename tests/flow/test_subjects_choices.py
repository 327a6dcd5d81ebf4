"""Choices, switches, the shop, seeing what one holds; as acts with evidence."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.fakes.people import FLOW, GUARD, POLICY, People
from tests.flow.test_subjects_accounts import quick_hashes  # noqa: F401
from troth.functions import footfall, guard
from troth.ledger import NoSuchSubject
from troth.ledger.receipts import verify_receipt
from troth.policy.text import notice
from troth.subjects import staff
from troth.subjects.choices import NotAChoice, Shown
from troth.subjects.papers import papers
from troth.subjects.registration import NotTheText
from troth.subjects.store import Shop, link_store
from troth.subjects.use import OwnUse
from troth.terms import (
    ActKind,
    Denied,
    FunctionName,
    ItemName,
    Reason,
    SubjectId,
    SwitchName,
)

SHOP = Shop("Corner Shop", "1 Some Road, Shanghai", {"opens": "09:00", "closes": "21:00"})
PERSONALISED = FunctionName("personalised")
SWITCH = SwitchName("customer_flow")


@pytest.fixture
async def people(database, tmp_path):
    async with People(database, tmp_path) as one:
        yield one


async def link(people, subject, functions=None):
    async with people.tx() as tx:
        return await link_store(people.parts, tx, subject, POLICY, shop=SHOP, functions=functions)


async def owner_of_a_shop(people, *functions):
    subject = await people.member()
    await people.camera(subject)
    for function in functions or (FLOW, GUARD):
        await people.choose(subject, function)
    await link(people, subject)
    return subject


def day(people):
    return people.clock.now() - timedelta(days=1), people.clock.now() + timedelta(days=1)


async def see(people, subject, plugin):
    async with people.tx() as tx:
        return await plugin(OwnUse(people.parts, tx, subject, POLICY), *day(people))


async def test_a_shop_is_put_on_file_for_the_functions_that_were_chosen(people):
    subject = await people.member()
    await people.camera(subject)
    await people.choose(subject, FLOW)
    assert await link(people, subject) == {FLOW}
    await people.choose(subject, GUARD)
    assert await link(people, subject) == {FLOW, GUARD}
    supplied = {
        (act.function, act.item)
        for act in (await people.standing(subject)).acts
        if act.kind is ActKind.SUPPLIED and act.function in {FLOW, GUARD}
    }
    shop = {ItemName("store_name"), ItemName("store_address")}
    assert supplied == {(f, i) for f in (FLOW, GUARD) for i in shop} | {(GUARD, ItemName("business_hours"))}


async def test_a_shop_without_a_chosen_function_is_refused(people):
    subject = await people.member()
    await people.camera(subject)
    with pytest.raises(Denied) as refused:
        await link(people, subject)
    assert refused.value.decision.reason is Reason.NOT_CHOSEN
    with pytest.raises(Denied):
        await link(people, subject, [GUARD])


async def test_a_shop_without_a_camera_is_refused(people):
    subject = await people.member()
    await people.choose(subject, FLOW)
    with pytest.raises(Denied) as refused:
        await link(people, subject)
    assert refused.value.decision.reason is Reason.NEED_MISSING


async def test_footfall_and_alerts_are_seen_by_their_owner(people):
    subject = await owner_of_a_shop(people)
    await people.readings(
        subject, FLOW, "line_crossing", "count_on_camera", {"direction": "in"}, {"direction": "out"}
    )
    people.clock.pass_(hours=11)  # 12:05 in Shanghai becomes 23:05
    await people.readings(subject, GUARD, "motion_event", "watch_on_camera", {})
    seen = await see(people, subject, footfall)
    assert [(hour.came_in, hour.went_out) for hour in seen.hours] == [(1, 1)]
    assert "sunmi-camera/functions/customer_flow" in seen.because
    alarms = await see(people, subject, guard)
    assert [alert.first for alert in alarms.alerts] == [people.clock.now()]
    assert any("guard_store" in clause for clause in alarms.because)


async def test_a_withdrawn_function_is_refused_and_the_others_flow_on(people):
    subject = await owner_of_a_shop(people)
    people.clock.pass_(hours=1)
    await people.withdraw(subject, FLOW)
    with pytest.raises(Denied) as refused:
        await see(people, subject, footfall)
    assert refused.value.decision.reason is Reason.WITHDRAWN
    assert (await see(people, subject, guard)).alerts == ()
    await people.choose(subject, FLOW)
    with pytest.raises(Denied) as refused:
        await see(people, subject, footfall)
    assert refused.value.decision.reason is Reason.REQUIRED_ITEM_MISSING  # the shop went with the purpose
    await link(people, subject, [FLOW])
    await see(people, subject, footfall)


async def test_a_switch_stops_a_stream_of_one_device(people):
    subject = await owner_of_a_shop(people, FLOW)
    camera = await people.camera(subject)

    async def put(**how):
        async with people.tx() as tx:
            return await people.choices.switch(tx, subject, POLICY, SWITCH, **how)

    chosen = await put(on=False, device=camera)
    assert chosen.functions == {FLOW}
    acts = (await people.standing(subject)).acts
    assert (acts[-1].kind, acts[-1].switch, acts[-1].device) == (ActKind.SWITCHED_OFF, SWITCH, camera)
    await put(on=False)  # all of them
    await put(on=True, device=camera)
    with pytest.raises(NotAChoice, match="name the device"):
        await put(on=True)
    async with people.tx() as tx:
        with pytest.raises(NotAChoice):
            await people.choices.switch(tx, subject, POLICY, SwitchName("what"), on=False)


def as_shown(people, language):
    return Shown(language, notice(people.compiled, language).text_hash)


async def test_consent_names_the_text_that_was_shown(people):
    subject = await people.member()
    with pytest.raises(NotTheText):
        await people.choose(subject, PERSONALISED)
    with pytest.raises(NotTheText):
        await people.choose(subject, PERSONALISED, shown=Shown("en", "0" * 64))
    shown = as_shown(people, "en")
    chosen = await people.choose(subject, PERSONALISED, shown=shown)
    paper = verify_receipt(chosen.receipt, people.parts.signer.public)
    assert (paper.kind, paper.text_hash) == ("chosen", notice(people.compiled, "en").text_hash)
    item = await people.choose(subject, PERSONALISED, shown=shown, item=ItemName("user_profile"))
    assert verify_receipt(item.receipt, people.parts.signer.public).kind == "chosen"


@pytest.mark.parametrize("function", ["register", "bind", "what"])
async def test_what_comes_with_the_account_is_not_up_for_choice(people, function):
    subject = await people.member()
    with pytest.raises(NotAChoice):
        await people.choose(subject, FunctionName(function))
    with pytest.raises(NotAChoice):
        await people.withdraw(subject, FunctionName(function))


async def test_an_item_of_another_function_is_not_up_for_choice(people):
    subject = await people.member()
    with pytest.raises(NotAChoice):
        await people.choose(subject, PERSONALISED, item=ItemName("store_name"))


async def test_who_ends_the_agreement_still_signs_in_and_may_agree_again(people):
    subject = await owner_of_a_shop(people, FLOW)
    async with people.tx() as tx:
        ended = await people.choices.end(tx, subject, POLICY)
    assert FLOW in ended.functions
    with pytest.raises(Denied) as refused:
        await see(people, subject, footfall)
    assert refused.value.decision.reason is Reason.ACCEPTANCE_ENDED
    assert (await people.sign_in()).subject == subject
    shown = as_shown(people, "zh")
    async with people.tx() as tx:
        with pytest.raises(NotTheText):
            await people.choices.accept(tx, subject, POLICY, 2, shown)
        await people.choices.accept(tx, subject, POLICY, 1, shown)
    await people.choose(subject, FLOW)  # a choice ends with the agreement: it is made again
    with pytest.raises(Denied) as refused:
        await see(people, subject, footfall)  # and so is the store given again: it was forgotten
    assert refused.value.decision.reason is Reason.REQUIRED_ITEM_MISSING
    await link(people, subject)
    await see(people, subject, footfall)


async def test_a_person_gets_the_receipts_of_all_they_chose(people):
    subject = await owner_of_a_shop(people, FLOW)
    people.clock.pass_(minutes=1)
    await people.withdraw(subject, FLOW)
    async with people.tx() as tx:
        mine = await papers(tx, people.parts.signer, subject)
    assert sorted(one.kind.value for one in mine) == ["accepted", "chosen", "withdrawn"]
    assert {one.kind.value: one.function for one in mine} == {
        "accepted": None,
        "chosen": FLOW,
        "withdrawn": FLOW,
    }
    for one in mine:
        assert verify_receipt(one.receipt, people.parts.signer.public).entry == str(one.entry)


async def test_nobody_chooses_for_who_is_not_there(people):
    with pytest.raises(NoSuchSubject):
        await people.choose(SubjectId(uuid4()), FLOW)


async def test_withdrawing_and_collecting_have_an_order(people):
    subject = await owner_of_a_shop(people, FLOW)

    async def send():
        try:
            await people.readings(subject, FLOW, "line_crossing", "count_on_camera", {"direction": "in"})
        except Denied as denied:
            return denied.decision.reason
        return None

    results = await asyncio.gather(send(), people.withdraw(subject, FLOW), send())
    assert {results[0], results[2]} <= {None, Reason.WITHDRAWN}
    assert await send() is Reason.WITHDRAWN


async def test_staff_come_and_go_on_record(people):
    now = people.clock.now()
    async with people.tx() as tx:
        hired = await staff.hire(tx, staff.Role.SUPPORT, now)
        assert await staff.who(tx, hired.token, people.clock.now()) == hired.staff
        assert hired.staff in await staff.everyone(tx)
        await staff.dismiss(tx, hired.staff.id, now)
        with pytest.raises(staff.NotStaff):
            await staff.who(tx, hired.token, people.clock.now())
        with pytest.raises(staff.NotStaff):
            await staff.dismiss(tx, hired.staff.id, now)
        with pytest.raises(staff.NotStaff):
            await staff.who(tx, "what", people.clock.now())
        kinds = await tx.conn.execute("SELECT kind FROM ledger_entry ORDER BY kind")
        assert [kind for (kind,) in await kinds.fetchall()] == ["staff_added", "staff_removed"]
    assert hired.token not in repr(hired)
