"""What the vault refuses, one class per thing that the caller can do about it. Never a value in a message."""

from __future__ import annotations

from troth.terms import TrothError


class NotCovered(TrothError):
    """the permit does not cover this: ask the gate again, for this verb, function and item"""


class NotHeld(TrothError):
    """nothing is held of this item for this function: see what is on file"""


class Erased(TrothError):
    """this subject was erased, or never existed: nothing is opened or stored"""


class Unsealable(TrothError):
    """a sealed value does not open with this key under this label: its row was moved, edited or cut short"""


class NotStorable(TrothError):
    """the value is not made of text, numbers, booleans, lists and maps: convert it first"""


class WrongForm(TrothError):
    """the value does not have the form of its item"""


class NotKept(TrothError):
    """the policy says that this is used and not kept: leave it out of what is stored"""


class Claimed(TrothError):
    """another subject holds this value of a field that must be unique: sign in, or use another"""


class KeyDestroyed(TrothError):
    """the key of this epoch was destroyed: what it alone could open stays closed"""


class KeyringUnfit(TrothError):
    """the keyring cannot be used: restore it from its own backup"""


class PlanLapsed(TrothError):
    """the farewell plan's key is gone: tell the recipients by hand, then acknowledge for each"""


class LinkSpent(TrothError):
    """this link was used, has lapsed or never existed: ask the privacy desk for the certificate"""


class CertificateBroken(TrothError):
    """the certificate was not signed by this key, or was changed after it was signed"""
