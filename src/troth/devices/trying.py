"""Binding may be tried five times a quarter of an hour, by one subject and for one serial number."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from troth.db import Database, Tx
from troth.devices.stock import serial_tag
from troth.subjects import tries
from troth.terms import SubjectId
from troth.vault import EpochKind, Keyring

LIMIT = tries.Limit(tries=5, window=timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Paid:
    """Tries that were paid for, by tag."""

    tags: tuple[bytes, bytes]


async def pay(db: Database, keyring: Keyring, subject: SubjectId, serial: str, at: datetime) -> Paid:
    """Pay for one try, in transactions of its own. Raises `TooManyTries`."""
    key = keyring.current(EpochKind.INDEX).key
    by_subject = hmac.new(key, b"troth bind by subject|" + subject.bytes, hashlib.sha256).digest()
    by_serial = hmac.new(key, b"troth bind by serial|" + serial_tag(keyring, serial), hashlib.sha256).digest()
    for tag in (by_subject, by_serial):
        await tries.spend(db, tag, LIMIT, at)
    return Paid((by_subject, by_serial))


async def hand_back(tx: Tx, paid: Paid) -> None:
    """Forget the tries: the code was right and the device is bound."""
    for tag in paid.tags:
        await tries.hand_back(tx, tag)
