"""What the system is doing: its parts, the ledger's head, a week's decisions by function and by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from troth.edges.web.charts import Part, bar
from troth.edges.web.desk.place import DeskRoute, place

if TYPE_CHECKING:
    from troth.app.views import Busy

router = APIRouter(prefix="/desk/system", include_in_schema=False, route_class=DeskRoute)
_ALLOWED = "allow"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a chart."""

    name: str
    title: Mapping[str, str]
    under: str
    allowed: int
    refused: int
    bar: Markup


@router.get("")
async def system(request: Request) -> Response:
    """Show it."""
    at = place(request)
    seen = await at.troth.overview(at.token)
    lines = seen.head.splitlines()
    return at.page(
        "system",
        await at.staff(),
        seen=seen,
        entries=int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0,
        functions=_by_function(seen.busy, seen.titles),
        reasons=_by_reason(seen.busy),
    )


def _by_function(busy: Iterable[Busy], titles: Mapping[tuple[str, str], Mapping[str, str]]) -> Sequence[Row]:
    sums: dict[tuple[str, str], Counter[bool]] = {}
    for each in busy:
        sums.setdefault((each.policy, each.function), Counter())[each.outcome == _ALLOWED] += each.n
    most = max((both.total() for both in sums.values()), default=0)
    rows = [
        Row(function, titles.get((policy, function), {}), policy, both[True], both[False],
            bar([Part(both[True], "yes"), Part(both[False], "no")], most))
        for (policy, function), both in sums.items()
    ]  # fmt: skip
    return sorted(rows, key=lambda row: -(row.allowed + row.refused))[:_SHOWN]


def _by_reason(busy: Iterable[Busy]) -> Sequence[Row]:
    sums: Counter[str] = Counter()
    for each in busy:
        if each.outcome != _ALLOWED:
            sums[each.reason] += each.n
    most = max(sums.values(), default=0)
    return [Row(name, {}, "", 0, n, bar([Part(n, "no")], most)) for name, n in sums.most_common(_SHOWN)]
