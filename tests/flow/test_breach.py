"""An incident on a real database: whom it concerns, what goes out, what must be there before it closes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from tests.fakes.people import PHONE, POLICY, People
from tests.flow.test_subjects_accounts import quick_hashes
from troth.app.working_days import working_days
from troth.breach.incidents import Incidents, NotAffected, NotToBeClosed, PartsMissing
from troth.breach.moves import NoSuchTurn, State
from troth.subjects import matters
from troth.subjects.rounds import Rounds
from troth.subjects.senders import Channel, NotCarried
from troth.terms import PolicyName
from troth.vault import Unsealable

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
KAICONN = PolicyName("kaiconn")
ANOTHER = "+8613900000002"
STAFF = uuid4()
PARTS = ("situation_and_impact", "measures", "self_protection_advice", "remedies")


class Office(People):
    def __init__(self, database, folder, policy=POLICY):
        super().__init__(database, folder, policy)
        self.incidents = Incidents(self.parts, Rounds(self.parts, self.accounts.outbox), working_days())

    async def do(self, name, *args, **kwargs):
        async with self.tx() as tx:
            return await getattr(self.incidents, name)(tx, *args, **kwargs)

    async def declare(self, **changed):
        return await self.do("declare", STAFF, self.policy, **({"known": self.clock.now()} | changed))

    async def written(self, matter):
        for language in self.compiled.policy.languages:
            for part in PARTS:
                await self.do("write", matter, part, language, f"{part} in {language}")

    async def rest(self):
        for _ in range(12):
            moved = await self.incidents.advance(self.db)
            ended = await self.accounts.outbox.deliver(self.db, self.sender)
            if not moved and not any(ended.values()):
                return

    async def announced(self, policy=None):
        async with self.tx() as tx:
            return await matters.announced(tx, self.clock.now(), policy)

    async def steps(self):
        async with self.tx() as tx:
            rows = await tx.conn.execute(
                "SELECT convert_from(body, 'UTF8')::jsonb -> 'details' ->> 'step' FROM ledger_entry "
                "WHERE kind = 'breach' ORDER BY at, entry"
            )
            return [row[0] for row in await rows.fetchall()]


async def test_everybody_concerned_gets_exactly_the_parts_of_the_clause(database, tmp_path):
    async with Office(database, tmp_path) as office:
        await office.member()
        office.sender.carried.clear()
        made = await office.declare(items=["phone_number"])
        assert "register" in made.matter.functions
        with pytest.raises(PartsMissing):
            await office.do("tell", made.matter.matter, STAFF)
        assert not [one async for one in _letters(office)]
        await office.written(made.matter.matter)
        assert (await office.do("tell", made.matter.matter, STAFF)).stands is State.TELLING
        await office.rest()
        carried = office.sender.carried
        assert [(one.channel, one.to) for one in carried] == [(Channel.PHONE, PHONE)]
        positions = [carried[0].text.index(f"{part} in en") for part in PARTS]
        assert positions == sorted(positions)
        seen = await office.do("see", made.matter.matter)
        assert (seen.stands, dict(seen.told)) == (State.TOLD, {"carried": 1})


async def _letters(office):
    for one in office.sender.carried:
        yield one


async def test_one_who_cannot_be_told_keeps_nobody_else_from_it(database, tmp_path, monkeypatch):
    async with Office(database, tmp_path) as office:
        broken = await office.member()
        await office.member(phone=ANOTHER)
        office.sender.carried.clear()
        made = await office.declare(items=["phone_number"])
        await office.written(made.matter.matter)
        await office.do("tell", made.matter.matter, STAFF)
        ways = Rounds._ways

        async def planted(self, tx, telling, subject):
            if subject == broken:
                raise Unsealable
            return await ways(self, tx, telling, subject)

        monkeypatch.setattr(Rounds, "_ways", planted)
        with pytest.raises(Unsealable):
            await office.rest()  # said, once nothing else is left to do
        await office.accounts.outbox.deliver(office.db, office.sender)
        assert [one.to for one in office.sender.carried] == [ANOTHER]
        assert (await office.do("see", made.matter.matter)).stands is State.TELLING
        monkeypatch.setattr(Rounds, "_ways", ways)
        await office.rest()
        assert [one.to for one in office.sender.carried] == [ANOTHER, PHONE]
        assert (await office.do("see", made.matter.matter)).stands is State.TOLD


async def test_the_email_comes_first_and_the_telephone_when_it_fails(database, tmp_path):
    async with Office(database, tmp_path) as office:
        await office.member(email="owner@example.org")
        made = await office.declare()
        await office.written(made.matter.matter)
        await office.do("tell", made.matter.matter, STAFF)
        tried = []

        class OnlyCalls:
            async def send(self, channel, to, text):
                tried.append(channel)
                if channel is Channel.EMAIL:
                    raise NotCarried

        for _ in range(12):
            await office.incidents.advance(office.db)
            await office.accounts.outbox.deliver(office.db, OnlyCalls())
            office.clock.pass_(minutes=3)
        assert tried[0] is Channel.EMAIL
        assert tried[-1] is Channel.PHONE
        assert (await office.do("see", made.matter.matter)).stands is State.TOLD
        assert [each.matter for each in await office.announced()] in ([], [made.matter.matter])


async def test_who_cannot_be_reached_is_told_by_an_announcement(database, tmp_path):
    async with Office(database, tmp_path) as office:
        await office.member()
        made = await office.declare(functions=["register"])
        await office.written(made.matter.matter)
        await office.do("tell", made.matter.matter, STAFF)

        class Nobody:
            async def send(self, channel, to, text):
                raise NotCarried

        for _ in range(8):
            await office.incidents.advance(office.db)
            await office.accounts.outbox.deliver(office.db, Nobody())
            office.clock.pass_(minutes=3)
        for concerned in (None, made.matter.policy):
            assert [each.matter for each in await office.announced(concerned)] == [made.matter.matter]
        assert await office.announced("another-policy") == ()
        assert dict((await office.do("see", made.matter.matter)).told) == {"unreached": 1}
        assert (await office.do("see", made.matter.matter)).stands is State.TOLD


async def test_it_closes_only_with_containment_report_and_everybody_told(database, tmp_path):
    async with Office(database, tmp_path, KAICONN) as office:
        made = await office.declare()
        matter = made.matter.matter
        assert {each.step for each in made.steps} == {"plan", "report", "regulator"}
        assert all(each.at == office.clock.now() + timedelta(hours=4) for each in made.steps)
        with pytest.raises(NoSuchTurn):
            await office.do("close", matter, STAFF)
        await office.written(matter)
        await office.do("tell", matter, STAFF)
        await office.rest()
        with pytest.raises(NotToBeClosed, match="plan, regulator"):
            await office.do("close", matter, STAFF)
        await office.do("contain", matter, STAFF, uuid4())
        with pytest.raises(NotToBeClosed, match="regulator"):
            await office.do("close", matter, STAFF)
        await office.do("report", matter, STAFF, uuid4())
        assert (await office.do("close", matter, STAFF)).stands is State.CLOSED
        done = await office.steps()
        assert sorted(set(done) - {"announce"}) == ["close", "contain", "declare", "finish", "report", "tell"]


async def test_what_is_late_shows(database, tmp_path):
    async with Office(database, tmp_path, KAICONN) as office:
        made = await office.declare()
        office.clock.pass_(hours=4)
        async with office.tx() as tx:
            late = await matters.late(tx, office.clock.now())
        assert {(each.matter, each.step) for each in late} == {
            (made.matter.matter, step) for step in ("plan", "report", "regulator")
        }


async def test_only_those_named_or_those_who_hold_something_are_concerned(database, tmp_path):
    async with Office(database, tmp_path) as office:
        one = await office.member()
        await office.member(phone="+8613800138002")
        named = await office.declare(subjects=[one])
        nobody = await office.declare(functions=["customer_flow"])
        everybody = await office.declare(functions=["register"])
        await office.rest()
        counts = [
            sum((await office.do("see", m.matter.matter)).told.values()) for m in (named, nobody, everybody)
        ]
        assert counts == [1, 0, 2]
        with pytest.raises(NotAffected):
            await office.declare(functions=["teleport"])


async def test_a_worker_that_dies_between_steps_writes_nobody_twice(database, tmp_path):
    async with Office(database, tmp_path) as office:
        for n in range(3):
            await office.member(phone=f"+861380013800{n}")
        office.sender.carried.clear()
        made = await office.declare(functions=["register"])
        await office.written(made.matter.matter)
        await office.do("tell", made.matter.matter, STAFF)
        real, left = office.accounts.outbox.write, [2]

        async def dying(*args, **kwargs):
            if not left[0]:
                raise psycopg.OperationalError
            left[0] -= 1
            return await real(*args, **kwargs)

        office.incidents._rounds._outbox.write = dying
        await office.incidents.advance(office.db)
        with pytest.raises(psycopg.OperationalError):
            await office.incidents.advance(office.db)
        office.incidents._rounds._outbox.write = real
        await office.rest()
        assert len(office.sender.carried) == 3
        assert len({each.to for each in office.sender.carried}) == 3
        assert (await office.do("see", made.matter.matter)).stands is State.TOLD


async def test_the_ledger_and_the_rows_hold_nothing_about_a_person(database, tmp_path):
    async with Office(database, tmp_path) as office:
        await office.member()
        made = await office.declare(functions=["register"])
        await office.written(made.matter.matter)
        await office.do("tell", made.matter.matter, STAFF)
        await office.rest()
        with psycopg.connect(database.owner) as conn:
            bodies = conn.execute("SELECT convert_from(body, 'UTF8') FROM ledger_entry").fetchall()
            told = conn.execute("SELECT count(*) FROM ledger_entry WHERE kind = 'told'").fetchone()
        assert told == (1,)
        assert not [body for (body,) in bodies if PHONE[3:] in body]
