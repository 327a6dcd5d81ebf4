"""The reference page of the API, written from its own description: `docs/reference/api.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from troth.edges.api.statuses import STATUSES

if TYPE_CHECKING:
    from fastapi import FastAPI

_HEAD = """# The HTTP API

Written from the routes in `troth.edges.api`; edit there and run `make bless`. The same as a machine reads
it is at `/openapi.json`.

Bodies are JSON objects of at most 64 KiB, strict: unknown fields and wrong types are refused, and the answer
never repeats what was sent. `Authorization: Bearer TOKEN` says who asks; tokens and ids are opaque. Every
refusal is an `application/problem+json` (RFC 9457) with `status`, `detail` and `reason`. When the gate
refused, also with `clauses`, `effect` and the ledger's `entry`; its reasons are those of
`troth.terms.Reason`, always with status 403.
"""
_TAGS = {
    "public": "About no person",
    "accounts": "Coming and going",
    "me": "What is mine",
    "media": "My clips and pictures",
    "requests": "My requests",
    "device": "From a device",
    "service": "The maker's services",
    "staff": "The maker's people",
    "desk": "The desk",
    "breaches": "Breaches",
    "orders": "Orders of authorities that something be kept",
    "endings": "Ends of functions and of the service",
    "receivers": "Who may be given something",
}


def page(app: FastAPI) -> str:
    """Return the page."""
    described = app.openapi()
    lines = [_HEAD]
    for tag, title in _TAGS.items():
        lines += [f"## {title}", ""]
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                if tag in operation.get("tags", ()):
                    lines += _operation(described, f"{method.upper()} {path}", operation)
    lines += [
        "## Refusals before the gate is asked",
        "",
        "| status | reason | meaning |",
        "| --- | --- | --- |",
    ]
    lines += sorted({_refusal(kind, *told) for kind, told in STATUSES.items()})
    return "\n".join(lines) + "\n"


def _operation(described: Mapping[str, Any], name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### `{name}`"
    yield ""
    yield f"{operation['summary']}. {operation.get('description', '')}".strip()
    yield ""
    for parameter in operation.get("parameters", ()):
        yield f"- `{parameter['name']}` in the {parameter['in']}: {_form(described, parameter['schema'])}"
    body = operation.get("requestBody")
    if body:
        yield from _body(described, body["content"])
    good = next(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][good].get("content", {})
    if body or operation.get("parameters"):
        yield ""
    yield f"Answers {good}{_kind(content)}"
    yield ""
    if "application/json" in content:
        yield from _fields(described, content["application/json"]["schema"], answered=True)
        yield ""


def _body(described: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str]:
    if "application/json" in content:
        yield from _fields(described, content["application/json"]["schema"])
    else:
        yield "- the body: bytes of the type in `Content-Type`, streamed"


def _kind(content: Mapping[str, Any]) -> str:
    kind = next(iter(content), "")
    return {"": ", without a body.", "application/json": ":"}.get(kind, f" as {kind}.")


def _fields(
    described: Mapping[str, Any], schema: Mapping[str, Any], before: str = "", *, answered: bool = False
) -> Iterator[str]:
    schema, before = _inside(described, schema, before)
    for name, field in schema.get("properties", {}).items():
        must = "" if answered or name in schema.get("required", ()) else ", may be left out"
        yield f"- `{before}{name}`: {_form(described, field)}{must}"
        yield from _fields(described, _given(field), f"{before}{name}.", answered=answered)


def _inside(
    described: Mapping[str, Any], schema: Mapping[str, Any], before: str
) -> tuple[Mapping[str, Any], str]:
    """Return what a list or a map holds, and how its fields are then reached."""
    schema = _named(described, schema)
    if schema.get("type") == "array":
        return _inside(described, _given(schema["items"]), f"{before.removesuffix('.')}[].")
    more: Any = schema.get("additionalProperties")
    if more and more is not True:
        return _inside(described, more, f"{before}NAME.")
    return schema, before


def _named(described: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    found: Mapping[str, Any] = described["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _given(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a field holds when it is there."""
    found: Mapping[str, Any] = next(
        (one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema
    )
    return found


def _form(described: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    schema = _named(described, _given(schema))
    if "enum" in schema:
        return " or ".join(f"`{word}`" for word in schema["enum"])
    kind = str(schema.get("type", "value"))
    if kind == "object":
        return "an object"
    if kind == "array":
        return f"a list of {_form(described, schema['items'])}"
    if kind == "string" and "pattern" in schema:
        return f"text like `{schema['pattern']}`".replace("|", "\\|")
    if kind == "string" and "maxLength" in schema:
        return f"text of {schema.get('minLength', 0)} to {schema['maxLength']} characters"
    return {"string": "text", "boolean": "true or false", "integer": "a whole number"}.get(kind, kind)


def _refusal(kind: type, status: int, reason: str) -> str:
    return f"| {status} | `{reason}` | {(kind.__doc__ or '').strip()} |"
