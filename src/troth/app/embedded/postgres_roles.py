"""How each role gets into the embedded PostgreSQL: a password of its own, in a file of its own.

Decides what a role needs to sign in: the socket directory and its file (0600, in libpq's passfile form). So
a connection string holds no secret, and a process that is given one role's file has not got the others'.
Whoever can read all files of this user is stopped by no password: for that, run the parts as users of their
own on a server of your own (docs/howto/database.md).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from troth.app.places import own_directory, own_file
from troth.db.roles import PATIENCE, Role

_BYTES = 32
_ITERATIONS = 4096


def passfile(folder: Path, role: Role) -> Path:
    """Return where the password of ``role`` lies."""
    return folder / f"{role.value}.pgpass"


def passwords(folder: Path) -> str:
    """Make the files that are missing in ``folder``; return a mark that changes with any of them."""
    own_directory(folder)
    mark = hashlib.sha256()
    for role in Role:
        path = passfile(folder, role)
        if not path.exists():
            own_file(path, anew(folder, role)[2])
        mark.update(path.read_bytes())
    return mark.hexdigest()


def anew(folder: Path, role: Role) -> tuple[Path, str, str]:
    """Return a new password of ``role``, between its file and the line that the file is to hold."""
    password = secrets.token_urlsafe(_BYTES)
    return passfile(folder, role), password, f"*:*:*:{role.value}:{password}\n"


def statements(folder: Path) -> Sequence[str]:
    """Return the SQL, one line each, that makes the server know every role by its password."""
    lines: list[str] = []
    for role in Role:
        password = passfile(folder, role).read_text(encoding="ascii").strip().rsplit(":", 1)[1]
        name = role.value
        if role is not Role.OWNER:
            lines.append(
                f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') "
                f"THEN CREATE ROLE {name} LOGIN NOINHERIT; END IF; END $$"
            )
        lines.append(f"ALTER ROLE {name} LOGIN PASSWORD '{verifier(password)}'")
        settings = PATIENCE[role].options()
        lines += [f"ALTER ROLE {name} SET {key} = '{value}'" for key, value in settings.items()]
    return lines


def verifier(password: str) -> str:
    """Return what the server keeps of ``password`` (RFC 5803): it can check it and not sign in with it."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = hashlib.sha256(client).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(one).decode("ascii") for one in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"
