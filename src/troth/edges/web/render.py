"""Pages and parts of pages from templates: escaped, without third parties.

Scripts come from our own files alone; no page has one of its own, nor a style. Headers are set where all
answers get theirs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from troth.edges.web.rooms import has_shop
from troth.edges.web.visit import CSRF
from troth.functions.registry import PLUGINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from troth.edges.web.visit import Visit
    from troth.edges.web.words import Words

_ROOMS = {"has_shop": has_shop, "plugins": frozenset(PLUGINS)}
_SAID = {"hx-retarget": "#said", "hx-reswap": "innerHTML"}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("troth.edges.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def written(template: str, t: Words, values: Mapping[str, object]) -> str:
    """Return a piece of text from a template that belongs to no page, escaped as pages are."""
    return _environment().get_template(template).render({"t": t, **values})


def page(here: Visit, template: str, status: int = 200, **values: object) -> Response:
    """Render ``template`` for this visit; ``said`` is read out to whoever does not see it."""
    other = "en" if here.words.language == "zh" else "zh"
    whole = {"other_language": f"?lang={other}", "said": None} | values
    return _answer(here, template, status, {}, whole)


def part(here: Visit, template: str, said: str | None = None, **values: object) -> Response:
    """Render a part of a page for a script of ours, with what is to be said beside it."""
    return _answer(here, template, 200, {}, {"said": said, "part": True} | values)


def trouble(here: Visit, status: int, **values: object) -> Response:
    """Say what did not work: as a page, or where the page says such things."""
    if here.partial:
        return _answer(here, "parts/problem.html", status, _SAID, values)
    return page(here, "problem.html", status, **values)


def go(here: Visit, where: str) -> Response:
    """Send the browser on to ``where``, a path of ours, after a form."""
    if here.partial:
        response: Response = HTMLResponse("", 200, {"hx-redirect": where})
    else:
        response = RedirectResponse(where, 303)
    here.dress(response)
    return response


def _answer(
    here: Visit, template: str, status: int, more: dict[str, str], values: dict[str, object]
) -> Response:
    def csrf() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, here.csrf)

    html = _environment().get_template(template)
    known = _ROOMS | {"part": False, "t": here.words, "here": here, "csrf": csrf}
    text = html.render(known | values)
    response = HTMLResponse(text, status, more)
    here.dress(response)
    return response
