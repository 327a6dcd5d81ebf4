"""The end of a function and of the service on a real database: told, refused, erased, resumable."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.fakes.people import PHONE
from tests.flow.rights_rig import Desk
from tests.flow.test_records import NEEDED
from tests.flow.test_subjects_accounts import quick_hashes
from troth.app.gone import Gone
from troth.app.working_days import working_days
from troth.cessation.ends import Ends, NoSuchFunction, TooSoon
from troth.cessation.moves import State
from troth.subjects import matters
from troth.subjects.matters import Kind
from troth.subjects.rounds import Rounds
from troth.terms import Denied, FunctionName, PolicyName, Reason

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
KAICONN = PolicyName("kaiconn")
STAFF = uuid4()


class Closing(Desk):
    def __init__(self, database, folder):
        super().__init__(database, folder, KAICONN)
        people = self.people
        gone = Gone(people.parts, self.cancellation)
        rounds = Rounds(people.parts, people.accounts.outbox)
        self.ends = Ends(people.parts, rounds, working_days(), gone.erase)

    async def member(self, phone=PHONE):
        people = self.people
        form = people.form(policy=KAICONN, phone=phone, items=NEEDED)
        account = (await people.accounts.register(people.db, form)).account
        await people.verify(account, await people.code())
        return account

    async def announce(self, *functions, after=timedelta(days=10)):
        async with self.people.tx() as tx:
            at = self.people.clock.now() + after
            names = [FunctionName(each) for each in functions]
            return await self.ends.announce(tx, STAFF, KAICONN, names, at)

    async def rest(self):
        for _ in range(12):
            moved = await self.ends.advance(self.people.db) + await self.ends.erase(self.people.db)
            ended = await self.people.accounts.outbox.deliver(self.people.db, self.people.sender)
            if not moved and not any(ended.values()):
                return

    async def matter(self):
        async with self.people.tx() as tx:
            (found,) = await matters.listed(tx, Kind.ENDING)
            return found


async def test_people_are_told_then_nothing_comes_in_then_everything_is_erased(database, tmp_path):
    async with Closing(database, tmp_path) as house:
        owner = await house.member()
        house.people.sender.carried.clear()
        await house.announce()
        await house.rest()
        assert [each.to for each in house.people.sender.carried] == [PHONE]
        found = await house.matter()
        assert (found.state, found.announced is not None) == (State.TOLD, True)
        await house.member(phone="+8613800138009")  # until its moment it goes on
        house.people.clock.pass_(days=10)
        with pytest.raises(Denied) as refused:
            await house.member(phone="+8613800138008")
        assert refused.value.decision.reason is Reason.UNKNOWN_FUNCTION
        assert refused.value.decision.because == {"kaiconn/cessation/stop"}
        await house.rest()
        assert (await house.matter()).state == State.ENDED
        assert await house.people.standing(owner) is not None
        house.people.clock.pass_(days=29)
        await house.rest()
        assert (await house.matter()).state == State.ERASED
        assert await house.people.standing(owner) is None


async def test_an_end_leaves_time_and_names_what_there_is(database, tmp_path):
    async with Closing(database, tmp_path) as house:
        with pytest.raises(TooSoon):
            await house.announce(after=timedelta(seconds=5))
        with pytest.raises(NoSuchFunction):
            await house.announce("teleport")


async def test_erasing_that_dies_half_way_goes_on_where_it_was(database, tmp_path):
    async with Closing(database, tmp_path) as house:
        people = [await house.member(phone=f"+861380013800{n}") for n in range(3)]
        await house.announce(after=timedelta(days=1))
        await house.rest()
        house.people.clock.pass_(days=31)
        real, left = house.ends._erase, [1]

        async def dying(*args):
            if not left[0]:
                raise psycopg.OperationalError
            left[0] -= 1
            await real(*args)

        house.ends._erase = dying
        await house.ends.advance(house.people.db)
        with pytest.raises(psycopg.OperationalError):
            await house.ends.erase(house.people.db)
        house.ends._erase = real
        await house.rest()
        assert [await house.people.standing(each) for each in people] == [None, None, None]
        assert (await house.matter()).state == State.ERASED
