"""A device that may send: by its answered message a trial knows that nothing came of another one before it.

A broker that refuses a topic says nothing to the device. To wait for an answer that never comes is slow, and
on a busy machine it proves little. Messages are taken in the order in which they came: once later ones of
another device were answered, an earlier one that was let in has been, too. Decides only when that is.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from troth.prove.case import Case, NotTried
from troth.prove.simulator import Camera
from troth.terms import FunctionName, ItemName

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troth.prove.simulator import Way
    from troth.terms import PolicyName, Reading

_LATER = 2
"""The link takes two lots of messages at a time: what is answered second came after both."""


class Pilot:
    """The device of someone for whom a function runs; nobody looks at what it sends."""

    def __init__(self, way: Way, function: FunctionName, readings: Callable[[], Iterable[Reading]]) -> None:
        self._way = way
        self._function = function
        self._readings = readings
        self._turn = asyncio.Lock()

    async def answered(self, within_s: float) -> bool:
        """Send now and return whether it was stored. Raises `TimeoutError`."""
        async with self._turn, Camera(self._way) as device:
            for _ in range(_LATER):
                batch = await device.send(self._function, self._readings())
                (heard,) = await device.acked([batch], within_s=within_s)
                if not heard.figures.get("stored"):
                    return False
        return True


Make = Callable[[Case, FunctionName, frozenset[ItemName]], Awaitable[Pilot]]


class Pilots:
    """The pilots of a world, one for each policy and function; ``make`` is asked when one is first needed."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._known: defaultdict[PolicyName, dict[FunctionName, frozenset[ItemName]]] = defaultdict(dict)
        self._made: dict[tuple[PolicyName, FunctionName], asyncio.Task[Pilot | None]] = {}

    def works(self, case: Case, function: FunctionName, items: frozenset[ItemName]) -> None:
        """Note that such items of a function were stored that came from a device."""
        self._known[case.policy][function] = items

    async def answered(self, case: Case, within_s: float) -> bool:
        """Return whether a later message was answered; False: this policy has nobody who could send one.

        Raises `TimeoutError`.
        """
        for function, items in tuple(self._known[case.policy].items()):
            key = case.policy, function
            if key not in self._made:
                self._made[key] = asyncio.create_task(self._tried(case, function, items, within_s))
            pilot = await asyncio.shield(self._made[key])
            if pilot is not None and await pilot.answered(within_s):
                return True
        return False

    async def _tried(
        self, case: Case, function: FunctionName, items: frozenset[ItemName], within_s: float
    ) -> Pilot | None:
        try:
            pilot = await self._make(case, function, items)
            return pilot if await pilot.answered(within_s) else None
        except (NotTried, RuntimeError, TimeoutError):
            return None
