"""How often a process looks for objects that only hold each other: seldom, and not among what it began with.

Python counts references; its collector of cycles is for the rest, and by default looks after every 700 new
objects. A batch of readings is tens of thousands that are gone with it, beside policies that stay as long as
the process: a fifth of the work of taking readings in was looking at both. Decides nothing else.
"""

from __future__ import annotations

import gc

_NEW, _YOUNG, _MIDDLE = 50_000, 20, 20
"""After so many new objects, so many of these looks, so many of those: the collector's three ages."""


def settle() -> None:
    """Look once more, take all that is there as lasting, and look seldom from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, _YOUNG, _MIDDLE)
