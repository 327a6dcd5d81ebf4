"""Routes to documents under any policy: a person's own, and those that the maker's services work with."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from fastapi import APIRouter

from troth.app.doors.records import Claim, ServiceAsk
from troth.edges.api.answers import (
    DroppedShown,
    Given,
    HandedOut,
    Happened,
    HeldShown,
    HoldShown,
    OutdatedShown,
    RecordsShown,
    TakenIn,
    ValueShown,
)
from troth.edges.api.bodies import Giving, HandingOn, Happening, Serving, Stating, TakingIn, Using, Word
from troth.edges.api.caller import System, Token, Under
from troth.policy.words import Moment
from troth.subjects.services import NotItsEvent
from troth.terms import (
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    Purpose,
    RecordId,
    Reference,
    Region,
    SubjectId,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from troth.subjects.services import Opened
    from troth.terms import Dropped

router = APIRouter(prefix="/v1")


@router.get("/me/records", tags=["me"], summary="What is on file")
async def held(troth: System, token: Token, policy: Under) -> RecordsShown:
    """List the items on file for each function; values stay sealed."""
    found = await troth.held(token, policy)
    return RecordsShown(functions={function: tuple(sorted(items)) for function, items in found.items()})


@router.get("/me/outdated", tags=["me"], summary="What a restore lost")
async def outdated(troth: System, token: Token) -> list[OutdatedShown]:
    """List what you had corrected and a restore lost: give it again. Nothing uses the value before."""
    return [OutdatedShown.model_validate(asdict(one)) for one in await troth.outdated(token)]


@router.put("/me/functions/{function}/items", tags=["me"], summary="Give or correct items")
async def give(troth: System, token: Token, function: Word, body: Giving, policy: Under) -> Given:
    """Give items to a function that takes them, together where it needs them all; or correct them."""
    values = {ItemName(item): value for item, value in body.values.items()}
    kept = await troth.give(token, FunctionName(function), values, policy=policy)
    return Given(stored=tuple(sorted(kept.stored)))


@router.get("/me/functions/{function}/items/{item}", tags=["me"], summary="See one item")
async def show(troth: System, token: Token, function: Word, item: Word, policy: Under) -> ValueShown:
    """Open one document of one's own."""
    found = await troth.show(token, FunctionName(function), ItemName(item), policy=policy)
    return ValueShown(value=found)


@router.delete(
    "/me/functions/{function}/items/{item}", tags=["me"], status_code=204, summary="Take one item back"
)
async def take_back(troth: System, token: Token, function: Word, item: Word, policy: Under) -> None:
    """Let the function no longer hold the item; other functions keep their own hold on it."""
    await troth.take_back(token, FunctionName(function), ItemName(item), policy=policy)


@router.put(
    "/me/functions/{function}/needs/{need}", tags=["me"], status_code=204, summary="State that a need is met"
)
async def state(  # noqa: PLR0917 - what the path names
    troth: System, token: Token, function: Word, need: Word, body: Stating, policy: Under
) -> None:
    """Say that a need is met or no longer: a permission of the phone, a notice that was put up."""
    await troth.state_need(token, FunctionName(function), need, met=body.met, policy=policy)


@router.put(
    "/me/permissions/{permission}", tags=["me"], status_code=204, summary="Say what the phone was allowed"
)
async def permit(troth: System, token: Token, permission: Word, body: Stating, policy: Under) -> None:
    """Say that a permission of the phone was given or taken back; only those of the policy may be given."""
    await troth.permit(token, permission, given=body.met, policy=policy)


@router.post("/service/collect", tags=["service"], summary="Hand in what a service collected")
async def collect(troth: System, token: Token, body: TakingIn) -> TakenIn:
    """Store what the policy lets a service collect about one person for this purpose."""
    values = {ItemName(item): value for item, value in body.values.items()}
    taken = await troth.take_in(token, service_ask(body), values, another=body.another)
    return TakenIn(
        stored=tuple(sorted(taken.stored)),
        records={**taken.stored},
        dropped=_dropped(taken.dropped),
        because=tuple(sorted(taken.because)),
    )


