"""Named queries: SQL lives in `queries.sql` beside the package that owns the tables.

A block starts with ``-- :name`` and a comment line that says what it answers. Values travel as parameters;
this loader is the only place that turns file text into a `LiteralString`.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, LiteralString, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


_NAME = re.compile(r"^-- :(?P<name>[a-z_]+)\s*$", re.MULTILINE)


def queries(package: str) -> Mapping[str, LiteralString]:
    """Return the named queries of ``package`` (a dotted name whose folder has a ``queries.sql``).

    Raises `ValueError` when a name stands twice or the file has none.
    """
    text = files(package).joinpath("queries.sql").read_text(encoding="utf-8")
    marks = list(_NAME.finditer(text))
    if not marks:
        raise ValueError(f"{package}/queries.sql: no '-- :name' line")
    found: dict[str, LiteralString] = {}
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        name = mark["name"]
        if name in found:
            raise ValueError(f"{package}/queries.sql: {name} stands twice")
        body = text[mark.end() : following.start() if following else len(text)]
        found[name] = cast("LiteralString", body.strip())
    return found
