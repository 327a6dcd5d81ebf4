"""The reference page of the language, written from the grammar: `docs/reference/language.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from troth.policy import grammar
from troth.policy.kinds import Kind, ListOf, MapOf
from troth.policy.records import Field, Record

_HEAD = """\
# The policy language

Written from the grammar in `troth.policy.grammar`; edit there and run `make bless`.

A policy is one YAML file in UTF-8, of at most a million bytes in lines of at most 4000 characters, without
tabs, anchors, aliases, tags or a second document. Every clause has an address, such as
`sunmi-camera/functions/bind/requires/mac_address`. What is wrong is reported, all at once, as
`file:line:column: clause: what is wrong; write ... instead`; a policy never loads in part.
Whether the parts fit together is checked by the rules in `docs/rules`.

A key in **bold** must be there. Every record marked with * may also carry:

"""


def reference() -> str:
    """Return the page."""
    told = [_HEAD + "".join(_row(each) for each in grammar.COMMON)]
    for record in _records(grammar.POLICY, []):
        common = set(grammar.COMMON) <= set(record.fields)
        told.append(f"## {record.name.partition(' ')[2].capitalize()}{' *' if common else ''}\n\n")
        if record.head is not None:
            told.append(f"A word alone stands for `{{{record.head.key}: word}}`.\n\n")
        told.append("".join(_row(each) for each in record.fields if each not in grammar.COMMON))
    return "\n".join(part.rstrip("\n") + "\n" for part in told)


def _row(each: Field[Any]) -> str:
    key = f"**`{each.key}`**" if each.must else f"`{each.key}`"
    return f"- {key}: {each.says} ({_shape(each.kind)})\n"


def _shape(kind: Kind[Any]) -> str:
    """Say what to write, with another record by its name only."""
    if isinstance(kind, Record):
        return kind.name
    if (of := _of(kind)) is None:
        return kind.shape()
    return f"{'by name' if isinstance(kind, MapOf) else 'a list of'}: {_shape(of)}"


def _records(kind: Kind[Any], seen: list[Record]) -> Iterator[Record]:
    if (of := _of(kind)) is not None:
        yield from _records(of, seen)
    elif isinstance(kind, Record) and kind not in seen:
        seen.append(kind)
        yield kind
        for each in kind.fields:
            yield from _records(each.kind, seen)


def _of(kind: Kind[Any]) -> Kind[Any] | None:
    """Return the kind of the entries, where there are any."""
    given: Any = kind
    return given.of if isinstance(kind, (ListOf, MapOf)) else None
