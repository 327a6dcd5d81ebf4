"""Many values as one parameter: the text of an array, which psycopg takes longer to write from a list."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

_ESCAPED = str.maketrans({'"': '\\"', "\\": "\\\\"})


def uuids(ids: Iterable[UUID]) -> str:
    """Return ids as a statement takes them for a ``uuid[]``."""
    return f"{{{','.join([each.hex for each in ids])}}}"


def texts(values: Iterable[str]) -> str:
    """Return texts as a statement takes them for a ``text[]``."""
    return f"{{{','.join([_quoted(each) for each in values])}}}"


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'
