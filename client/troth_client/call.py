"""One call of the API as a value: what is sent, and how the answer is read. No network here."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

Answer = TypeVar("Answer")
Content = bytes | Iterable[bytes] | AsyncIterable[bytes]
Kind = Literal["json", "text", "bytes", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Call(Generic[Answer]):
    """A call that a `Client` or an `AsyncClient` can send; it answers an ``Answer``.

    What is None in ``query``, ``headers`` and ``body`` is left out.
    """

    method: str = field(kw_only=False)
    path: str = field(kw_only=False)
    kind: Kind = field(kw_only=False)
    query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    headers: Mapping[str, str | float | None] = field(default_factory=dict[str, str | float | None])
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    content: tuple[Content, str] | None = field(default=None, repr=False)


def into(path: str, **parts: str) -> str:
    """Return ``path`` with its parts filled in; a slash in a part stays in that part."""
    return path.format(**{name: quote(str(part), safe="") for name, part in parts.items()})
