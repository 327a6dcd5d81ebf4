"""Whether a restore into a folder was cut short. Asked at every start, so it knows nothing of restoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.app.backup.errors import NotEmpty

if TYPE_CHECKING:
    from pathlib import Path

MARK = "restoring.json"
"""Stands in the folder from a restore's beginning to its end."""


def refuse_unfinished(data: Path) -> None:
    """Raise `NotEmpty` when a restore into this folder was cut short: nobody is served from half of one."""
    if (data / MARK).exists():
        raise NotEmpty(f"a restore into {data} was cut short: run the same troth restore again, to its end")
