"""What survives a power cut: for the few files that lie outside the database. Writes nothing itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def settle(path: Path) -> None:
    """Return once the bytes of a file, or the names in a folder, will survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
