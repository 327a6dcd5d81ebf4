"""Who PostgreSQL knows us as: one role for each kind of work, and how long each waits for an answer.

What a role may touch is in `grants.py`. Decides nothing about passwords: whoever runs the server does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Role(StrEnum):
    """A role by its name on the server. Only the first owns anything."""

    OWNER = "troth_owner"
    APP = "troth_app"
    INGEST = "troth_ingest"
    ERASER = "troth_eraser"
    KEEPER = "troth_keeper"
    SEQUENCER = "troth_sequencer"


MEANING: Mapping[Role, str] = {
    Role.OWNER: "migrates the schema and makes partitions; no worker and no door ever has it",
    Role.APP: "the doors of people and staff",
    Role.INGEST: "what devices send: adds blocks that it cannot read again",
    Role.ERASER: "cancellation and erasure: all that the doors may do, and the only one that deletes acts",
    Role.KEEPER: "turns the epochs: the only one that changes a wrapped key or a tag",
    Role.SEQUENCER: "numbers the ledger: the only one that writes leaves, nodes and heads",
}
WORKING = frozenset(Role) - {Role.OWNER}
"""The roles that a running system has; the owner is for migrations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a session waits: for one statement, for a lock, and for its own process between statements."""

    statement_s: float = 30
    lock_s: float = 10
    idle_s: float = 60

    def options(self) -> Mapping[str, str]:
        """Return the server's settings for it."""
        return {
            "statement_timeout": f"{int(self.statement_s * 1000)}",
            "lock_timeout": f"{int(self.lock_s * 1000)}",
            "idle_in_transaction_session_timeout": f"{int(self.idle_s * 1000)}",
        }


PATIENCE: Mapping[Role, Patience] = {
    Role.OWNER: Patience(statement_s=600, lock_s=10, idle_s=600),
    Role.APP: Patience(),
    Role.INGEST: Patience(statement_s=15),
    Role.ERASER: Patience(),
    Role.KEEPER: Patience(statement_s=120),
    Role.SEQUENCER: Patience(),
}


def patience_of(dsn: str) -> Patience:
    """Return how long sessions with ``dsn`` wait: as their role does, or as the app for another name."""
    user = conninfo_to_dict(dsn).get("user")
    return next((PATIENCE[role] for role in Role if role == user), PATIENCE[Role.APP])


def as_role(dsn: str, role: Role) -> str:
    """Return ``dsn`` for another role: the same server and TLS, without the password that is not its own."""
    parts = {name: value for name, value in conninfo_to_dict(dsn).items() if name != "password"}
    return make_conninfo("", **(parts | {"user": role.value}))


def holds_password(dsn: str) -> bool:
    """Return whether ``dsn`` has a password in it, so that it speaks for one role only."""
    return "password" in conninfo_to_dict(dsn)
