"""Every step of the story rests on its enforcement: taken out, the step no longer holds; left in, it does.

The control (nothing taken out) is the story itself. Each run is a whole system of its own, so `make test`
takes out a sample; ``TROTH_SABOTAGE=all`` (`make sabotage`) takes out each point.
"""

import os

import pytest

from troth.main.demo import PARTS, Wishes, told
from troth.prove.points import POINTS, UnknownPoint, by_name

SAMPLE = {"acceptance", "code", "once", "choice", "sealing"}
ALL = os.environ.pop("TROTH_SABOTAGE", "") == "all"  # no setting: a system's processes would refuse it
TOLD = [p for p in POINTS if p.step]
TAKEN_OUT = [p for p in TOLD if p.name in SAMPLE or ALL]
PART_OF = dict.fromkeys("bc", "opening") | dict.fromkeys("def", "business") | dict.fromkeys("ghi", "shop")


async def lines(tmp_path, *, until="ending", without=()):
    parts = tuple(PARTS)[: tuple(PARTS).index(until) + 1]
    wishes = Wishes(data=tmp_path / "story", without=without, parts=parts)
    async with told(wishes, lambda _line: None, lambda _what: None) as (telling, _stage, _system):
        return telling.lines


async def test_the_story_holds_with_everything_in_place(scratch):
    missed = [(line.step, line.expected, line.seen) for line in await lines(scratch) if not line.held]
    assert missed == []


@pytest.mark.parametrize("point", TAKEN_OUT, ids=lambda point: point.name)
async def test_without_its_enforcement_the_step_does_not_hold(scratch, point):
    until = PART_OF.get(point.step, "ending")
    told_so = await lines(scratch, until=until, without=(point.name,))
    assert point.step in {line.step for line in told_so if not line.held}
    assert {line.step for line in told_so if line.held} >= {"a"}


def test_every_step_from_b_to_l_rests_on_a_point():
    assert {point.step for point in TOLD} == set("bcdefghijkl")


def test_an_unknown_point_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownPoint, match="sealing"):
        by_name("seeling")
