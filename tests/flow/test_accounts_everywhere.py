"""Under every policy that comes with Troth someone opens an account and signs in, or nothing is kept."""

from __future__ import annotations

import pytest

from tests.fakes.people import PHONE, People
from troth.app import policies
from troth.prove.samples import sample
from troth.subjects import passwords
from troth.subjects.names import REGISTER
from troth.terms import ActKind, Denied, Reason

ASIDE = {"phone_number", "email_address", "password", "verification_code"}
EMAIL = "owner@shop.example"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    quick = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    monkeypatch.setattr(passwords, "DUMMY", quick.hash("nobody"))


WITH_ACCOUNTS = [name for name in policies.names() if REGISTER in policies.compiled(name).functions]
WITHOUT = [name for name in policies.names() if name not in WITH_ACCOUNTS]


@pytest.fixture(params=WITH_ACCOUNTS)
async def people(request, database, tmp_path):
    async with People(database, tmp_path, request.param) as one:
        yield one


def form(people, **changed):
    """What the policy's own function `register` cannot do without, and no more."""
    table = people.compiled.functions[REGISTER]
    others = {item: sample(item, 7) for item in table.required - ASIDE}
    given = {"policy": people.policy, "email": EMAIL, "items": others} | changed
    return {key: value for key, value in given.items() if value is not None}


async def test_an_account_is_opened_and_its_owner_signs_in(people):
    account = await people.register(**form(people))
    done = await people.verify(account, await people.code())
    assert await people.who(done.session.token) == account
    assert await people.who((await people.sign_in(PHONE)).token) == account


async def test_who_does_not_agree_leaves_nothing_behind(people):
    with pytest.raises(Denied) as caught:
        await people.register(**form(people, agreed=False))
    assert caught.value.decision.reason in {Reason.NOT_ACCEPTED, Reason.NOT_CHOSEN}
    assert await people.rows() == {}


async def test_an_account_that_nobody_needs_is_chosen_by_opening_it(people):
    account = await people.register(**form(people))
    chosen = [act for act in (await people.standing(account)).acts if act.kind is ActKind.CHOSEN]
    waits = people.compiled.functions[REGISTER].waits
    assert [act.function for act in chosen] == ([REGISTER] if waits else [])


@pytest.mark.parametrize("name", WITHOUT)
async def test_a_policy_without_accounts_opens_none(name, database, tmp_path):
    async with People(database, tmp_path, name) as one:
        with pytest.raises(Denied) as caught:
            await one.register(policy=one.policy, email=EMAIL)
        assert caught.value.decision.reason is Reason.UNKNOWN_FUNCTION
        assert await one.rows() == {}
