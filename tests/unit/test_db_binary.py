"""A field as a binary COPY takes it is the field that psycopg would send."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.numeric import Int4, Int8

from troth.db import binary

SHANGHAI = timezone(timedelta(hours=8))
FIELDS = [
    (binary.number(-7), Int4(-7)),
    (binary.long(1 << 40), Int8(1 << 40)),
    (binary.truth(True), True),
    (binary.truth(False), False),
    (binary.text("一 word"), "一 word"),
    *(
        (binary.moment(at), at)
        for at in (
            datetime(2025, 5, 4, 9, 30, 1, 999_999, tzinfo=SHANGHAI),
            datetime(1999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        )
    ),
]


@pytest.mark.parametrize(("field", "value"), FIELDS)
def test_a_field_is_written_as_psycopg_writes_it(field, value):
    (sent,) = Transformer().dump_sequence([value], [PyFormat.BINARY])
    assert sent is not None
    assert field == binary.data(bytes(sent))


def test_nothing_is_no_empty_text():
    assert binary.text(None) == binary.NULL != binary.text("")
