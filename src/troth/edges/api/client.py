"""The calls of the Python client, written from the API's own description: `client/troth_client/`.

Decides how a route reads as a Python function, not how it is laid out: ruff does that when it is blessed. The
client that sends what these functions return is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI

_NOTE = "Written from the routes of the API by `make bless`; edit there.\n"
_SHAPES = f'''"""What the API answers, as it is on the wire.

{_NOTE}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict
'''
_CALLS = f'''"""{{title}}.

{_NOTE}"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from troth_client import shapes
from troth_client.call import Call, Content, into
'''
_TITLES = {
    "public": "What anyone may read",
    "accounts": "Coming and going",
    "me": "What is a signed-in person's",
    "media": "A signed-in person's clips and pictures",
    "requests": "A signed-in person's requests",
    "device": "What a device sends beside MQTT",
    "service": "What the maker's services do",
    "staff": "What the maker's people do",
    "desk": "Requests at the maker's desk",
    "breaches": "Breaches, as the maker's people handle them",
    "orders": "Orders of authorities that something be kept",
    "endings": "Ends of functions and of the service",
    "receivers": "Who may be given something, and the papers for it",
}
_PLAIN = {"string": "str", "boolean": "bool", "integer": "int", "number": "float"}


def modules(app: FastAPI) -> Mapping[str, str]:
    """Return the text of each generated module, by its file's name."""
    described = app.openapi()
    written = {f"{tag}.py": _calls(described, tag, title) for tag, title in _TITLES.items()}
    text = "\n".join(written.values())
    return {"shapes.py": _shapes(described, text), **written}


def _shapes(described: Mapping[str, Any], used_in: str) -> str:
    """Return the shapes that calls name, and those that such shapes name."""
    schemas: Mapping[str, Any] = described["components"]["schemas"]
    needed, last = {name for name in schemas if f"shapes.{name}" in used_in}, 0
    while len(needed) != last:
        last = len(needed)
        text = "\n".join(_shape(name, schemas[name]) for name in needed)
        needed |= {name for name in schemas if re.search(rf"\b{name}\b", text)}
    return _SHAPES + "".join(f"\n\n{_shape(name, schemas[name])}" for name in sorted(needed))


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    fields: Mapping[str, Any] = schema.get("properties", {})
    if any(map(iskeyword, fields)):
        told = ", ".join(f'"{field}": {_field(schema, field)}' for field in fields)
        return f'{name} = TypedDict("{name}", {{{told}}})\n'
    lines = [f"class {name}(TypedDict):"]
    if schema.get("description"):
        lines += [f'    """{_indented(schema["description"])}"""', ""]
    lines += [f"    {field}: {_field(schema, field)}" for field in fields]
    return "\n".join(lines) + "\n"


def _field(schema: Mapping[str, Any], field: str) -> str:
    kind = _type(schema["properties"][field]).replace("shapes.", "")
    return kind if field in schema.get("required", ()) else f"NotRequired[{kind}]"


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument of a call: where it goes, and how Python and the wire call it."""

    wire: str
    kind: str
    needed: bool

    @property
    def name(self) -> str:
        word = self.wire.lower().removeprefix("troth-").replace("-", "_")
        return f"{word}_" if iskeyword(word) else word

    @property
    def told(self) -> str:
        return f"{self.name}: {self.kind}" if self.needed else f"{self.name}: {self.kind} | None = None"

    @property
    def sent(self) -> str:
        return f'"{self.wire}": {self.name}'


def _calls(described: Mapping[str, Any], tag: str, title: str) -> str:
    text = _CALLS.format(title=title)
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if operation.get("tags", ["public"])[0] == tag:
                text += "\n\n" + "\n".join(_call(described, path, method, operation)) + "\n"
    return text


def _call(
    described: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]
) -> Iterator[str]:
    given = [
        (one["in"], _Argument(one["name"], _type(_given(one["schema"])), bool(one.get("required"))))
        for one in operation.get("parameters", ())
    ]
    content = operation.get("requestBody", {}).get("content", {})
    body = list(_body(described, content))
    at = {place: [one for where, one in given if where == place] for place in ("path", "query", "header")}
    told = [one.told for one in at["path"]]
    stream = ["content: Content", "content_type: str"] if content and not body and "*/*" in content else []
    options = stream + [one.told for one in (*at["query"], *at["header"], *body)]
    if options:
        told += ["*", *options]
    kind, answer = _answer(operation)
    yield f"def {_name(operation)}({', '.join(told)}) -> Call[{answer}]:"
    yield f'    """{_indented(_sentence(operation))}"""'
    sent = [f'"{method.upper()}"', _path(path, at["path"]), f'"{kind}"']
    sent += [
        f"{place}={{{', '.join(one.sent for one in many)}}}"
        for place, many in (("query", at["query"]), ("headers", at["header"]))
        if many
    ]
    if "application/json" in content:
        sent.append(f"body={{{', '.join(one.sent for one in body)}}}")
    if stream:
        sent.append("content=(content, content_type)")
    yield f"    return Call({', '.join(sent)})"


def _body(described: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[_Argument]:
    schema = content.get("application/json", {}).get("schema", {})
    if "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    fields = [
        _Argument(name, _type(_given(form)), name in schema.get("required", ()))
        for name, form in schema.get("properties", {}).items()
    ]
    yield from sorted(fields, key=lambda one: not one.needed)


def _answer(operation: Mapping[str, Any]) -> tuple[str, str]:
    """Return how an answer is read, and its Python type."""
    good = next(status for status in operation["responses"] if status.startswith("2"))
    content = operation["responses"][good].get("content", {})
    if not content:
        return "nothing", "None"
    if "application/json" in content:
        return "json", _type(content["application/json"]["schema"])
    return ("text", "str") if "text/plain" in content else ("bytes", "bytes")


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"shapes.{name}"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "enum" in schema:
        words = ", ".join(f'"{word}"' for word in schema["enum"])
        return f"Literal[{words}]"
    kind = schema.get("type")
    if kind == "array":
        return f"Sequence[{_type(schema.get('items', {}))}]"
    if kind == "object":
        more: Any = schema.get("additionalProperties")
        inner = _type(more) if isinstance(more, dict) else "Any"  # pyright: ignore[reportUnknownArgumentType]
        return f"Mapping[str, {inner}]"
    return "None" if kind == "null" else _PLAIN.get(str(kind), "Any")


def _given(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a field's form when it is there: what is None is left out."""
    forms = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return {"anyOf": forms} if forms else schema


def _name(operation: Mapping[str, Any]) -> str:
    """Return the name of the route's function, which FastAPI puts before the path."""
    found: str = operation["operationId"]
    name = found.partition("_v1_")[0] if "_v1_" in found else found.partition("_")[0]
    return f"{name}_" if iskeyword(name) else name


def _sentence(operation: Mapping[str, Any]) -> str:
    return str(operation.get("description") or f"{operation['summary']}.")


def _path(path: str, arguments: list[_Argument]) -> str:
    if not arguments:
        return f'"{path}"'
    names = ", ".join(f"{one.wire}={one.name}" for one in arguments)
    return f'into("{path}", {names})'


def _indented(text: str) -> str:
    lines = text.strip().splitlines()
    told = "\n".join([lines[0], *(f"    {line}".rstrip() for line in lines[1:])])
    return told if len(lines) == 1 else f"{told}\n    "
