"""An errand: a process of ours that does one thing for a system and is gone.

Who keeps a system up stays as long as it does and is to be small; what needs most of Troth for a moment (the
schema, room for what grows) is done elsewhere. Decides nothing: `process` knows the errands.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from troth.app.supervisor import on_leash
from troth.terms import TrothError


class Failed(TrothError):
    """an errand was not done"""


class Errand:
    """One errand under way: it gets ready, and begins when `done` is asked for."""

    def __init__(self, process: Process, name: str) -> None:
        self._process = process
        self._name = name

    async def done(self) -> str:
        """Let it begin, wait, and return what it said. Raises `Failed` with its sentence."""
        out, _ = await self._process.communicate(b"\n")
        said = out.decode("utf-8", "replace").strip()
        if self._process.returncode != 0:
            unforeseen = "Traceback (most recent call last)" in said
            raise Failed((said.splitlines()[-1] if unforeseen else said) or f"{self._name}: {Failed.__doc__}")
        return said


INVITED = "invited: "


def invited(said: str) -> str | None:
    """Return the setup code of the first administrator, where one was made."""
    return next((line.removeprefix(INVITED) for line in said.splitlines() if line.startswith(INVITED)), None)


@asynccontextmanager
async def errand(*words: str, environment: Mapping[str, str]) -> AsyncGenerator[Errand]:
    """Send for what ``words`` name, told ``environment`` and no more; whoever leaves early calls it off."""
    argv = (sys.executable, "-m", "troth.main.process", *words)
    process = await on_leash(argv, environment=environment, output=PIPE, told=PIPE)
    try:
        yield Errand(process, words[0])
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.shield(process.wait())
