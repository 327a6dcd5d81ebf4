"""Accounts on PostgreSQL: who gets one, what is stored before and after, who gets in, who is told what."""

from __future__ import annotations

import asyncio
import json
from datetime import date, timedelta

import psycopg
import pytest
from psycopg import sql

from tests.fakes.people import PASSWORD, PHONE, POLICY, People
from troth.ledger.receipts import verify_receipt
from troth.subjects import codes, passwords
from troth.subjects.accounts import SignInRefused
from troth.subjects.contact import BadPhone
from troth.subjects.outbox import Outcome
from troth.subjects.passwords import WeakPassword
from troth.subjects.registration import NotTheText
from troth.subjects.senders import NotCarried
from troth.subjects.sessions import NotSignedIn
from troth.subjects.tries import TooManyTries
from troth.terms import ActKind, Denied, Reason


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """The parameters are checked once in `test_subjects_values`; here only the flow is."""
    quick = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "HASHER", quick)
    monkeypatch.setattr(passwords, "DUMMY", quick.hash("nobody"))


@pytest.fixture
async def people(database, tmp_path):
    async with People(database, tmp_path) as one:
        yield one


async def test_registering_verifying_and_signing_in(people):
    account = await people.register()
    letter = (await people.letters())[0]
    assert letter.to == PHONE
    done = await people.verify(account, await people.code())
    assert await people.who(done.session.token) == account
    assert await people.who((await people.sign_in()).token) == account
    assert await people.who((await people.sign_in(login="139 1234 5678")).token) == account


async def test_the_receipt_names_the_text_that_was_agreed_to(people):
    account = await people.register()
    done = await people.verify(account, await people.code())
    paper = verify_receipt(done.receipt, people.parts.signer.public)
    form = people.form()
    assert (paper.kind, paper.policy, paper.version) == ("accepted", POLICY, form.version)
    assert (paper.language, paper.text_hash) == ("en", form.text_hash)
    assert paper.subject == str(account)


async def test_the_standing_says_what_was_shown_accepted_and_supplied(people):
    account = await people.register(email="Owner@Example.com")
    kinds = [(act.kind, act.item) for act in (await people.standing(account)).acts]
    assert kinds == [
        (ActKind.SHOWN, None),
        (ActKind.ACCEPTED, None),
        (ActKind.DECLARED_ADULT, None),
        (ActKind.SUPPLIED, "email_address"),
        (ActKind.SUPPLIED, "password"),
        (ActKind.SUPPLIED, "phone_number"),
    ]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"agreed": False}, Reason.NOT_ACCEPTED),
        ({"birth_date": date(2009, 3, 3), "declares_adult": False}, Reason.UNDERAGE),
        ({"birth_date": date(2009, 3, 3)}, Reason.UNDERAGE),
        ({"declares_adult": False}, Reason.AGE_UNKNOWN),
        ({"phone": None, "email": "owner@example.com"}, Reason.REQUIRED_ITEM_MISSING),
    ],
)
async def test_who_is_refused_leaves_nothing_but_a_count(people, form, reason):
    with pytest.raises(Denied) as refused:
        await people.register(**form)
    assert refused.value.decision.reason is reason
    assert refused.value.decision.because
    assert await people.rows() == {}
    async with people.tx() as tx:
        assert await tx.value("SELECT count(*) FROM ledger_entry") == 0
        counted = await tx.conn.execute("SELECT function, outcome, reason, n FROM decision_count")
        assert await counted.fetchall() == [("register", "deny", reason.value, 1)]


async def test_eighteen_today_is_old_enough(people):
    await people.register(birth_date=date(2008, 3, 2), declares_adult=False)
    assert (await people.rows())["account"] == 1


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"text_hash": "0" * 64}, NotTheText),
        ({"version": 2}, NotTheText),
        ({"phone": "12"}, BadPhone),
        ({"password": "short"}, WeakPassword),
    ],
)
async def test_a_form_that_is_wrong_stores_nothing(people, form, error):
    with pytest.raises(error):
        await people.register(**form)
    assert await people.rows() == {}


async def test_a_language_that_the_notice_lacks_is_not_the_text(people):
    form = people.form()
    with pytest.raises(NotTheText):
        await people.accounts.register(people.db, type(form)(**{**_fields(form), "language": "fr"}))


def _fields(form):
    return {name: getattr(form, name) for name in type(form).__dataclass_fields__}


