"""Which of our processes may sign in to the database as whom; decides what each is told, and nothing else.

Deny by default: a process is told the ways in of its own part, and variables for the others are withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.app.settings import dsn_variable
from troth.db.roles import WORKING, Role

if TYPE_CHECKING:
    from troth.app.settings import Settings


class Part(StrEnum):
    """A kind of process."""

    API = "api"
    WORKER = "worker"
    COMMAND = "command"
    OWNER = "owner"
    """Gone before anybody is served: it brings the schema up to date and makes room."""


ROLES: Mapping[Part, frozenset[Role]] = {
    # A person who cancels is refused everywhere before the API answers, so the API can erase.
    Part.API: frozenset({Role.APP, Role.ERASER}),
    Part.WORKER: WORKING,
    Part.COMMAND: WORKING,
    Part.OWNER: frozenset(Role),
}


def told(settings: Settings, environ: Mapping[str, str], part: Part) -> Mapping[str, str]:
    """Return the variables of ``environ`` that ``part`` may see, and its ways into the database."""
    withheld = tuple(dsn_variable(role) for role in Role if role not in ROLES[part])
    said = {k: v for k, v in environ.items() if k.startswith("TROTH_") and not k.startswith(withheld)}
    if settings.keyring_root is None:  # a scratch system has a keyring of its own
        said = {k: v for k, v in said.items() if not k.startswith("TROTH_KEYRING_ROOT")}
    if settings.media is None:
        said = {k: v for k, v in said.items() if not k.startswith("TROTH_MEDIA")}
    for role in sorted(ROLES[part]):
        name = dsn_variable(role)
        dsn = settings.dsn_of(role)
        if f"{name}_FILE" not in said and dsn is not None:
            said[name] = dsn
    return said
