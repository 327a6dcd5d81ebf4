"""One spelling per phone number and per e-mail address, so that one person has one index entry.

Decides whether something can be a number or an address; asks no network, so not whether it exists.
"""

from __future__ import annotations

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from troth.subjects.names import EMAIL, PHONE
from troth.terms import ItemName, TrothError

HOME_REGION = "CN"
"""A number written without a country code is read as one of this region."""
_LONGEST = 254


class BadPhone(TrothError):
    """this is not a phone number: write it with its country code, as +86 138..."""


class BadEmail(TrothError):
    """this is not an e-mail address: write it as name@example.org"""


def phone_number(text: str) -> str:
    """Return the number in E.164; raises `BadPhone`."""
    try:
        number = phonenumbers.parse(text[:_LONGEST], HOME_REGION)
    except phonenumbers.NumberParseException:
        raise BadPhone from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise BadPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_address(text: str) -> str:
    """Return the address in one spelling; raises `BadEmail`.

    The local part is lower-cased too: two accounts that differ only in case would be one person's mistake.
    """
    try:
        checked = validate_email(
            text[: _LONGEST + 1].strip(), check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        raise BadEmail from None
    return checked.normalized.lower()


def login(text: str) -> tuple[ItemName, str]:
    """Return which kind of login this is and its one spelling; raises `BadPhone` or `BadEmail`."""
    if "@" in text:
        return EMAIL, email_address(text)
    return PHONE, phone_number(text)