@router.post("/service/happened", tags=["service"], summary="Say what happened to a record")
async def happened(troth: System, token: Token, body: Happening) -> Happened:
    """Note that an order was completed: from then on a law may want its record, whatever else goes."""
    try:
        event = Moment(body.event)
    except ValueError:
        raise NotItsEvent from None
    holds, entry = await troth.happened(token, service_ask(body, [body.item]), RecordId(body.record), event)
    return Happened(holds=tuple(HoldShown(clause=one.clause, until=one.until) for one in holds), entry=entry)


@router.post("/service/use", tags=["service"], summary="Use items of one person")
async def use(troth: System, token: Token, body: Using) -> HandedOut:
    """Open what the policy lets a service use for this purpose."""
    return await _handed(troth.hand_out(token, Verb.USE, service_ask(body, body.items)))


@router.post("/service/share", tags=["service"], summary="Hand items of one person to a recipient")
async def share(troth: System, token: Token, body: HandingOn) -> HandedOut:
    """Open what the policy lets this recipient have, and record that they have it."""
    return await _handed(troth.hand_out(token, Verb.SHARE, giving(body)))


@router.post("/service/disclose", tags=["service"], summary="Publish items of one person")
async def disclose(troth: System, token: Token, body: HandingOn) -> HandedOut:
    """Open what the policy lets be published, and record it."""
    return await _handed(troth.hand_out(token, Verb.DISCLOSE, giving(body)))


@router.post("/staff/share", tags=["staff"], summary="Hand items to a recipient, as the office")
async def share_by_staff(troth: System, token: Token, body: HandingOn) -> HandedOut:
    """Open what the policy lets staff hand on for this purpose or in this case, and record it."""
    return await _handed(troth.hand_out_by_staff(token, Verb.SHARE, giving(body)))


@router.post("/staff/disclose", tags=["staff"], summary="Publish items, as the office")
async def disclose_by_staff(troth: System, token: Token, body: HandingOn) -> HandedOut:
    """Open what the policy lets staff publish for this purpose or in this case, and record it."""
    return await _handed(troth.hand_out_by_staff(token, Verb.DISCLOSE, giving(body)))


def service_ask(
    body: Serving, items: Iterable[str] = (), recipient: str | None = None, region: str | None = None
) -> ServiceAsk:
    """Return what a service asks for, in terms."""
    return ServiceAsk(
        subject=SubjectId(body.subject),
        function=FunctionName(body.function),
        purpose=Purpose(body.purpose),
        reference=Reference(body.reference.ground, body.reference.document) if body.reference else None,
        recipient=recipient,
        region=Region(region) if region else None,
        policy=PolicyName(body.policy) if body.policy else None,
        items=frozenset(ItemName(item) for item in items),
    )


def giving(body: HandingOn) -> ServiceAsk:
    """Return what is to be handed on, in terms."""
    wanted = service_ask(body, body.items, body.recipient, body.region)
    claim = Claim(body.case.act, body.case.case, body.case.papers) if body.case else None
    return replace(wanted, claim=claim, device=DeviceId(body.device) if body.device else None)


async def _handed(opening: Awaitable[Opened]) -> HandedOut:
    opened = await opening
    return HandedOut(
        values={**opened.values},
        held=tuple(
            HeldShown(record=one.record, item=one.item, until=one.until, value=one.value)
            for one in opened.held
        ),
        dropped=_dropped(opened.dropped),
        because=tuple(sorted(opened.because)),
        entry=opened.entry,
    )


def _dropped(items: Iterable[Dropped]) -> tuple[DroppedShown, ...]:
    found = [DroppedShown(item=one.item, reason=one.reason.value, clause=one.clause) for one in items]
    return tuple(sorted(found, key=lambda one: (one.item, one.reason)))
