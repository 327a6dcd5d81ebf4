"""The roll of spare keys: copies of the epochs' keys that were laid apart for restores.

A file outside the database, so that no restore forgets a copy. One is on it before it is made, and leaves it
after it was destroyed: the roll may name one that is no more, never miss one. Makes and destroys nothing.
Copies that somebody made of a copy are not known to it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from troth.terms import TrothError
from troth.vault import lines
from troth.vault.keyring import TURNED, EpochKind, Keyring

_LAID, _GONE = "+", "-"
_PARTS = 5
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


class UnfitName(TrothError):
    """the name of a spare keyring is made of letters, digits, dots and dashes"""


@dataclass(frozen=True, slots=True)
class Spare:
    """A copy of the keyring. ``oldest``: the first epoch of each series that it holds."""

    name: str
    oldest: Mapping[EpochKind, int]
    at: datetime


class Spares:
    """``<data>/spares.log``: a line when a copy is laid apart, and one when it is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lay(self, name: str, keyring: Keyring, at: datetime) -> None:
        """Put on the roll that ``keyring`` is about to be copied as it is now. Raises `UnfitName`."""
        self._add(_LAID, Spare(name, {kind: keyring.epochs(kind)[0] for kind in TURNED}, at))

    def gone(self, name: str, at: datetime) -> bool:
        """Put on the roll that this copy was destroyed; return whether it was still on it."""
        found = next((one for one in self.left() if one.name == name), None)
        if found is None:
            return False
        self._add(_GONE, Spare(name, found.oldest, at))
        return True

    def left(self) -> tuple[Spare, ...]:
        """Return the copies that were laid apart and are not known to be gone, in order."""
        return together((self,))

    def take_over(self, known: Iterable[Spare]) -> None:
        """Put on the roll what other rolls say is left. Done again, it is the same."""
        here = {one.name for _, one in self.said()}
        for one in known:
            if one.name not in here:
                self._add(_LAID, one)

    def said(self) -> Iterator[tuple[bool, Spare]]:
        """Yield every line: whether a copy was laid apart (or is gone), and which."""
        for sign, name, kek, index, at in lines.read(self._path, _PARTS):
            with contextlib.suppress(ValueError):  # a line that a crash tore
                oldest = {EpochKind.KEK: int(kek), EpochKind.INDEX: int(index)}
                yield sign == _LAID, Spare(name, oldest, datetime.fromisoformat(at))

    def oldest(self, kind: EpochKind) -> int | None:
        """Return the first epoch of a series that some copy still holds; None when there is no copy."""
        return min((one.oldest[kind] for one in self.left()), default=None)

    def _add(self, sign: str, one: Spare) -> None:
        if not _NAME.fullmatch(one.name):
            raise UnfitName
        kek, index = one.oldest[EpochKind.KEK], one.oldest[EpochKind.INDEX]
        lines.append(self._path, f"{sign} {one.name} {kek} {index} {one.at.astimezone(UTC).isoformat()}")


def together(rolls: Iterable[Spares]) -> tuple[Spare, ...]:
    """Return what is left by several rolls of one system: laid by any of them, and gone by none.

    A name is given once, so a copy that one roll knows to be gone is gone.
    """
    said = [line for roll in rolls for line in roll.said()]
    gone = {one.name for laid, one in said if not laid}
    return tuple({one.name: one for laid, one in said if laid and one.name not in gone}.values())
