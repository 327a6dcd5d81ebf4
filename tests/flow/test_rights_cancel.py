"""Cancelling on PostgreSQL: the warning, the token, refusal at once, the stages, the certificate."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.fakes.people import FLOW, POLICY
from tests.flow.rights_rig import Desk, quick_hashes  # noqa: F401
from troth import ledger
from troth.ledger.receipts import verify_receipt
from troth.rights.moves import NoSuchMove, State
from troth.subjects.accounts import SignInRefused
from troth.subjects.names import PHONE
from troth.subjects.sessions import NotSignedIn
from troth.terms import Denied, Reason, SubjectId
from troth.vault import LinkSpent, NotHeld
from troth.vault.certificate import verify
from troth.vault.stages import Stage


@pytest.fixture
async def desk(database, tmp_path):
    async with Desk(database, tmp_path) as one:
        yield one


async def test_nothing_happens_before_it_is_confirmed(desk):
    subject = await desk.people.member()
    before = await desk.people.rows()
    offer = await desk.ask(subject)
    assert offer.irreversible
    assert offer.clause == "sunmi-camera/rights/cancel"
    assert await desk.people.rows() == before
    assert await desk.state(subject) is State.ASKED
    await desk.people.sign_in()


async def test_confirming_refuses_everything_at_once(desk):
    people = desk.people
    subject = await people.member()
    session = await people.sign_in()
    done = await desk.cancel(subject)
    assert done.state is State.REFUSED
    with pytest.raises(NotSignedIn):
        await people.who(session.token)
    with pytest.raises(SignInRefused):
        await people.sign_in()
    with pytest.raises(Denied) as refused:
        await desk.copy(subject)
    assert refused.value.decision.reason in {Reason.CANCELLED, Reason.NOT_ACCEPTED}
    assert await people.standing(subject) is None
    assert {"account", "session", "code", "act", "vault_key", "document_wrap", "blind_index"}.isdisjoint(
        await people.rows()
    )


async def test_the_stages_end_in_a_certificate_that_needs_no_account(desk):
    subject = await desk.people.member()
    done = await desk.cancel(subject)
    assert await desk.states(done) == [State.REFUSED]
    await desk.turn_epoch()
    assert await desk.states(done) == [State.UNRECOVERABLE, State.SWEPT, State.TOLD, State.CERTIFIED]
    shown = await desk.farewell(done.farewell)
    # This policy says nothing of backups, so there is no horizon to wait for.
    assert list(shown.stages) == [stage.name.lower() for stage in Stage if stage is not Stage.BACKUPS]
    paper = verify(shown.certificate, desk.people.parts.signer.public)
    assert (paper.erasure, paper.subject) == (done.erasure, subject)
    assert set(paper.checked.values()) == {0}
    assert {"account", "session", "outbox", "cancellation", "request"} <= paper.checked.keys()
    with pytest.raises(LinkSpent):
        await desk.farewell(done.farewell)


async def test_the_owner_keeps_a_receipt_of_the_cancellation(desk):
    subject = await desk.people.member()
    done = await desk.cancel(subject)
    paper = verify_receipt(done.receipt, desk.people.parts.signer.public)
    assert (paper.kind, paper.subject) == ("cancelled", str(subject))


async def test_a_new_account_of_the_same_number_shows_none_of_the_old(desk):
    people = desk.people
    old = await people.member()
    await people.camera(old)
    await people.choose(old, FLOW)
    await desk.cancel(old)
    new = await people.member()
    assert new != old
    assert FLOW not in {act.function for act in (await people.standing(new)).acts}
    assert {act.kind.value for act in (await people.standing(new)).acts} == {
        "shown", "accepted", "declared_adult", "supplied",
    }  # fmt: skip


@pytest.mark.parametrize("token", ["", "x", "A" * 64])
async def test_a_wrong_token_cancels_nothing(desk, token):
    subject = await desk.people.member()
    await desk.ask(subject)
    with pytest.raises(NoSuchMove):
        await desk.confirm(subject, token)
    await desk.people.sign_in()


async def test_an_offer_counts_once_for_a_quarter_of_an_hour_and_for_its_owner(desk):
    people = desk.people
    subject, other = await people.member(), await people.member(phone="+8613900139000")
    first, second = await desk.ask(subject), await desk.ask(subject)
    with pytest.raises(NoSuchMove):
        await desk.confirm(subject, first.confirm)
    with pytest.raises(NoSuchMove):
        await desk.confirm(other, second.confirm)
    people.clock.pass_(minutes=15)
    assert await desk.state(subject) is State.LAPSED
    with pytest.raises(NoSuchMove):
        await desk.confirm(subject, second.confirm)
    again = await desk.ask(subject)
    await desk.confirm(subject, again.confirm)
    with pytest.raises((NoSuchMove, Denied)):
        await desk.confirm(subject, again.confirm)


async def test_confirming_twice_at_once_cancels_once(desk):
    subject = await desk.people.member()
    offer = await desk.ask(subject)
    tried = await asyncio.gather(
        *(desk.confirm(subject, offer.confirm) for _ in range(3)), return_exceptions=True
    )
    assert sum(not isinstance(one, Exception) for one in tried) == 1
    assert all(isinstance(one, NoSuchMove | Denied) for one in tried if isinstance(one, Exception))


async def test_who_ended_the_agreement_may_still_cancel(desk):
    subject = await desk.people.member()
    async with desk.people.tx() as tx:
        await desk.people.choices.end(tx, subject, POLICY)
    assert (await desk.cancel(subject)).state is State.REFUSED


async def test_nobody_cancels_who_is_not_there(desk):
    with pytest.raises(ledger.NoSuchSubject):
        await desk.ask(SubjectId(uuid4()))


async def test_the_return_address_lies_in_the_sealed_plan_only(desk):
    subject = await desk.people.member()
    done = await desk.cancel(subject)
    plan = await desk.plan(done.erasure, subject)
    assert plan.return_address == "sms:+8613912345678"
    async with desk.people.tx() as tx:
        assert await desk.people.parts.vault.lookup.find(tx, PHONE, "+8613912345678") is None


async def test_whoever_was_given_something_is_in_the_plan(desk):
    subject = await desk.people.member()
    for recipient in ("courier", "agent", "courier"):
        entry = ledger.NewEntry(
            kind=ledger.EntryKind.SHARED,
            at=desk.people.clock.now(),
            policy=POLICY,
            subject=subject,
            details={"recipient": recipient},
        )
        async with desk.people.tx() as tx:
            await ledger.append(tx, entry)
    done = await desk.cancel(subject)
    assert (await desk.plan(done.erasure, subject)).recipients == ("agent", "courier")


async def test_an_erasure_that_is_late_is_seen(desk):
    subject = await desk.people.member()
    done = await desk.cancel(subject)
    assert done.due == desk.people.clock.now() + timedelta(days=15)
    assert await desk.owed() == []
    desk.people.clock.pass_(days=15)
    assert [one.erasure for one in await desk.owed()] == [done.erasure]


async def test_an_erasure_in_time_is_ticked_off(desk):
    done = await desk.cancel(await desk.people.member())
    await desk.turn_epoch()
    await desk.states(done)
    desk.people.clock.pass_(days=15)
    assert await desk.owed() == []
    assert await desk.owed() == []


async def test_what_is_erased_is_not_opened_even_with_an_old_permit(desk):
    people = desk.people
    subject = await people.member()
    permit = await desk.permit_to_sign_in(subject)
    await desk.cancel(subject)
    with pytest.raises((NotHeld, Exception)) as refused:
        async with people.tx() as tx:
            await people.parts.vault.open(tx, permit, next(iter(permit.allow.items)))
    assert type(refused.value).__name__ in {"Erased", "NotHeld"}


# INVARIANT: whoever holds something of a person's holds their row first.


async def test_asking_again_while_a_confirmation_waits_ends_neither_in_a_deadlock(desk):
    subject = await desk.people.member()
    first = await desk.ask(subject)
    async with desk.people.tx() as tx:
        await ledger.standing(tx, subject, lock=True)
        confirming = asyncio.create_task(desk.confirm(subject, first.confirm))
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1"
        async with asyncio.timeout(5):
            while await tx.value(waiting) is None:
                await asyncio.sleep(0.01)
        second = await desk.cancellation.ask(tx, subject, POLICY)
    with pytest.raises(NoSuchMove):
        await confirming
    assert (await desk.confirm(subject, second.confirm)).state is State.REFUSED
