"""What a door makes of trouble behind it."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from psycopg import OperationalError

from troth.app.doors.base import Doors, Unavailable
from troth.app.doors.chores import ChoreDoors
from troth.db import for_each
from troth.terms import Denied, Deny, Reason
from troth.vault.errors import PlanLapsed
from troth.vault.stages import Stage


async def behind(trouble, cause=None):
    async with Doors(None)._answering():
        raise trouble from cause


async def test_a_lost_database_is_a_pause_and_no_denial_also_when_the_gate_met_it():
    with pytest.raises(Unavailable):
        await behind(OperationalError("server closed the connection"))
    with pytest.raises(Unavailable) as told:
        await behind(Denied(Deny(Reason.ERROR, frozenset())), OperationalError("planted"))
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


async def test_a_verdict_stays_a_denial_and_so_does_any_other_error_of_the_gate():
    with pytest.raises(Denied):
        await behind(Denied(Deny(Reason.WITHDRAWN, frozenset())))
    with pytest.raises(Denied):
        await behind(Denied(Deny(Reason.ERROR, frozenset())), ValueError("planted"))


async def test_a_lost_database_is_not_asked_for_the_next():
    tried = []

    async def work(n):
        tried.append(n)
        raise Unavailable

    with pytest.raises(Unavailable):
        await for_each([1, 2], work, stops=(Unavailable,))
    assert tried == [1]


class Erasures:
    """One whose plan's key is gone, before one that moves on until it is swept."""

    def __init__(self):
        self.stages = {"stuck": Stage.SWEPT, "moves": Stage.UNRECOVERABLE}

    async def due(self, _tx):
        return tuple(self.stages)

    async def look(self, _tx, erasure):
        return SimpleNamespace(stage=self.stages[erasure])

    async def advance(self, _tx, erasure):
        if erasure == "stuck":
            raise PlanLapsed
        self.stages[erasure] = Stage.SWEPT
        return Stage.SWEPT


async def test_an_erasure_that_somebody_has_to_look_at_holds_up_no_other():
    async def add(_refused):
        pass

    system = SimpleNamespace(
        erasure=Erasures(), eraser=SimpleNamespace(transaction=nullcontext), tally=SimpleNamespace(add=add)
    )
    doors = ChoreDoors(system)
    assert await doors.erase() == 1
    with pytest.raises(PlanLapsed):  # said as long as nothing else is left to do
        await doors.erase()
