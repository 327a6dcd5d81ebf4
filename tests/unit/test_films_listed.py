"""Films as they are listed: by the local day on which they were made, the newest first, some days at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from troth.app.films import DAYS, roll
from troth.terms import ItemName, RecordId, SubjectId
from troth.vault.media import Held, Opened

CAMERA = UUID(int=7)
LATE = datetime(2026, 3, 2, 17, 30, tzinfo=UTC)  # half past one on the third, in Shanghai


def opened(number: int, **told: object) -> Opened:
    record = RecordId(UUID(int=number))
    held = Held(
        record=record, function="shop/cloud", item=ItemName("cloud_video"), day=date(2026, 3, 9), size=5
    )
    return Opened(held, told, SubjectId(UUID(int=1)), b"", b"", None)  # pyright: ignore[reportArgumentType]


def test_a_film_says_when_it_was_made_how_long_it_is_and_by_which_camera() -> None:
    (film,) = roll(
        [opened(1, at=LATE.isoformat(), seconds=62, device=str(CAMERA), type="video/mp4")], None
    ).films
    assert (film.day, film.made, film.seconds, film.device) == (date(2026, 3, 3), LATE, 62.0, CAMERA)
    assert (film.function, film.kind) == ("cloud", "video/mp4")
    (unsaid,) = roll([opened(2)], None).films
    assert (unsaid.day, unsaid.made, unsaid.seconds, unsaid.device) == (date(2026, 3, 9), None, None, None)


def test_days_are_listed_some_at_once_and_none_is_lost_or_told_twice() -> None:
    made = [
        opened(n, at=(LATE + timedelta(days=n // 2, hours=n % 2)).isoformat()) for n in range(DAYS * 4 + 1)
    ]
    seen: list[int] = []
    before = None
    while True:
        page = roll(made, before)
        assert len({film.day for film in page.films}) <= DAYS
        assert all(before is None or film.day < before for film in page.films)
        seen += [film.record.int for film in page.films]
        if page.before is None:
            break
        before = page.before
    assert seen == sorted(seen, reverse=True) == list(reversed(range(DAYS * 4 + 1)))
