"""What a proof came to so far, one line for each part that is done, so that it can go on where it was.

A line counts for the text of the policy and the code of Troth that it was made with, and for nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from troth.prove.proof import Outcome, settled
from troth.prove.sabotage import Blow

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from troth.policy.compiled import Compiled

PROOF = "proof"
"""The part in which nothing was taken away."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is done: the trials of the proof itself, or what became of trials under sabotage."""

    policy: str
    part: str
    code: str
    outcomes: tuple[Outcome, ...] = ()
    blows: tuple[Blow, ...] = ()


class Record:
    """Parts that are done, by policy; kept in ``file`` if there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._done: dict[tuple[str, str], Part] = {}
        if file is not None and file.exists():
            for line in file.read_bytes().splitlines():
                part = msgspec.json.decode(line, type=Part)
                if part.code == code():
                    self._done[part.policy, part.part] = part

    def proof(self, compiled: Compiled) -> Sequence[Outcome] | None:
        """Return the trials of a policy as it stands; None, where they are still to be made."""
        part = self._done.get((_name(compiled), PROOF))
        return None if part is None else part.outcomes

    def tried(self, compiled: Compiled, outcomes: Sequence[Outcome]) -> None:
        """Note the trials of a policy as it stands, unless another try may come to something else."""
        if all(map(settled, outcomes)):
            self._add(Part(_name(compiled), PROOF, code(), outcomes=tuple(outcomes)))

    def has(self, compiled: Compiled, part: str) -> bool:
        """Return whether a part is done."""
        return (_name(compiled), part) in self._done

    def of(self, compiled: Compiled, part: str) -> Sequence[Blow]:
        """Return what a part came to; nothing, where it is not done."""
        found = self._done.get((_name(compiled), part))
        return () if found is None else found.blows

    def add(self, compiled: Compiled, part: str, blows: Sequence[Blow]) -> None:
        """Note that a part is done."""
        self._add(Part(_name(compiled), part, code(), blows=tuple(blows)))

    def _add(self, part: Part) -> None:
        self._done[part.policy, part.part] = part
        if self._file is not None:
            with self._file.open("ab") as file:
                file.write(msgspec.json.encode(part) + b"\n")


@cache
def code() -> str:
    """Return a hash of the code that a proof is made with: every file of the package."""
    whole = hashlib.sha256()
    for name, text in sorted(_files(files("troth"), "")):
        whole.update(name.encode() + b"\0" + text + b"\0")
    return whole.hexdigest()


def _files(folder: Traversable, under: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        name = f"{under}/{each.name}"
        if each.is_dir() and each.name != "__pycache__":
            found += _files(each, name)
        elif each.name.endswith((".py", ".sql", ".yaml")):
            found.append((name, each.read_bytes()))
    return found


def _name(compiled: Compiled) -> str:
    return f"{compiled.policy.name} {compiled.policy.digest}"
