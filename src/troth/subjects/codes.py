"""Six-digit codes that prove a person holds the number or address they gave.

Kept as a keyed tag for ten minutes and five tries. A try is counted in a transaction of its own, so that a
wrong one stays counted when its caller rolls back.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.db import Database, Tx
from troth.subjects.sql import QUERIES
from troth.subjects.tags import Tagged, tag
from troth.terms import SubjectId, TrothError

if TYPE_CHECKING:
    from troth.vault.keyring import Keyring

LASTS = timedelta(minutes=10)
TRIES = 5
DIGITS = 6


class CodePurpose(StrEnum):
    """What a code is good for. Closed: a code for one is nothing for another."""

    VERIFY = "verify"
    SIGN_IN = "sign_in"


class WrongCode(TrothError):
    """the code is wrong, used, expired or tried too often: ask for a new one"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A code as someone typed it, for whom and for what."""

    subject: SubjectId
    purpose: CodePurpose
    code: str = field(repr=False)


async def issue(tx: Tx, keyring: Keyring, subject: SubjectId, purpose: CodePurpose, now: datetime) -> str:
    """Make a code, which replaces an earlier one for the same purpose; it is returned this once."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    await tx.run(
        QUERIES["issue_code"],
        {
            "subject": subject,
            "purpose": purpose.value,
            "hash": tag(keyring, Tagged.CODE, str(subject), purpose.value, code),
            "expires": now + LASTS,
        },
    )
    return code


async def redeem(aside: Database, tx: Tx, keyring: Keyring, *, used: Offered, now: datetime) -> None:
    """Use up the code; raises `WrongCode`. It must have been issued in a transaction that has committed."""
    params: dict[str, object] = {"subject": used.subject, "purpose": used.purpose.value}
    async with aside.transaction() as own:
        kept = await own.value(QUERIES["try_code"], params | {"now": now, "limit": TRIES})
    offered = tag(keyring, Tagged.CODE, str(used.subject), used.purpose.value, used.code.strip())
    if kept is None or not hmac.compare_digest(bytes(kept), offered):
        raise WrongCode
    if await tx.run(QUERIES["use_code"], params | {"hash": bytes(kept)}) != 1:
        raise WrongCode
