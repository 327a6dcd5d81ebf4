"""Films as they are listed: by the local day on which they were made, the newest first, some days at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from troth.app.films import DAYS, Roll, line, roll
from troth.terms import ItemName, RecordId, SubjectId
from troth.vault.media import Held, Opened

CAMERA = UUID(int=7)
LATE = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)  # half past one on the third, in Shanghai
CAME = date(2026, 3, 9)


def opened(number: int, came: date = CAME, **told: object) -> Opened:
    record = RecordId(UUID(int=number))
    held = Held(record=record, function="shop/cloud", item=ItemName("cloud_video"), day=came, size=5)
    return Opened(held, told, SubjectId(UUID(int=1)), b"", b"", None)  # pyright: ignore[reportArgumentType]


class Kept:
    """All films of somebody, and how many were looked at."""

    def __init__(self, films: Sequence[Opened]) -> None:
        self.films = films
        self.looked_at = 0

    async def told(self, since: date) -> AsyncGenerator[Opened]:
        for each in self.films:
            if each.held.day >= since:
                self.looked_at += 1
                yield each

    def page(self, before: date | None = None) -> Roll:
        came = sorted({each.held.day for each in self.films}, reverse=True)
        return asyncio.run(roll(came, self.told, before))


def test_a_film_says_when_it_was_made_how_long_it_is_and_by_which_camera() -> None:
    told = opened(1, at=LATE.isoformat(), seconds=62, device=str(CAMERA), type="video/mp4")
    (film,) = Kept([told]).page().films
    assert (film.day, film.made, film.seconds, film.device) == (date(2026, 3, 3), LATE, 62.0, CAMERA)
    assert (film.function, film.kind) == ("cloud", "video/mp4")
    (unsaid,) = Kept([opened(2)]).page().films
    assert (unsaid.day, unsaid.made, unsaid.seconds, unsaid.device) == (CAME, None, None, None)


def made(number: int, hours: int, late: int, *, said: bool) -> Opened:
    """Return a film made so many hours after LATE, that came so many hours later."""
    at = LATE + timedelta(hours=hours)
    came = (at + timedelta(hours=late)).date()
    return opened(number, came, at=at.isoformat()) if said else opened(number, came)


FILMS = st.lists(
    st.tuples(st.integers(0, 24 * 40), st.integers(0, 24 * 30) | st.just(0), st.booleans()), max_size=60
)


@given(FILMS)
def test_days_are_listed_some_at_once_and_none_is_lost_or_told_twice(
    films: list[tuple[int, int, bool]],
) -> None:
    kept = Kept([made(n, hours, late, said=said) for n, (hours, late, said) in enumerate(films)])
    days = sorted({line(each).day for each in kept.films}, reverse=True)
    seen: list[RecordId] = []
    before = None
    for start in range(0, max(1, len(days)), DAYS):
        page = kept.page(before)
        assert list(dict.fromkeys(film.day for film in page.films)) == days[start : start + DAYS]
        assert page.before == (days[start + DAYS - 1] if len(days) > start + DAYS else None)
        seen += [film.record for film in page.films]
        before = page.before
    assert len(seen) == len({*seen}) == len(films)


def test_the_newest_days_are_told_without_a_look_at_the_rest() -> None:
    kept = Kept([made(n, 8 * n, 1, said=True) for n in range(3 * 300)])
    assert len({film.day for film in kept.page().films}) == DAYS
    assert kept.looked_at <= 3 * (DAYS + 3)
