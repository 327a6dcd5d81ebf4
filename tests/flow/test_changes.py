"""A next version on a real database: who is told, who is asked, what stays readable, whose version binds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.people import PHONE, POLICY, People
from tests.flow.test_records import NEEDED
from tests.flow.test_subjects_accounts import quick_hashes
from troth.changes.moves import State
from troth.changes.versions import Changes
from troth.gate import Gate, accepted_version
from troth.policy.clauses import RightClause
from troth.policy.compile import compile_policy
from troth.policy.statements import ChangeClause
from troth.policy.text import notice
from troth.policy.words import Language
from troth.subjects import matters
from troth.subjects.choices import Shown
from troth.subjects.matters import Kind
from troth.subjects.rounds import Rounds
from troth.subjects.senders import Channel
from troth.terms import ActKind, PolicyName

__all__ = ["quick_hashes"]
pytestmark = pytest.mark.usefixtures("quick_hashes")
KAICONN = PolicyName("kaiconn")
AHEAD = timedelta(days=30)


class Publisher(People):
    """People under version 1, and a version 2 that takes effect in a month."""

    def __init__(self, database, folder, change, policy=POLICY):
        super().__init__(database, folder, policy)
        first = self.compiled.policy
        self.effective = (self.clock.now() + AHEAD).date()
        clauses = tuple(change(first.clauses))
        second = compile_policy(
            replace(first, version=2, effective=self.effective, clauses=clauses, digest="2" * 64)
        )
        self.versions = {1: self.compiled}
        self.parts = replace(self.parts, gate=Gate({policy: self.versions}, self.aside, self.clock))
        for each in (self.accounts, self.choices, self.accounts.outbox):
            each._parts = self.parts
        self.second = second
        self.changes = Changes(self.parts, Rounds(self.parts, self.accounts.outbox), [policy])

    async def publish(self):
        self.versions[2] = self.second
        await self.rest()

    async def rest(self):
        for _ in range(12):
            moved = await self.changes.advance(self.db)
            ended = await self.accounts.outbox.deliver(self.db, self.sender)
            if not moved and not any(ended.values()):
                return

    async def matter(self):
        async with self.tx() as tx:
            (found,) = await matters.listed(tx, Kind.CHANGE)
            return found

    async def see(self, subject):
        async with self.tx() as tx:
            found = (await matters.of(tx, subject))[0]
            await self.changes.see(tx, subject, found.matter, Language.EN)
        async with self.tx() as tx:
            return (await matters.of(tx, subject))[0]

    async def readable(self, version):
        async with self.tx() as tx:
            return await self.changes.readable(tx, self.policy, version)

    async def letter(self, language="en"):
        async with self.tx() as tx:
            return await matters.said(tx, (await self.matter()).matter, language)


def without_a_right(clauses):
    rights = [each for each in clauses if isinstance(each, RightClause) and each.right == "correct"]
    return [each for each in clauses if each not in rights]


def no_archive(clauses):
    return [each for each in clauses if not (isinstance(each, ChangeClause) and each.name == "archive")]


async def test_a_version_that_takes_a_right_away_is_told_to_each_before_its_day(database, tmp_path):
    async with Publisher(database, tmp_path, without_a_right) as house:
        await house.member()
        house.sender.carried.clear()
        await house.publish()
        assert [each.channel for each in house.sender.carried] == [Channel.SMS]
        assert "It binds you only if you agree" in house.sender.carried[0].text
        found = await house.matter()
        assert (found.state, found.announced is not None) == (State.TOLD, True)
        house.clock.pass_(days=31)
        await house.rest()
        assert (await house.matter()).state == State.IN_FORCE


async def test_the_older_version_stays_theirs_until_they_agree(database, tmp_path):
    async with Publisher(database, tmp_path, without_a_right) as house:
        owner = await house.member()
        await house.publish()
        house.clock.pass_(days=31)
        await house.rest()
        standing = await house.standing(owner)
        assert accepted_version(standing, house.policy, house.clock.now()) == 1
        assert (await house.see(owner)).seen is not None
        standing = await house.standing(owner)
        assert accepted_version(standing, house.policy, house.clock.now()) == 1
        assert not [act for act in standing.acts if act.kind is ActKind.CONTINUED]
        text_hash = notice(house.second, "en").text_hash
        async with house.tx() as tx:
            await house.choices.accept(tx, owner, house.policy, 2, Shown("en", text_hash))
        assert accepted_version(await house.standing(owner), house.policy, house.clock.now()) == 2


async def test_newcomers_get_the_later_version_from_its_day_on(database, tmp_path):
    async with Publisher(database, tmp_path, without_a_right) as house:
        await house.publish()
        policies = house.parts.gate.policies
        assert policies.current(house.policy).policy.version == 1
        house.clock.pass_(days=31)
        assert policies.current(house.policy).policy.version == 2


async def test_an_older_version_stays_readable_as_archived_or_while_somebody_stands_under_it(
    database, tmp_path
):
    async with Publisher(database, tmp_path, without_a_right) as house:
        await house.publish()
        house.clock.pass_(days=31)
        assert (await house.readable(1)).policy.version == 1
        first = house.versions[1].policy
        bare = compile_policy(replace(first, clauses=tuple(no_archive(first.clauses))))
        house.versions[1] = house.compiled = bare
        assert await house.readable(1) is None
        del house.versions[2]
        owner = await house.member()
        house.versions[2] = house.second
        assert (await house.readable(1)) is bare
        assert owner
        assert await house.readable(3) is None


async def test_where_going_on_agrees_it_is_put_on_record_after_the_day_and_never_widens(database, tmp_path):
    def nothing_lessened(clauses):
        return [
            replace(each, value="new@example.org") if "/contacts/" in each.id else each for each in clauses
        ]

    async with Publisher(database, tmp_path, nothing_lessened, KAICONN) as house:
        account = await house.accounts.register(
            house.db,
            house.form(policy=KAICONN, items=NEEDED),
        )
        await house.verify(account.account, await house.code())
        await house.publish()
        assert "Going on after that day means agreeing" in await house.letter()
        assert (await house.see(account.account)).seen is None
        house.clock.pass_(days=31)
        await house.rest()
        assert (await house.see(account.account)).seen is not None
        acts = (await house.standing(account.account)).acts
        assert [act.version for act in acts if act.kind is ActKind.CONTINUED] == [2]
        assert accepted_version(await house.standing(account.account), KAICONN, house.clock.now()) == 1


async def test_cut_short_anywhere_it_goes_on_and_nobody_is_told_twice(database, tmp_path):
    async with Publisher(database, tmp_path, without_a_right) as house:
        for n in range(3):
            await house.member(phone=f"+861380013800{n}")
        house.sender.carried.clear()
        house.versions[2] = house.second
        real, left = house.accounts.outbox.write, [1]

        async def dying(*args, **kwargs):
            if not left[0]:
                raise ConnectionError
            left[0] -= 1
            return await real(*args, **kwargs)

        house.changes._rounds._outbox.write = dying

        async def until_it_dies():
            for _ in range(5):
                await house.changes.advance(house.db)

        with pytest.raises(ConnectionError):
            await until_it_dies()
        house.changes._rounds._outbox.write = real
        await house.rest()
        assert len({each.to for each in house.sender.carried}) == len(house.sender.carried) == 3


async def test_who_signs_up_after_it_was_published_is_told_as_well(database, tmp_path):
    async with Publisher(database, tmp_path, without_a_right) as house:
        await house.publish()
        late = await house.member()
        async with house.tx() as tx:
            assert not await matters.of(tx, late)
            await house.changes.greet(tx, late, house.policy)
            await house.changes.greet(tx, late, house.policy)
        house.sender.carried.clear()
        await house.rest()
        assert [each.to for each in house.sender.carried] == [PHONE]
        async with house.tx() as tx:
            assert [each.version for each in await matters.of(tx, late)] == [2]