async def test_a_known_number_gets_the_same_answer_and_its_owner_a_letter(people):
    account = await people.member()
    decoy = await people.register(password="another password")
    assert decoy != account
    letters = await people.letters()
    assert letters[-1].to == PHONE
    assert "already has an account" in letters[-1].text
    with pytest.raises(codes.WrongCode):
        await people.verify(decoy, "123456")
    assert (await people.rows())["account"] == 1
    await people.sign_in()


async def test_a_number_typed_by_a_stranger_does_not_block_its_owner(people):
    squatter = await people.register(password="the squatter's own")
    await people.letters()
    account = await people.register()
    await people.verify(account, await people.code())
    with pytest.raises(codes.WrongCode):
        await people.verify(squatter, "000000")
    assert await people.who((await people.sign_in()).token) == account


async def test_two_accounts_of_one_number_cannot_both_be_confirmed(people):
    first = await people.register()
    one = await people.code()
    second = await people.register()
    two = await people.code()
    await people.verify(first, one)
    with pytest.raises(codes.WrongCode):
        await people.verify(second, two)
    assert await people.who((await people.sign_in()).token) == first


async def test_registering_one_number_again_and_again_is_stopped(people):
    for _ in range(5):
        await people.register()
    with pytest.raises(TooManyTries) as stopped:
        await people.register()
    people.clock.at = stopped.value.until
    await people.register()


async def test_a_code_is_good_once_for_ten_minutes_and_five_tries(people):
    account = await people.register()
    code = await people.code()
    people.clock.pass_(minutes=10)
    with pytest.raises(codes.WrongCode):
        await people.verify(account, code)

    other = await people.register(phone="+8613900139000")
    code = await people.code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(codes.WrongCode):
            await people.verify(other, wrong)
    with pytest.raises(codes.WrongCode):
        await people.verify(other, code)

    third = await people.register(phone="+8613800138000")
    code = await people.code()
    await people.verify(third, code)
    with pytest.raises(codes.WrongCode):
        await people.verify(third, code)


async def test_parallel_tries_at_a_code_do_not_outrun_its_five(people):
    account = await people.register()
    code = int(await people.code())
    guesses = [f"{(code + n) % 10**6:06d}" for n in range(1, 13)]
    tried = await asyncio.gather(*(people.verify(account, g) for g in guesses), return_exceptions=True)
    assert all(isinstance(one, codes.WrongCode) for one in tried)
    async with people.tx() as tx:
        assert await tx.value("SELECT tries FROM code") == 5


async def test_who_does_not_confirm_is_forgotten(people):
    await people.register()
    people.clock.pass_(minutes=9)
    async with people.tx() as tx:
        assert await people.accounts.purge_unverified(tx) == 0
    people.clock.pass_(minutes=1)
    async with people.tx() as tx:
        assert await people.accounts.purge_unverified(tx) == 1
    assert await people.rows() == {"subject": 1}  # the opaque id, marked erased
    account = await people.register()
    await people.verify(account, await people.code())


async def test_an_email_is_not_a_credential_where_the_policy_only_may_take_it(people):
    await people.member(email="owner@example.com")
    with pytest.raises(SignInRefused):
        await people.sign_in(login="owner@example.com")
    await people.sign_in()


@pytest.mark.parametrize("login", [PHONE, "+8613700137000", "nobody@example.com", "what?"])
async def test_a_refused_sign_in_says_the_same_of_everyone(people, login):
    await people.member()
    with pytest.raises(SignInRefused) as refused:
        await people.sign_in(login=login, password="wrong")
    assert str(refused.value) == SignInRefused.__doc__


async def test_an_unknown_login_costs_a_hash_as_well(people, monkeypatch):
    await people.member()
    hashed = []
    right = passwords.right

    async def noticed(stored, password):
        hashed.append(stored)
        return await right(stored, password)

    monkeypatch.setattr(passwords, "right", noticed)
    for login in (PHONE, "+8613700137000", "what?"):
        with pytest.raises(SignInRefused):
            await people.sign_in(login=login, password="wrong")
    assert len(hashed) == 3
    assert hashed[0] != passwords.DUMMY == hashed[1] == hashed[2]


async def test_an_unverified_account_does_not_sign_in(people):
    await people.register()
    with pytest.raises(SignInRefused):
        await people.sign_in()


async def test_registering_does_not_tell_whose_an_email_is(people):
    await people.member(email="owner@example.com")
    other = await people.register(phone="+8613900139000", email="owner@example.com")
    await people.verify(other, await people.code())
    assert people.sender.carried[-1].to == "+8613900139000"


