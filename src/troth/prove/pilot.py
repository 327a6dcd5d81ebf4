"""A device that may send: by its answered message a trial knows that nothing came of another one before it.

A broker that refuses a topic says nothing to the device. To wait for an answer that never comes is slow, and
on a busy machine it proves little. Messages are taken in the order in which they came: once later ones of
another device were answered, an earlier one that was let in has been, too. Decides only when that is.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING
from uuid import uuid4

from troth.prove.case import Case, NotTried
from troth.prove.samples import sample
from troth.prove.simulator import Camera
from troth.prove.ways import free
from troth.terms import FunctionName, Reading

if TYPE_CHECKING:
    from collections.abc import Collection

    from troth.prove.simulator import Way
    from troth.prove.world import World
    from troth.terms import ItemName, PolicyName

_LATER = 2
"""The link takes two lots of messages at a time: what is answered second came after both."""


class Pilot:
    """The device of someone for whom a function runs; nobody looks at what it sends."""

    def __init__(self, world: World, way: Way, function: FunctionName, items: Collection[ItemName]) -> None:
        self._world = world
        self._way = way
        self._function = function
        self._items = items
        self._turn = asyncio.Lock()

    async def answered(self, within_s: float) -> bool:
        """Send now and return whether it was stored. Raises `TimeoutError`."""
        async with self._turn, Camera(self._way) as device:
            for _ in range(_LATER):
                now, number = self._world.levers.now(), self._world.number()
                readings = [Reading(uuid4(), item, now, sample(item, number)) for item in sorted(self._items)]
                batch = await device.send(self._function, readings)
                (heard,) = await device.acked([batch], within_s=within_s)
                if not heard.figures.get("stored"):
                    return False
        return True


class Pilots:
    """The pilots of a world, one for each policy; each is made when it is first needed."""

    def __init__(self, world: World) -> None:
        self._world = world
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
                self._made[key] = asyncio.create_task(self._make(case, function, items, within_s))
            pilot = await asyncio.shield(self._made[key])
            if pilot is not None and await pilot.answered(within_s):
                return True
        return False

    async def _make(
        self, case: Case, function: FunctionName, items: frozenset[ItemName], within_s: float
    ) -> Pilot | None:
        world, table = self._world, case.compiled.functions[function]
        try:
            who = await world.user(case, function)
            for item in sorted(items):
                if not free(table.items[item]):
                    (await world.choose(case, who, function, item)).require()
            if table.required - items:
                (await world.collect(case, who, function, table.required)).answer.require()
            pilot = Pilot(world, who.way or await world.bind(who), function, items)
            return pilot if await pilot.answered(within_s) else None
        except (NotTried, RuntimeError, TimeoutError):
            return None
