"""An ask as it was written on the command line, before anything is filled in; light, for a quick --help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from troth.terms import ActorKind, Basis, Role, Verb


class Who(StrEnum):
    """Whose standing it is, before what else they did."""

    NOBODY = "nobody"
    AGREED = "agreed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was written on the command line."""

    verb: Verb
    policy: str | None
    function: str | None
    items: tuple[str, ...]
    purpose: str | None
    actor: ActorKind | None
    role: Role
    device: str | None
    region: str | None
    at: str | None
    measured: str | None
    recipient: str | None
    basis: Basis | None
    reference: str | None
    who: Who
    standing: Path | None
    did: tuple[str, ...]
    file: Path | None