async def test_guessing_a_password_is_slowed_even_for_the_right_one(people):
    await people.member()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await people.sign_in(password="wrong")
    with pytest.raises(TooManyTries) as stopped:
        await people.sign_in()
    assert stopped.value.until - people.clock.at <= timedelta(seconds=20)
    people.clock.at = stopped.value.until
    for _ in range(8):
        await people.sign_in()  # success hands the tries back


async def test_parallel_guesses_do_not_outrun_the_limit(people):
    await people.member()
    tried = await asyncio.gather(
        *(people.sign_in(password="wrong") for _ in range(12)), return_exceptions=True
    )
    assert sum(isinstance(one, SignInRefused) for one in tried) == 5
    assert sum(isinstance(one, TooManyTries) for one in tried) == 7


async def test_sessions_end(people):
    account = await people.member()
    here, there = await people.sign_in(), await people.sign_in()
    async with people.tx() as tx:
        await people.accounts.sign_out(tx, here.token)
    with pytest.raises(NotSignedIn):
        await people.who(here.token)
    assert await people.who(there.token) == account
    async with people.tx() as tx:
        assert await people.accounts.sign_out_everywhere(tx, account) == 2
    with pytest.raises(NotSignedIn):
        await people.who(there.token)
    late = await people.sign_in()
    people.clock.at = late.expires
    with pytest.raises(NotSignedIn):
        await people.who(late.token)


@pytest.mark.parametrize("token", ["", "x", "é", "A" * 64, "=" * 64, "A" * 10_000])
async def test_what_is_no_token_is_nobody(people, token):
    with pytest.raises(NotSignedIn):
        await people.who(token)


async def test_a_letter_whose_carrier_is_down_goes_later_and_then_has_failed(people):
    class Down:
        async def send(self, channel, to, text):
            raise NotCarried

    await people.register()
    outcomes = []
    for _ in range(6):
        ended = await people.accounts.outbox.deliver(people.db, Down())
        outcomes += [outcome for outcome, n in ended.items() for _ in range(n)]
        people.clock.pass_(minutes=2)
    assert outcomes == [Outcome.LATER, Outcome.LATER, Outcome.LATER, Outcome.FAILED]
    async with people.tx() as tx:
        assert await tx.value("SELECT count(*) FROM outbox") == 0


async def test_a_letter_that_cannot_be_opened_stops_no_other(people):
    await people.register()
    with psycopg.connect(people.owner_dsn) as conn:
        conn.execute("UPDATE outbox SET letter = gen_random_uuid()")  # a seal is bound to its row
    people.clock.pass_(seconds=1)
    await people.register(phone="+8613900139000")
    assert [letter.to for letter in await people.letters()] == ["+8613900139000"]


async def test_a_letter_whose_worker_died_is_taken_by_another(people):
    class Dies:
        async def send(self, channel, to, text):
            raise asyncio.CancelledError

    await people.register()
    with pytest.raises(asyncio.CancelledError):
        await people.accounts.outbox.deliver(people.db, Dies())
    assert await people.letters() == []
    people.clock.pass_(minutes=1)
    assert len(await people.letters()) == 1


async def test_a_letter_is_carried_once_by_many_workers(people):
    for n in range(4):
        await people.register(phone=f"+861391234567{n}")
    await asyncio.gather(*(people.letters() for _ in range(3)))
    assert len(people.sender.carried) == 4
    assert len({letter.to for letter in people.sender.carried}) == 4


async def test_a_letter_that_waited_too_long_lapses(people):
    await people.register()
    people.clock.pass_(minutes=10)
    assert (await people.accounts.outbox.deliver(people.db, people.sender))[Outcome.LAPSED] == 1
    assert people.sender.carried == []


def every(table):
    return sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))


async def test_nothing_personal_lies_in_plain_in_any_table(people):
    account = await people.register(email="owner@example.com")
    code = await people.code()
    await people.register()
    await people.verify(account, code)
    await people.sign_in()
    with psycopg.connect(people.owner_dsn) as conn:
        tables = [
            row[0]
            for row in conn.execute(
                "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                "WHERE n.nspname = 'public' AND relkind = 'r'"
            )
        ]
        kept = "".join(json.dumps([str(row) for row in conn.execute(every(table))]) for table in tables)
    for secret in (PHONE, PHONE[1:], "owner@example.com", PASSWORD, code):
        assert secret not in kept
        assert secret.encode().hex() not in kept


