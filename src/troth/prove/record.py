"""What a sabotage came to so far, one line for each part that is done, so that it can go on where it was.

A line counts for the text of the policy and the code of Troth that it was made with, and for nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from troth.prove.sabotage import Blow
from troth.terms import ClauseId

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from troth.policy.compiled import Compiled

_Key = tuple[str, str]


class Record:
    """Parts that are done, by policy; kept in ``file`` if there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._done: dict[_Key, Sequence[Blow]] = {}
        if file is not None and file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                said: Mapping[str, Any] = json.loads(line)
                if said["code"] == code():
                    blows = [Blow(**each | {"clause": ClauseId(each["clause"])}) for each in said["blows"]]
                    self._done[said["policy"], said["part"]] = blows

    def has(self, compiled: Compiled, part: str) -> bool:
        """Return whether a part is done."""
        return (_name(compiled), part) in self._done

    def of(self, compiled: Compiled, part: str) -> Sequence[Blow]:
        """Return what a part came to; nothing, where it is not done."""
        return self._done.get((_name(compiled), part), ())

    def add(self, compiled: Compiled, part: str, blows: Sequence[Blow]) -> None:
        """Note that a part is done."""
        self._done[_name(compiled), part] = blows
        if self._file is not None:
            line = {
                "policy": _name(compiled),
                "part": part,
                "code": code(),
                "blows": [asdict(b) for b in blows],
            }
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


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
