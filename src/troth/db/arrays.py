"""Many ids as one parameter: the text of an array, which psycopg would take longer to write from a list."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def uuids(ids: Iterable[UUID]) -> str:
    """Return ids as a statement takes them for a ``uuid[]``."""
    return f"{{{','.join([each.hex for each in ids])}}}"
