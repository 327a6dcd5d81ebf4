"""Pages and parts of pages from templates: escaped, without third parties.

Scripts come from our own files alone; no page has one of its own, nor a style. Headers are set where all
answers get theirs.
"""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from troth.edges.web import values
from troth.edges.web.rooms import has_shop
from troth.edges.web.visit import CSRF
from troth.edges.web.words import start
from troth.functions.registry import PLUGINS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from troth.edges.web.visit import Visit
    from troth.edges.web.words import Words

_ROOMS = {"has_shop": has_shop, "plugins": frozenset(PLUGINS)}
_SAYS = {
    "reads": values.told,
    "field_of": values.field,
    "word_of": values.word,
    "place_of": values.place,
    "need_of": values.need,
    "counted": values.counted,
}
_REFUSED = 400
_SAID = {"hx-retarget": "#said", "hx-reswap": "innerHTML"}


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("troth.edges.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["start"] = start
    return made


def _saying(t: Words) -> dict[str, object]:
    """Return what templates say values with."""
    return {name: partial(each, t) for name, each in _SAYS.items()}


def written(template: str, t: Words, more: Mapping[str, object]) -> str:
    """Return a piece of text from a template that belongs to no page, escaped as pages are."""
    return _environment().get_template(template).render({"t": t, **_saying(t), **more})


def page(here: Visit, template: str, status: int = 200, **more: object) -> Response:
    """Render ``template`` for this visit; ``said`` is read out to whoever does not see it."""
    other = here.in_other_language(refused=status >= _REFUSED)
    whole = {"other_language": other, "said": None} | more
    return _answer(here, template, status, {}, whole)


def part(here: Visit, template: str, said: str | None = None, **more: object) -> Response:
    """Render a part of a page for a script of ours, with what is to be said beside it."""
    return _answer(here, template, 200, {}, {"said": said, "part": True} | more)


def trouble(here: Visit, status: int, **more: object) -> Response:
    """Say what did not work: as a page, or where the page says such things."""
    if here.partial:
        return _answer(here, "parts/problem.html", status, _SAID, more)
    return page(here, "problem.html", status, **more)


def go(here: Visit, where: str) -> Response:
    """Send the browser on to ``where``, a path of ours, after a form."""
    if here.partial:
        response: Response = HTMLResponse("", 200, {"hx-redirect": where})
    else:
        response = RedirectResponse(where, 303)
    here.dress(response)
    return response


def _answer(
    here: Visit, template: str, status: int, headers: dict[str, str], more: dict[str, object]
) -> Response:
    def csrf() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, here.csrf)

    html = _environment().get_template(template)
    known = _ROOMS | {"part": False, "t": here.words, "here": here, "csrf": csrf}
    text = html.render(known | _saying(here.words) | more)
    response = HTMLResponse(text, status, headers)
    here.dress(response)
    return response