ATTACKER, HOME = "203.0.113.9", "198.51.100.4"


async def test_a_stranger_who_guesses_from_one_place_stands_still_and_the_owner_signs_in(people):
    account = await people.member()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await people.sign_in(password="wrong", origin=ATTACKER)
    for _ in range(50):  # nothing of this reaches the number's own count
        with pytest.raises(TooManyTries) as stopped:
            await people.sign_in(password="wrong", origin=ATTACKER)
    assert stopped.value.until == people.clock.at + timedelta(minutes=15)
    people.clock.pass_(seconds=20)
    assert (await people.sign_in(origin=HOME)).subject == account


async def test_strangers_from_many_places_slow_everyone_but_who_has_a_session_already(people):
    account = await people.member()
    open_elsewhere = await people.sign_in(origin=HOME)
    for n in range(40):
        with pytest.raises((SignInRefused, TooManyTries)):
            await people.sign_in(password="wrong", origin=f"203.0.113.{n}")
    with pytest.raises(TooManyTries) as slowed:
        await people.sign_in(origin=HOME)
    assert slowed.value.until - people.clock.at <= timedelta(seconds=20)
    assert (await people.sign_in(origin=HOME, known=open_elsewhere.token)).subject == account


async def test_a_session_of_another_account_buys_no_tries(people):
    await people.member()
    thief = await people.member(phone="+8613900139000", password="the thief's own")
    own = await people.sign_in("+8613900139000", "the thief's own")
    assert own.subject == thief
    tried = [
        await asyncio.gather(people.sign_in(password="wrong", known=own.token), return_exceptions=True)
        for _ in range(12)
    ]
    assert sum(isinstance(one, SignInRefused) for (one,) in tried) == 5


async def test_who_stole_a_session_guesses_the_password_five_times_a_quarter_of_an_hour(people):
    await people.member()
    stolen = await people.sign_in()
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await people.sign_in(password="wrong", known=stolen.token)
    people.clock.pass_(minutes=14)
    with pytest.raises(TooManyTries):
        await people.sign_in(password="wrong", known=stolen.token)


async def test_one_place_cannot_try_a_list_of_numbers(people):
    said = []
    for n in range(70):
        try:
            await people.sign_in(login=f"+86139000{n:05}", password="leaked", origin=ATTACKER)
        except (SignInRefused, TooManyTries) as error:
            said.append(type(error))
    assert said == [SignInRefused] * 60 + [TooManyTries] * 10


async def test_one_place_cannot_have_codes_sent_to_any_number_of_people(people):
    for n in range(20):
        await people.accounts.register(people.db, people.form(phone=f"+86139000{n:05}"), origin=ATTACKER)
    with pytest.raises(TooManyTries):
        await people.accounts.register(people.db, people.form(phone="+8613900099999"), origin=ATTACKER)
    await people.accounts.register(people.db, people.form(phone="+8613900099999"), origin=HOME)


async def test_a_number_that_a_stranger_registered_again_and_again_waits_minutes_not_an_hour(people):
    for _ in range(5):
        await people.accounts.register(people.db, people.form(), origin=ATTACKER)
    with pytest.raises(TooManyTries) as stopped:
        await people.accounts.register(people.db, people.form(), origin=HOME)
    assert stopped.value.until - people.clock.at <= timedelta(minutes=10)
    people.clock.at = stopped.value.until
    await people.accounts.register(people.db, people.form(), origin=HOME)


async def test_no_password_is_compared_while_a_connection_is_held(people, monkeypatch):
    await people.member()
    seen = []

    async def right(stored, password):
        async with people.tx() as tx:  # the subject's row is free: nobody holds it meanwhile
            await tx.run("SET LOCAL lock_timeout = '200ms'")
            await tx.value("SELECT subject FROM subject FOR UPDATE")
            used = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
            seen.append(await tx.value(used))
        return True

    monkeypatch.setattr("troth.subjects.passwords.right", right)
    await people.sign_in()
    assert seen == [0]


async def test_who_is_erased_while_their_password_is_compared_is_not_signed_in(people, monkeypatch):
    account = await people.member()

    async def right(stored, password):
        async with people.tx() as tx:
            await people.accounts.close(tx, account)
        return True

    monkeypatch.setattr("troth.subjects.passwords.right", right)
    with pytest.raises(SignInRefused):
        await people.sign_in()
