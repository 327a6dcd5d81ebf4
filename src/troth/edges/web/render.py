"""Pages from templates: escaped, without third parties. Headers are set where all answers get theirs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse

from troth.edges.web.visit import CSRF

if TYPE_CHECKING:
    from starlette.responses import Response

    from troth.edges.web.visit import Visit


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("troth.edges.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(here: Visit, template: str, status: int = 200, **values: object) -> Response:
    """Render ``template`` for this visit."""

    def csrf() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF, here.csrf)

    other = "en" if here.words.language == "zh" else "zh"
    html = _environment().get_template(template)
    text = html.render(t=here.words, here=here, csrf=csrf, other_language=f"?lang={other}", **values)
    response = HTMLResponse(text, status)
    here.dress(response)
    return response


def go(here: Visit, where: str) -> Response:
    """Send the browser on to ``where``, a path of ours, after a form."""
    response = RedirectResponse(where, 303)
    here.dress(response)
    return response
