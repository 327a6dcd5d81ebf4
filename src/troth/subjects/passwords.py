"""Password hashes: argon2id, in a thread, with named parameters. Decides what is too weak; stores nothing.

The hash is a vault document like any other value; there is no credential table.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from troth.terms import TrothError

SHORTEST = 8
LONGEST = 128
# RFC 9106, section 4, second recommended option, with one lane: servers have more sign-ins than cores.
HASHER = PasswordHasher(
    time_cost=3, memory_cost=64 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
DUMMY = "$argon2id$v=19$m=65536,t=3,p=1$NtAV5kRxyG1/DoOcFEBxdA$Xpmw7mK+jJgBEHTz/cyoZzlrlNwuJcXraXLaIjZ2MmE"
"""Verified when there is no account, so that "unknown" takes as long as "wrong".

The hash of a random password that was thrown away; written down, because every process would make one.
"""
_HASHING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""Each hash takes 64 MiB: two at a time bound what sign-ins can cost a process."""


class WeakPassword(TrothError):
    """the password must have 8 to 128 characters and may not be one character repeated"""


def fit(password: str) -> str:
    """Return the password in one Unicode spelling; raises `WeakPassword`."""
    spelt = unicodedata.normalize("NFKC", password)
    if not SHORTEST <= len(spelt) <= LONGEST or len(set(spelt)) == 1 or not _is_text(spelt):
        raise WeakPassword
    return spelt


async def hashed(password: str) -> str:
    """Return the hash of a fit password."""
    return await asyncio.get_running_loop().run_in_executor(_HASHING, HASHER.hash, password)


async def right(stored: str, password: str) -> bool:
    """Tell whether ``password`` (in any spelling) is the one that was hashed."""
    spelt = unicodedata.normalize("NFKC", password[:LONGEST])
    return await asyncio.get_running_loop().run_in_executor(_HASHING, _verify, stored, spelt)


def _is_text(password: str) -> bool:
    return not any(unicodedata.category(character) == "Cs" for character in password)


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
