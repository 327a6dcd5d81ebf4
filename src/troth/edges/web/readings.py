"""What one function has of one day, reading by reading: see each, correct it, delete it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web import called, fields
from troth.edges.web.arrival import system
from troth.edges.web.collected import titles
from troth.edges.web.render import go, page, part
from troth.edges.web.visit import form, visit
from troth.policy.values import VALUES
from troth.terms import FunctionName, PolicyName
from troth.vault import NotHeld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.looks import Measured, Readings
    from troth.edges.web.visit import Visit

_DAY = "/collected/{policy}/{function}/{day}"
_ONE = _DAY + "/{reading}"
_DONE = {"saved": "done_saved", "deleted": "done_deleted", "gone": "reading_gone"}
router = APIRouter(prefix="/privacy", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one function, as the address names it."""

    policy: str
    function: str
    day: date

    @property
    def at(self) -> str:
        """Return its address."""
        return f"/privacy/collected/{self.policy}/{self.function}/{self.day}"

    @property
    def under(self) -> PolicyName:
        """Return the policy."""
        return PolicyName(self.policy)

    @property
    def of(self) -> FunctionName:
        """Return the function."""
        return FunctionName(self.function)


OnDay = Annotated[Day, Depends()]


@router.get(_DAY)
async def readings(request: Request, place: OnDay, item: str = "", done: str = "") -> Response:
    """Show them in the order in which they were measured; those of one item, if it is named."""
    here, troth = visit(request), system(request)
    me = await troth.me(here.session)
    found = _of(await troth.readings(here.session, place.under, place.of, place.day), item)
    name = titles(me, here.words).get(place.of, place.function)
    before = place.day + timedelta(days=1)
    values: dict[str, Any] = {"me": me, "found": found, "name": name, "before": before, "at": place.at}
    values |= {"names": called.by_id(me, here.words)}
    if here.partial:
        return part(here, "parts/readings.html", **values)
    said = here.words(_DONE[done]) if done in _DONE else None
    return page(here, "readings.html", said=said, **values)


@router.get(_ONE)
async def reading(request: Request, place: OnDay, reading: UUID) -> Response:
    """Show one of them as a form."""
    here = visit(request)
    return await _form(request, here, place, await _found(request, here, place, reading))


@router.post(_ONE)
async def correct(request: Request, place: OnDay, reading: UUID) -> Response:
    """Give it another value; when it was measured stays."""
    here = visit(request)
    said = await form(request, here)
    found = await _found(request, here, place, reading)
    value = fields.value(found.item, said, found.value)
    wrong = VALUES.misfit(found.item, value)
    if wrong is not None:
        return await _form(request, here, place, found, now=value, wrong=wrong.field)
    await system(request).correct_reading(here.session, place.of, reading, value, policy=place.under)
    return go(here, f"{place.at}?done=saved")


@router.post(_ONE + "/delete")
async def delete(request: Request, place: OnDay, reading: UUID) -> Response:
    """Delete it; a device that sends it again does not bring it back."""
    here = visit(request)
    await form(request, here)
    try:
        await system(request).delete_reading(here.session, place.of, reading, policy=place.under)
    except NotHeld:
        return go(here, f"{place.at}?done=gone")
    return go(here, f"{place.at}?done=deleted")


def _of(found: Readings, item: str) -> Readings:
    """Keep those of one item; how many there are of it is known where all of the day are shown."""
    if not item:
        return found
    shown = tuple(each for each in found.shown if each.item == item)
    return replace(found, shown=shown, times=len(shown) if found.times == len(found.shown) else found.times)


async def _found(request: Request, here: Visit, place: Day, reading: UUID) -> Measured:
    shown = (await system(request).readings(here.session, place.under, place.of, place.day)).shown
    found = next((each for each in shown if each.reading == reading), None)
    if found is None:
        raise HTTPException(404)
    return found


async def _form(
    request: Request,
    here: Visit,
    place: Day,
    found: Measured,
    *,
    now: Mapping[str, object] | None = None,
    wrong: str | None = None,
) -> Response:
    me = await system(request).me(here.session)
    return page(
        here,
        "reading.html",
        200 if wrong is None else 422,
        me=me,
        names=called.by_id(me, here.words),
        at=place.at,
        found=found,
        fields=fields.typed(found.item, found.value if now is None else now),
        wrong=wrong,
    )
