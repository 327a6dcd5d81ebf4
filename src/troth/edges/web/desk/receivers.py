"""Who else has something: the register with its papers, what was handed on, and who owes a deletion.

A receiver and its papers are noted here as well. Whether that is enough, the policy's cases say each time.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from troth.edges.web.desk.place import DeskRoute, number, paper, place
from troth.terms import ItemName, PolicyName

router = APIRouter(prefix="/desk/receivers", include_in_schema=False, route_class=DeskRoute)


@router.get("")
async def receivers(request: Request, paper: str = "") -> Response:
    """Show it all; people by opaque id."""
    at = place(request)
    register = await at.troth.receivers(at.token)
    forms = {name: await at.troth.register_form(at.token, name) for name in {one.policy for one in register}}
    return at.page(
        "receivers",
        await at.staff(),
        register=register,
        papers={name: form.papers for name, form in forms.items()},
        policies=at.troth.policies(),
        noted=str(number(paper)) if paper else "",
        handed=await at.troth.handed_on(at.token),
        told=await at.troth.told_to_delete(at.token),
    )


@router.get("/new")
async def blank(request: Request, policy: str = "") -> Response:
    """Ask who it is, what for, and what they need for that: under one policy."""
    at = place(request)
    said = await at.troth.register_form(at.token, PolicyName(policy))
    return at.page("receiver", await at.staff(), form=said)


@router.post("")
async def register(request: Request) -> Response:
    """Put a receiver on the register, or say anew what it is there for."""
    at = place(request)
    fields, items = await at.ticked("item")
    whom = PolicyName(fields.get("policy", "")), fields.get("receiver", "").strip()
    kind, purpose = fields.get("kind", ""), fields.get("purpose", "").strip()
    await at.troth.register_receiver(at.token, whom, kind, purpose, [ItemName(item) for item in items])
    return at.go("/desk/receivers#register")


@router.post("/{policy}/{receiver}/paper")
async def file(request: Request, policy: str, receiver: str) -> Response:
    """Note a paper about a receiver, or that it is in force no more."""
    at = place(request)
    fields = await at.fields()
    whom, fact = (PolicyName(policy), receiver), fields.get("fact", "")
    if fields.get("over"):
        await at.troth.end_paper(at.token, whom, fact)
        return at.go("/desk/receivers#register")
    document = paper(fields.get("document", ""))
    await at.troth.file_paper(at.token, whom, fact, document)
    return at.go(f"/desk/receivers?paper={document}#register")


@router.post("/acknowledged")
async def acknowledged(request: Request) -> Response:
    """Note that somebody has deleted what they had."""
    at = place(request)
    fields = await at.fields()
    await at.troth.acknowledge(at.token, number(fields.get("erasure", "")), fields.get("recipient", ""))
    return at.go("/desk/receivers#told")


@router.post("/{policy}/{receiver}/end")
async def end(request: Request, policy: str, receiver: str) -> Response:
    """Let nothing go to a receiver any more."""
    at = place(request)
    await at.fields()
    await at.troth.end_receiver(at.token, (PolicyName(policy), receiver))
    return at.go("/desk/receivers")
