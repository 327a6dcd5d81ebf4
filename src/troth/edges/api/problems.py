"""Errors as RFC 9457 problems: one row per error class, and never a value of the request in the answer.

Decides the status code only. Text comes from the error's own message, which speaks policy and carries ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from troth.edges.api.statuses import STATUSES
from troth.terms import Denied, TrothError

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

PROBLEM = "application/problem+json"
_NOBODY = 401
_TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Not signed in",
    403: "Refused",
    404: "Not found",
    405: "Not a way in",
    409: "In the way of something else",
    413: "Too large",
    415: "Not JSON",
    416: "Not in it",
    422: "Not understood",
    429: "Too many tries",
    500: "Something broke here",
    503: "Not available",
}
# What is wrong, by pydantic's name for it; its own messages may quote the input.
_WRONG: Mapping[str, str] = {
    "missing": "this field is needed",
    "extra_forbidden": "this field is not known; leave it out",
    "json_invalid": "the body is not valid JSON",
    "string_type": "write a text",
    "string_too_short": "write at least one character",
    "string_too_long": "write less",
    "string_pattern_mismatch": "this does not have the expected form",
    "string_unicode": "this is not valid Unicode",
    "int_type": "write a whole number",
    "bool_type": "write true or false",
    "moment": "write a moment as RFC 3339, with its offset",
    "day": "write a day as YYYY-MM-DD",
    "id": "write an id as a UUID",
    "uuid_parsing": "write an id as a UUID",
    "unprintable": "control characters are not allowed",
    "literal_error": "this is not one of the allowed words",
    "model_attributes_type": "write a JSON object",
    "dict_type": "write a JSON object",
}


_MEMBERS = ("type", "title", "status", "detail")
_DOCUMENT: dict[str, Any] = {
    "description": "Refused, and why: a problem document (RFC 9457)",
    "content": {
        PROBLEM: {
            "schema": {
                "type": "object",
                "required": list(_MEMBERS),
                "properties": {
                    **{name: {"type": "string"} for name in (*_MEMBERS, "reason", "effect", "entry")},
                    "status": {"type": "integer"},
                    "clauses": {"type": "array", "items": {"type": "string"}},
                    "errors": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    },
}
REFUSALS: dict[int | str, dict[str, Any]] = {422: _DOCUMENT, "default": _DOCUMENT}
"""What the OpenAPI text says of every answer that is not a yes."""


def problem(status: int, detail: str, **more: object) -> JSONResponse:
    """Return a problem document; ``more`` are its extension members, without those that are None."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Refused"),
        "status": status,
        "detail": detail,
    }
    body.update({key: value for key, value in more.items() if value is not None})
    headers = {"www-authenticate": "Bearer"} if status == _NOBODY else None
    return JSONResponse(body, status, headers, media_type=PROBLEM)


async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what no route of the API takes, so that it does not end among the pages."""
    await problem(404, "there is no such route, or it does not take this method; see /openapi.json")(
        scope, receive, send
    )


def install(app: FastAPI) -> None:
    """Give ``app`` a handler for every error that a door can raise."""
    app.add_exception_handler(Denied, _denied)
    for kind in STATUSES:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(TrothError, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _http)


async def _denied(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Denied):
        raise error
    decision = error.decision
    return problem(
        403,
        str(error),
        reason=decision.reason.value,
        clauses=sorted(decision.because),
        effect=decision.effect,
        entry=str(error.entry) if error.entry else None,
    )


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    for kind in type(error).__mro__:
        if kind in STATUSES:
            status, reason = STATUSES[kind]
            return problem(status, str(error), reason=reason)
    return problem(400, str(error))


async def _not_understood(_request: Request, error: Exception) -> JSONResponse:
    found: list[dict[str, object]] = []
    if isinstance(error, RequestValidationError):
        found = [_where(one) for one in error.errors()]
    return problem(422, "the request does not have the expected form; see errors", errors=found)


def _where(error: Mapping[str, Any]) -> dict[str, object]:
    kind = str(error.get("type", ""))
    place = [str(part) for part in error.get("loc", ())]
    if kind == "extra_forbidden" and place:
        place[-1] = "(unknown field)"  # a field's name is the sender's, and may be anything
    if kind == "json_invalid":
        place = place[:1]
    return {"at": place, "wrong": _WRONG.get(kind, "this is not what is expected here")}


async def _http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    details = {
        404: "there is no such route; see /openapi.json",
        405: "this route does not take this method; see /openapi.json",
        413: "the body is larger than this route takes (64 KiB, media 2 GiB); send less at once",
    }
    return problem(error.status_code, details.get(error.status_code, "the request was refused"))
