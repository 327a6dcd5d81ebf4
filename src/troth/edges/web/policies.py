"""The policy as it is shown and hashed, what its versions changed, and what is announced to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from troth.edges.web.arrival import system
from troth.edges.web.render import go, page
from troth.edges.web.visit import NotOurForm, form, visit
from troth.gate import NoSuchPolicy
from troth.subjects.sessions import NotSignedIn
from troth.terms import Denied, PolicyName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troth.app.views import Me
    from troth.edges.web.visit import Visit
    from troth.policy.notice import Notice, Section

_FUNCTION = "function"
router = APIRouter(include_in_schema=False)


@router.get("/policy")
async def policy(request: Request, name: str = "", version: int = 0) -> Response:
    """Show a policy, the very text whose hash an acceptance names; without a name, the list, yours first."""
    here, troth = visit(request), system(request)
    lines, me = troth.policies(), await _me(request, here)
    agreed = _agreed(me)
    if not name and len(lines) > 1:
        return page(here, "policies.html", lines=lines, accepted=agreed)
    line = next((found for found in lines if found.name == name or not name), None)
    if line is None:
        raise HTTPException(404)
    notice = troth.notice(PolicyName(line.name), here.words.language)
    if version and version != notice.version:
        notice = await troth.version(PolicyName(line.name), version, here.words.language)
    accepted = agreed.get(notice.policy)
    accepts = accepted is not None and accepted != line.version == notice.version
    return page(
        here,
        "policy.html",
        lines=lines,
        notice=notice,
        current=line.version,
        accepts=accepts,
        accepted=accepted,
        parts=[("whole", notice.sections)] if accepts else _parts(notice, me),
    )


@router.get("/policy/{name}/versions")
async def versions(request: Request, name: str) -> Response:
    """List the versions that may be read."""
    here, troth = visit(request), system(request)
    try:
        found = await troth.versions(PolicyName(name))
    except NoSuchPolicy:
        raise HTTPException(404) from None
    title = troth.notice(PolicyName(name), here.words.language).title
    me = await _me(request, here)
    accepted = _agreed(me).get(PolicyName(name))
    return page(here, "versions.html", name=name, title=title, versions=found, accepted=accepted)


@router.get("/policy/{name}/changes/{version}")
async def changes(request: Request, name: str, version: int) -> Response:
    """Show what a version changed, clause by clause."""
    here, troth = visit(request), system(request)
    try:
        found = await troth.what_changed(PolicyName(name), version, here.words.language)
    except NoSuchPolicy:
        raise HTTPException(404) from None
    title = troth.notice(PolicyName(name), here.words.language).title
    return page(here, "changes.html", name=name, title=title, version=version, changes=found)


@router.post("/privacy/accept")
async def accept(request: Request) -> Response:
    """Accept the version in force: the very text that the form was under."""
    here, troth = visit(request), system(request)
    fields = await form(request, here)
    me = await troth.me(here.session)
    if fields.get("agreed") != "yes" or not fields.get("version", "").isdecimal():
        raise NotOurForm
    version, said = int(fields["version"]), fields.get("hash", "")
    name = PolicyName(fields.get("policy") or me.policy)
    if name not in me.accepted:  # one more policy is for the app to put before them
        raise NotOurForm
    await troth.accept(here.session, name, version, here.words.language, said)
    return go(here, "/privacy?done=accepted")


@router.get("/notices")
async def notices(request: Request) -> Response:
    """Show what is announced to everybody."""
    here = visit(request)
    return page(here, "notices.html", notices=await system(request).announcements(here.words.language))


async def _me(request: Request, here: Visit) -> Me | None:
    """Return who reads, if they are signed in: the policy is there for everybody."""
    if not here.session:
        return None
    try:
        return await system(request).me(here.session)
    except (NotSignedIn, Denied):
        return None


def _parts(notice: Notice, me: Me | None) -> Sequence[tuple[str, Sequence[Section]]]:
    """Return the sections in parts, what one uses first; a text to agree to stays whole and in its order."""
    used = {state.function for state in me.functions if state.on} if me and me.policy == notice.policy else ()
    parts: dict[str, list[Section]] = {"used": [], "functions": [], "rest": []}
    for section in notice.sections:
        named = (section.clause or "").rpartition("/")[2] if section.kind == _FUNCTION else None
        parts["rest" if named is None else "used" if named in used else "functions"].append(section)
    return [(part, sections) for part, sections in parts.items() if sections]


def _agreed(me: Me | None) -> Mapping[PolicyName, int]:
    """Return the versions of the policies that whoever reads agreed to."""
    return me.accepted if me else {}
