"""A copy of everything about a person, as a stream of JSON values, for access and for portability.

Complete: what the vault holds for every function, media byte by byte, devices, acts, the ledger's entries
about them, receipts, requests, and who may receive what. Written nowhere. It rests on their own right; a
last line says how much there was, so that a copy that was cut short is known by its end.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import fields
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, cast
from uuid import UUID

from troth import ledger
from troth.gate import accepted_version
from troth.ledger import EntryKind, NewEntry
from troth.rights.rows import Request, requests_of
from troth.subjects.asking import Asking, Behalf
from troth.subjects.names import PASSWORD, REGISTER
from troth.subjects.papers import papers
from troth.terms import Act, PolicyName, SubjectId, Verb

if TYPE_CHECKING:
    from troth.db import Database, Tx
    from troth.devices.registry import Devices
    from troth.policy.compiled import Compiled
    from troth.rights.desk import Desk
    from troth.subjects.parts import Parts
    from troth.terms import Permit, Standing
    from troth.vault import Exported
    from troth.vault.media import Media, Opened

FORM = 1
_PART = 3 << 18
"""At most so many bytes of an object in one line; each line is base64 by itself."""
_SEALED = frozenset({"said", "reply"})
WITHHELD = "kept as an argon2id hash; left out, so that whoever finds this copy cannot try passwords on it"
Line = Mapping[str, object]
"""One JSON value; ``line`` says what it is."""


class Copies:
    """Makes copies. Opens its own transactions: a slow reader must not hold anything of the person back."""

    def __init__(self, parts: Parts, db: Database, devices: Devices, desk: Desk, media: Media) -> None:
        self._parts = parts
        self._media = media
        self._desk = desk
        self._db = db
        self._devices = devices

    async def of(self, subject: SubjectId, policy: PolicyName) -> AsyncGenerator[Line]:
        """Return the copy as a stream, once the gate has said yes. Raises `Denied`.

        The stream raises `Erased` when the person is erased while it runs, and then has no last line.
        """
        now = self._parts.clock.now()
        async with self._db.transaction() as tx:
            standing = await ledger.standing(tx, subject, lock=True)
            version = accepted_version(standing, policy, now)
            policies = self._parts.gate.policies
            compiled = policies.current(policy) if version is None else policies.version(policy, version)
            items = compiled.functions[REGISTER].items
            asking = Asking(subject, policy, self._parts.region, now)
            permit = await self._parts.gate.admit(tx, asking.by_right(Verb.USE, REGISTER, items))
            copied = NewEntry(kind=EntryKind.COPIED, at=now, policy=policy, subject=subject)
            await ledger.append(tx, copied)
        return self._stream(permit, compiled)

    async def _stream(self, permit: Permit, compiled: Compiled) -> AsyncGenerator[Line]:
        count: Counter[str] = Counter()
        async with self._db.transaction() as tx:
            async for line in self._lines(tx, permit, compiled):
                count[str(line["line"])] += 1
                yield line
        yield {"line": "end", "lines": sum(count.values()), "of_each": dict(count)}

    async def _lines(self, tx: Tx, permit: Permit, compiled: Compiled) -> AsyncGenerator[Line]:
        subject = permit.ask.subject
        yield _head(permit, compiled)
        async for held in self._parts.vault.everything(tx, permit):
            yield _held(held)
        async for opened in self._media.every(tx, permit):
            async for line in _object(opened):
                yield line
        for device in await self._devices.listed(tx, subject):
            yield {"line": "device", "device": str(device.device), "model": device.model,
                   "bound": device.day.isoformat()}  # fmt: skip
        standing = await ledger.standing(tx, subject, lock=False)
        for line in _acts(standing):
            yield line
        for entry in await ledger.about(tx, subject):
            yield {"line": "entry", "entry": str(entry.entry), "text": json.loads(entry.body)}
        for one in await papers(tx, self._parts.signer, subject):
            yield {"line": "receipt", "entry": str(one.entry), "kind": one.kind.value, "receipt": one.receipt}
        for request in await requests_of(tx, subject):
            yield await self._request(tx, request)
        for line in _recipients(compiled):
            yield line

    async def _request(self, tx: Tx, request: Request) -> Line:
        """Return a request with what was written about it, opened on the person's own right."""
        line: dict[str, object] = {"line": "request"} | _plain_fields(request)
        own = Behalf(request.request, request.kind)
        if request.said is not None:
            line["said"] = await self._desk.said(tx, request, own)
        if request.reply is not None:
            line["reply"] = await self._desk.replied(tx, request, own)
        return line


def _head(permit: Permit, compiled: Compiled) -> Line:
    return {
        "line": "copy",
        "form": FORM,
        "about": str(permit.ask.subject),
        "made": permit.ask.at.isoformat(),
        "policy": compiled.policy.name,
        "version": compiled.policy.version,
        "controller": dict(compiled.policy.controller),
    }


def _held(held: Exported) -> Line:
    value: object = {"withheld": WITHHELD} if held.item == PASSWORD else _plain(held.value)
    return {
        "line": held.form.value,
        "id": str(held.id),
        "item": held.item,
        "functions": list(held.functions),
        "at": held.at.isoformat(),
        "value": value,
    }


async def _object(opened: Opened) -> AsyncGenerator[Line]:
    """Yield what an object is, then its bytes in order, a part a line; the parts together are the file."""
    held = opened.held
    yield {
        "line": "media",
        "id": str(held.record),
        "item": held.item,
        "functions": [held.function],
        "at": held.day.isoformat(),
        "value": _plain(opened.told),
        "bytes": held.size,
    }
    first = 0
    async for segment in opened.read():
        for start in range(0, len(segment), _PART):
            part = segment[start : start + _PART]
            encoded = base64.b64encode(part).decode()
            yield {"line": "bytes", "of": str(held.record), "first": first, "base64": encoded}
            first += len(part)


def _acts(standing: Standing | None) -> list[Line]:
    return [{"line": "act"} | _plain_fields(act) for act in (standing.acts if standing else ())]


def _recipients(compiled: Compiled) -> list[Line]:
    """Return who the policy lets receive what; who did is among the entries."""
    return [
        {
            "line": "recipient",
            "recipient": clause.recipient,
            "function": clause.function,
            "items": sorted(clause.items),
            "purpose": clause.purpose,
            "clause": clause.id,
        }
        for table in compiled.functions.values()
        for clause in table.recipients.values()
    ]


def _plain_fields(value: Act | Request) -> dict[str, object]:
    """Return a dataclass as a JSON object, without what it leaves open."""
    found = {each.name: getattr(value, each.name) for each in fields(value) if each.name not in _SEALED}
    return {name: _plain(one) for name, one in found.items() if one is not None and name != "subject"}


def _plain(value: object) -> object:
    """Return ``value`` as JSON knows it; bytes as base64."""
    match value:
        case Mapping():
            named = cast("Mapping[object, object]", value)
            return {str(key): _plain(part) for key, part in named.items()}
        case list() | tuple():
            return [_plain(part) for part in cast("list[object]", value)]
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case datetime() | date():
            return value.isoformat()
        case UUID() | StrEnum():
            return str(value)
        case _:
            return value
