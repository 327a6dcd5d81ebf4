"""Many pieces of work of which one that fails holds up no other. Decides nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolTimeout

One = TypeVar("One")
_AWAY = (OperationalError, InterfaceError, PoolTimeout)


async def for_each(
    found: Iterable[One], work: Callable[[One], Awaitable[int]], *, stops: tuple[type[Exception], ...] = _AWAY
) -> int:
    """Do ``work`` for each of ``found``; return how much was done. One that fails holds up no other.

    Raises what was wrong with the last that failed where nothing was done, and at once what ``stops`` all of
    them: a database that is away.
    """
    done, failed = 0, None
    for one in found:
        try:
            done += await work(one)
        except stops:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to wait for it
            failed = error
    if failed is not None and not done:
        raise failed
    return done
