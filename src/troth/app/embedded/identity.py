"""As whom PostgreSQL runs: it refuses to be root, and needs a user that has a name.

Decides only between ways that leave everybody else's files and accounts as they are: ourselves; a user
namespace in which we look like ``nobody``; an existing unprivileged account that is handed nothing but
the data directory we made. See docs/decisions/0002-embedded-services.md.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from typing import TYPE_CHECKING

from troth.app.supervisor import on_leash
from troth.terms import TrothError

if TYPE_CHECKING:
    from pathlib import Path

SAME = "same"
NAMESPACE = "namespace"
_ACCOUNTS = ("nobody", "postgres")


class NoIdentity(TrothError):
    """no user to run postgresql as"""


async def identity_for(program: Path, data: Path) -> str:
    """Return the identity (see `leash`) under which ``program`` may own ``data``, proven by running it."""
    uid = os.geteuid()
    if uid != 0 and _named(uid):
        return SAME
    for one in _candidates(uid, data):
        if await _works(program, one, data.parent):
            return one
    raise NoIdentity(_sentence(uid, data))


def account(identity: str) -> tuple[int, int] | None:
    """Return the (uid, gid) that a directory must be handed to for ``identity``; None: it stays ours."""
    kind, _, rest = identity.partition(":")
    if kind != "account":
        return None
    uid, gid = rest.split(":")
    return int(uid), int(gid)


def _candidates(uid: int, data: Path) -> list[str]:
    found = [NAMESPACE, *_accounts()] if uid == 0 else [NAMESPACE]
    if not data.exists():
        return found
    owner = data.stat().st_uid  # whoever made it has to open it again
    return [one for one in found if _owner(one) == owner]


def _accounts() -> list[str]:
    found: list[str] = []
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        found.append(f"account:{entry.pw_uid}:{entry.pw_gid}")
    return found


def _named(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _owner(identity: str) -> int:
    ids = account(identity)
    return os.geteuid() if ids is None else ids[0]


async def _works(program: Path, identity: str, reach: Path) -> bool:
    process = await on_leash(
        [str(program), "--version"],
        environment={},
        output=asyncio.subprocess.DEVNULL,
        identity=identity,
        reach=reach if account(identity) is None else None,
    )
    return await process.wait() == 0


def _sentence(uid: int, data: Path) -> str:
    if data.exists() and data.stat().st_uid not in (0, uid):
        return f"{data} belongs to uid {data.stat().st_uid}: start as that user, or name another directory"
    if uid == 0:
        return (
            "postgresql refuses to run as root, and this system allows neither a user namespace nor a change "
            "to the account 'nobody': start as another user, or name a server of your own with TROTH_DSN_FILE"
        )
    return (
        f"uid {uid} has no name on this system and postgresql needs one: start as a user from /etc/passwd, "
        "or name a server of your own with TROTH_DSN_FILE"
    )
