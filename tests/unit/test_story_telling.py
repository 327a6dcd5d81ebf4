"""A line of the story holds only when it was seen to hold."""

from troth.prove.story.telling import Seen, Telling


async def test_a_line_that_raises_did_not_hold_and_the_story_goes_on():
    lines = []
    telling = Telling(lines.append)

    async def fails():
        raise RuntimeError("no database")

    async def works():
        return Seen("well", held=True, clause="c")

    assert not await telling.tell("a", "x", fails)
    assert await telling.tell("b", "y", works)
    assert [line.held for line in lines] == [False, True]
    assert "no database" in lines[0].seen
    assert not telling.held


async def test_no_story_does_not_hold():
    assert not Telling(lambda _: None).held


async def test_a_line_is_the_documented_object():
    lines = []

    async def works():
        return Seen("well", held=True, clause="c")

    await Telling(lines.append).tell("a", "x", works)
    shape = lines[0].as_json()
    assert set(shape) == {"step", "expected", "seen", "held", "clause", "ms"}
    assert shape["held"] is True
