"""What a door makes of trouble behind it."""

import pytest
from psycopg import OperationalError

from troth.app.doors.base import Doors, Unavailable
from troth.terms import Denied, Deny, Reason


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
