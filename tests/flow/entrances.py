"""Every way in for what a person might write, and what becomes of it: by this the forensic test plants.

A row names the value that `planting` plants there, or says why none is looked for. The routes themselves say
which fields there are (`free`), so a field without a row, or a row without a field, fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any


class Fate(Enum):
    """What becomes of a field that no value is looked for in."""

    COMPARED = "compared with what is kept, or kept as a hash"
    CLOSED = "an opaque id, a time or a word of the policy, or it is refused"
    NOBODYS = "about a thing, or written for everybody to read"
    SHORT = "kept sealed, and too short to look for"


COMPARED, CLOSED, NOBODYS, SHORT = Fate.COMPARED, Fate.CLOSED, Fate.NOBODYS, Fate.SHORT
_CASE = {"subject": CLOSED, "device": CLOSED, "case.papers": CLOSED}
_LOGIN = {"login": COMPARED}
_DEVICE = {"serial": "serial", "model": NOBODYS, "mac": "mac", "ip": "ip", "seen_by": CLOSED}

ROUTES: Mapping[str, Mapping[str, str | Fate]] = {
    "POST /v1/accounts": {
        "phone": "phone",
        "email": "email",
        "password": COMPARED,
        "birth_date": COMPARED,
        "guardian": CLOSED,
        "items": "registered",
    },
    "POST /v1/accounts/{account}/verify": {"code": COMPARED},
    "POST /v1/sessions": _LOGIN | {"password": COMPARED},
    "POST /v1/sessions/code": _LOGIN,
    "POST /v1/sessions/by-code": _LOGIN | {"code": COMPARED},
    "POST /v1/sessions/new-password": _LOGIN | {"password": COMPARED, "code": COMPARED},
    "PUT /v1/me/password": {"password": COMPARED, "current": COMPARED},
    "POST /v1/farewell": {"farewell": COMPARED},
    "PUT /v1/me/switches/{switch}": {"device": CLOSED},
    "POST /v1/me/devices": _DEVICE
    | {"store.store_name": "till_store", "store.store_address": "till_address", "code": COMPARED},
    "PUT /v1/me/devices/{device}": _DEVICE
    | {"store.store_name": "moved_store", "store.store_address": "moved_address"},
    "PUT /v1/me/store": {
        "store_name": "store_name",
        "store_address": "store_address",
        "business_hours.opens": SHORT,
        "business_hours.closes": SHORT,
    },
    "POST /v1/me/cancel/confirm": {"confirm": COMPARED},
    "PUT /v1/me/functions/{function}/flags/{flag}": {"day": CLOSED},
    "PUT /v1/me/functions/{function}/items": {"values": "right"},
    "PUT /v1/me/functions/{function}/readings/{reading}": {"value": "reread"},
    "POST /v1/me/functions/{function}/media/{item}": {"Troth-Measured": CLOSED, "bytes": "film"},
    "POST /v1/device/functions/{function}/media/{item}": {"Troth-Measured": CLOSED, "bytes": "device_film"},
    "POST /v1/service/collect": {"subject": CLOSED, "values": "service"},
    "POST /v1/service/happened": {"subject": CLOSED, "record": CLOSED},
    "POST /v1/service/use": {"subject": CLOSED},
    "POST /v1/service/share": _CASE,
    "POST /v1/service/disclose": _CASE,
    "POST /v1/service/media": {"subject": CLOSED},
    "POST /v1/service/media/{media}": _CASE,
    "POST /v1/me/requests": {"text": "request", "about": CLOSED},
    "POST /v1/me/requests/{request}/more": {"text": "more"},
    "POST /v1/staff/look": {"subject": CLOSED},
    "POST /v1/maker/devices": {"serial": "serial", "model": NOBODYS, "code": COMPARED},
    "POST /v1/staff/requests": {
        "contact": COMPARED,
        "text": "entered",
        "received": CLOSED,
        "about": CLOSED,
    },
    "POST /v1/staff/requests/{request}/ask": {"text": "asked"},
    "POST /v1/staff/requests/{request}/quote": {"text": "quoted"},
    "POST /v1/staff/requests/{request}/meet": {"text": "answer"},
    "POST /v1/staff/requests/{request}/refuse": {"facts": "refusal"},
    "POST /v1/staff/share": _CASE,
    "POST /v1/staff/disclose": _CASE,
    "POST /v1/staff/minors": {"contact": "minor"},
    "POST /v1/staff/guardians": {"contact": "child", "born": COMPARED},
    "POST /v1/staff/guardians/no-longer": {"contact": "child"},
    "POST /v1/staff/breaches": {"known": CLOSED, "subjects[]": CLOSED},
    "PUT /v1/staff/breaches/{matter}/notice": {"text": NOBODYS},
    "POST /v1/staff/breaches/{matter}/contained": {"document": CLOSED},
    "POST /v1/staff/breaches/{matter}/reported": {"document": CLOSED},
    "POST /v1/staff/endings": {"at": CLOSED},
    "POST /v1/staff/orders": {"contact": COMPARED, "document": CLOSED, "until": CLOSED},
    "POST /v1/staff/orders/{document}/prolong": {"subject": CLOSED, "until": CLOSED},
    "POST /v1/staff/orders/{document}/end": {"subject": CLOSED},
    "PUT /v1/staff/receivers/{policy}/{receiver}/papers/{fact}": {"document": CLOSED},
}
"""Fields of the API, by route: a list as ``name[]``, a part as ``whole.part``, a body as ``bytes``."""

PAGES: Mapping[str, str | Fate] = {
    "POST /sign-in": COMPARED,
    "POST /sign-in/code": COMPARED,
    "POST /sign-in/by-code": COMPARED,
    "POST /reset/code": COMPARED,
    "POST /reset": COMPARED,
    "POST /farewell": COMPARED,
    "POST /sign-out": CLOSED,
    "POST /privacy/password": COMPARED,
    "POST /privacy/notices/{matter}": CLOSED,
    "POST /privacy/accept": CLOSED,
    "POST /privacy/sign-out-everywhere": CLOSED,
    "POST /privacy/devices/{device}/give-up": CLOSED,
    "POST /privacy/delete/{function}": CLOSED,
    "POST /privacy/sessions/{session}/end": CLOSED,
    "POST /privacy/receivers/{receiver}": CLOSED,
    "POST /privacy/shop/{function}/flags/{flag}": CLOSED,
    "POST /privacy/films/{media}/delete": CLOSED,
    "POST /privacy/details/{function}/{item}": "on_page",
    "POST /privacy/details/{function}/{item}/delete": CLOSED,
    "POST /privacy/collected/{policy}/{function}/{day}/{reading}": "reread_on_page",
    "POST /privacy/collected/{policy}/{function}/{day}/{reading}/delete": CLOSED,
    "POST /privacy/needs/{function}/{need}": CLOSED,
    "POST /privacy/store": "store_on_page",
    "POST /privacy/devices/add": "till_on_page",
    "POST /privacy/devices/{device}": "moved_on_page",
    "POST /privacy/requests": "asked_on_page",
    "POST /privacy/requests/{number}/{step}": "more_on_page",
    "POST /privacy/functions/{function}": CLOSED,
    "POST /privacy/switches/{switch}": CLOSED,
    "POST /privacy/copy": CLOSED,
    "POST /privacy/cancel": CLOSED,
    "POST /privacy/cancel/take-back": CLOSED,
    "POST /desk": COMPARED,
    "POST /desk/join": COMPARED,
    "POST /desk/leave": CLOSED,
    "POST /desk/requests/new": "entered_on_page",
    "POST /desk/requests/{number}/{step}": "answered_on_page",
    "POST /desk/look": CLOSED,
    "POST /desk/films": CLOSED,
    "POST /desk/orders": COMPARED,
    "POST /desk/orders/{document}/{step}": CLOSED,
    "POST /desk/incidents": CLOSED,
    "POST /desk/incidents/{matter}/{step}": NOBODYS,
    "POST /desk/receivers": NOBODYS,
    "POST /desk/receivers/{policy}/{receiver}/paper": CLOSED,
    "POST /desk/receivers/acknowledged": CLOSED,
    "POST /desk/receivers/{policy}/{receiver}/end": CLOSED,
    "POST /desk/staff/invite": CLOSED,
    "POST /desk/staff/{colleague}/dismiss": CLOSED,
}
"""Forms of the pages."""

COMMANDS: Mapping[str, str | Fate] = {
    "import": "imported",
    "request enter": "typed",
    "request read": CLOSED,
    "request ask": "typed_question",
    "request meet": "typed_answer",
    "request refuse": "typed_refusal",
    "request minor": "minor",
}
"""Commands that handle data of a person."""

TOPICS: Mapping[str, str | Fate] = {"up.{token}.{function}": "reading"}
"""What devices send."""

_WORDS = ("^[a-z", "^[A-Z]")
"""How a pattern begins that words of the policy have, or codes of languages and countries."""
_IDS = ("^[0-9a-f]{64}$", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_SHUT = {"enum", "const", "format"}
Field = tuple[str, Mapping[str, Any]]


def named() -> set[str]:
    """Return every value that some row says is planted."""
    rows = [*PAGES.values(), *COMMANDS.values(), *TOPICS.values()]
    rows += [fate for fields in ROUTES.values() for fate in fields.values()]
    return {row for row in rows if isinstance(row, str)}


def fate(route: str, field: str) -> str | Fate | None:
    """Return what a row says, if there is one."""
    return ROUTES.get(route, {}).get(field)


def free(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return, by route of an OpenAPI ``document``, the fields in which anything may be written."""
    found: dict[str, set[str]] = {}
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            fields = {name for name, schema in body(document, route) if _free(schema)}
            for each in route.get("parameters", []):
                if each["in"] == "header" and any(
                    _free(one) for _, one in _parts(document, each["schema"], "")
                ):
                    fields.add(each["name"])
            if fields:
                found[f"{method.upper()} {path}"] = fields
    return found


def body(document: Mapping[str, Any], route: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields of a route's body with their schemas; what is no JSON is one field."""
    for content in route.get("requestBody", {}).get("content", {}).values():
        if "schema" in content:
            yield from _parts(document, content["schema"], "")
        else:
            yield "bytes", {"type": "string"}


def _parts(document: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[Field]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for one in schema.get("anyOf", []):
        yield from _parts(document, one, at)
    match schema.get("type"):
        case "object" if "properties" in schema:
            for name, part in schema["properties"].items():
                yield from _parts(document, part, f"{at}.{name}" if at else name)
        case "array":
            yield from _parts(document, schema["items"], f"{at}[]")
        case None | "null":
            return
        case _:
            yield at, schema


def _free(schema: Mapping[str, Any]) -> bool:
    if schema["type"] == "object":
        return True
    if schema["type"] != "string" or not _SHUT.isdisjoint(schema):
        return False
    pattern = schema.get("pattern", "")
    return not pattern or not (pattern in _IDS or pattern.startswith(_WORDS))
