"""Accounts, credentials, verification codes, sessions, choices, letters to people, staff.

Never sees a stored value without a permit: phone number, e-mail and password hash are vault documents
like any other, and an account is found only by a keyed tag.
"""
