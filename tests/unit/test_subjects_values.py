"""Numbers, addresses, ages, passwords, tokens, letters: the plain values of an account."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import phonenumbers
import pytest
from argon2 import extract_parameters
from argon2.low_level import Type
from hypothesis import example, given
from hypothesis import strategies as st

from troth.subjects import messages, passwords, tokens
from troth.subjects.age import BadBirthDate, age_class, full_years
from troth.subjects.contact import BadEmail, BadPhone, email_address, login, phone_number
from troth.subjects.names import EMAIL, PHONE
from troth.subjects.passwords import WeakPassword
from troth.terms import LEGAL_TIME, Age

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "13912345678",
        "139 1234 5678",
        "+86 139-1234-5678",
        "+8613912345678",
        "0086 13912345678",
        "１３９１２３４５６７８",
    ],
)
def test_one_number_has_one_spelling(text):
    assert phone_number(text) == "+8613912345678"


@pytest.mark.parametrize("text", ["", "1", "139", "what", "+999", "13912345678 ext. 5", "9" * 300, "+86"])
def test_what_is_no_number_is_refused_without_being_quoted(text):
    with pytest.raises(BadPhone) as refused:
        phone_number(text)
    assert str(refused.value) == BadPhone.__doc__


@given(st.text(max_size=30))
@example("+44 20 7946 0958")
def test_any_text_is_a_number_in_e164_or_refused(text):
    try:
        number = phone_number(text)
    except BadPhone:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert phone_number(number) == number


@pytest.mark.parametrize("text", ["Owner@Example.com", " owner@example.com ", "owner@EXAMPLE.com"])
def test_one_address_has_one_spelling(text):
    assert email_address(text) == "owner@example.com"


@pytest.mark.parametrize(
    "text", ["", "@", "owner", "owner@", "a b@example.com", "owner@-x.com", "a@" + "b" * 300]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadEmail):
        email_address(text)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text):
    try:
        address = email_address(text)
    except BadEmail:
        return
    assert email_address(address) == address


def test_a_login_is_a_number_or_an_address():
    assert login("139 1234 5678") == (PHONE, "+8613912345678")
    assert login("Owner@example.com") == (EMAIL, "owner@example.com")


BORN = st.dates(date(1900, 1, 1), date(2026, 3, 2)).filter(lambda born: (born.month, born.day) != (2, 29))


@given(BORN, st.integers(0, 86_399))
def test_years_are_counted_by_local_birthdays(born, second):
    now = datetime(2026, 3, 2, tzinfo=LEGAL_TIME) + timedelta(seconds=second)
    birthdays = [born.replace(year=year) for year in range(born.year + 1, 2027)]
    assert full_years(born, now) == sum(birthday <= now.date() for birthday in birthdays)


def test_a_day_begins_in_shanghai():
    born = date(2008, 3, 3)
    assert full_years(born, datetime(2026, 3, 2, 15, 59, tzinfo=UTC)) == 17
    assert full_years(born, datetime(2026, 3, 2, 16, 0, tzinfo=UTC)) == 18


def test_who_was_born_on_a_leap_day_waits_for_march():
    born = date(2008, 2, 29)
    assert full_years(born, datetime(2026, 2, 28, 12, tzinfo=LEGAL_TIME)) == 17
    assert full_years(born, datetime(2026, 3, 1, 0, tzinfo=LEGAL_TIME)) == 18


@pytest.mark.parametrize("born", [date(2026, 3, 3), date(1890, 1, 1)])
def test_an_impossible_birth_date_is_refused(born):
    with pytest.raises(BadBirthDate):
        full_years(born, NOON)


@pytest.mark.parametrize(
    ("born", "declares", "found"),
    [
        (None, False, Age.UNKNOWN),
        (None, True, Age.ADULT),
        (date(2000, 1, 1), False, Age.ADULT),
        (date(2009, 1, 1), True, Age.MINOR),
    ],
)
def test_a_birth_date_beats_a_declaration(born, declares, found):
    assert age_class(18, NOON, birth_date=born, declares_adult=declares) is found


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaa", "x" * 129])
def test_a_weak_password_is_refused(password):
    with pytest.raises(WeakPassword):
        passwords.fit(password)


async def test_passwords_are_hashed_by_argon2id_with_the_named_cost():
    stored = await passwords.hashed(passwords.fit("pässword 1"))
    cost = extract_parameters(stored)
    assert (cost.type, cost.memory_cost, cost.time_cost, cost.parallelism) == (Type.ID, 65_536, 3, 1)
    assert extract_parameters(passwords.DUMMY) == cost
    assert await passwords.right(stored, "pa\u0308ssword 1")  # the same word, spelt otherwise
    assert not await passwords.right(stored, "password 1")
    assert not await passwords.right("not a hash", "password 1")


@given(st.uuids())
def test_a_token_names_its_owner_and_is_kept_as_a_hash(owner):
    token = tokens.new(owner)
    again = tokens.read(token.text)
    assert again is not None
    assert (again.owner, again.hash) == (owner, token.hash)
    assert token.text not in repr(token)


@given(st.text(max_size=80))
def test_any_text_is_a_token_or_none(text):
    token = tokens.read(text)
    assert token is None or isinstance(token.owner, UUID)


def test_every_letter_has_words_in_both_languages():
    for kind in messages.LetterKind:
        assert kind in messages.PURPOSES
        for language in ("en", "zh"):
            assert (kind, language) in messages._TEXTS
            assert messages.text(kind, language, {"code": "123456", "said": "about your request"})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_code_stands_by_itself(language):
    assert "123456" in messages.text(messages.LetterKind.CODE, language, {"code": "123456"}).split()
