"""What every workflow of a person stands on, handed in by the wiring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from troth.subjects.ends import Ends
from troth.subjects.origins import Origins
from troth.terms import Clock, Region

if TYPE_CHECKING:
    from troth.db import Database
    from troth.gate import Gate
    from troth.ledger.signing import Signer
    from troth.vault import Keyring, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """``aside`` is for what must outlive the caller's rollback: tries that count.

    It must be a pool of its own. Taken from the pool of the callers' transactions, a rush of sign-ins would
    wait for connections that only those sign-ins can give back.
    """

    aside: Database
    gate: Gate
    vault: Vault
    keyring: Keyring
    signer: Signer
    clock: Clock
    region: Region
    ends: Ends
    origins: Origins = field(default_factory=Origins)
