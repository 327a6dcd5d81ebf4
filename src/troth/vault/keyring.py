"""The keys that lie outside the database, and what holds them must be able to do.

Four series: `kek` wraps the data keys, `index` keys the look-up tags of subjects, `stock` those of devices in
stock, and the one-off keys of farewell plans. Keys are read when they are needed and not kept, so that a
destroyed one is gone for every process at once. `keyring_folder` holds them in files; a KMS would stand here
with its ciphertexts of the epoch keys, and open them by asking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class EpochKind(StrEnum):
    """Which series of epochs. `STOCK` tags what is not yet anyone's: nothing turns it."""

    KEK = "kek"
    INDEX = "index"
    STOCK = "stock"


TURNED = (EpochKind.KEK, EpochKind.INDEX)
"""The series that a rotation ends, since everything under them can be moved to the next epoch."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch's key."""

    number: int
    key: bytes = field(repr=False)


class Keyring(Protocol):
    """What the vault demands of whatever holds the keys; `tests/unit/test_vault_keyring.py` is its contract.

    Processes share one keyring: what one adds or destroys, all see at their next call.
    """

    def epochs(self, kind: EpochKind) -> tuple[int, ...]:
        """Return the numbers of the epochs that still have a key, oldest first."""
        ...

    def current(self, kind: EpochKind) -> Epoch:
        """Return the newest epoch. Raises `KeyringUnfit` when there is none."""
        ...

    def key(self, kind: EpochKind, epoch: int) -> bytes:
        """Return the key of ``epoch``; raise `KeyDestroyed` when it is gone, `KeyringUnfit` when damaged."""
        ...

    def rotate(self, kind: EpochKind) -> int:
        """Add the next epoch and return its number. The caller keeps writers out meanwhile (`rotation`)."""
        ...

    def destroy(self, kind: EpochKind, epoch: int) -> None:
        """Destroy the key of a past epoch. Destroying it twice is no error; the newest is refused."""
        ...

    def add_farewell(self, erasure: UUID) -> bytes:
        """Return the one-off key of an erasure's farewell plan, made when it does not exist."""
        ...

    def farewell(self, erasure: UUID) -> bytes:
        """Return that key; raise `KeyDestroyed` when it is gone."""
        ...

    def destroy_farewell(self, erasure: UUID) -> None:
        """Destroy that key. Destroying it twice is no error."""
        ...

    def farewells(self) -> Iterator[UUID]:
        """Yield the erasures whose farewell key exists."""
        ...
