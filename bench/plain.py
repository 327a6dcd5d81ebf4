"""The other side of the comparisons: readings as plain rows, as people store them without Troth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from troth.db import Database, Tx
from troth.devices import bound
from troth.devices.batch import Ack, Malformed, Refusal, Sent
from troth.devices.bound import Source
from troth.devices.door import DeviceDoor
from troth.devices.registry import Devices
from troth.terms import Reading

TABLE = """
CREATE TABLE plain (
    subject uuid, device uuid, function text, item text, id uuid, measured timestamptz, value jsonb,
    PRIMARY KEY (subject, function, measured, id)
)
"""
GRANT = "GRANT SELECT, INSERT, DELETE ON plain TO troth_app"
_TYPES = ("uuid", "uuid", "text", "text", "uuid", "timestamptz", "jsonb")
_COPY = "COPY plain (subject, device, function, item, id, measured, value) FROM STDIN (FORMAT binary)"
Row = tuple[object, ...]


def row(whose: tuple[object, object], function: str, one: Reading) -> Row:
    """Return a reading as its row, of a subject's device."""
    return (*whose, function, one.item, one.id, one.measured, Jsonb(one.value, dumps=_dumps))


async def copy(tx: Tx, rows: Iterable[Row]) -> int:
    """COPY rows."""
    return await tx.copy(_COPY, _TYPES, rows)


def _dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


class PlainDoor(DeviceDoor):
    """Lets devices in as ever, and takes their readings as they are: nobody is asked, nothing is sealed."""

    def __init__(self, plain: Database, db: Database, devices: Devices) -> None:
        super().__init__(db, devices)
        self._plain = plain

    async def ingest_each(self, sent: Sequence[Sent]) -> list[Ack | Exception]:
        """COPY every batch of a known device and commit; a reading that is there already is sent again."""
        try:
            async with self._plain.transaction() as tx:
                asked = bound.showing({one.token for one in sent})
                found = await tx.rows(Source, asked.query, asked.params)
                devices = {device.token: device for device in found}
                known = [(devices[one.token], one) for one in sent if one.token in devices]
                await copy(tx, _rows(known))
        except UniqueViolation:
            if len(sent) > 1:
                return [(await self.ingest_each([one]))[0] for one in sent]
            return [Ack(one.batch.id, 0, len(one.batch.readings), 0, 0) for one in sent]
        return [
            Ack(one.batch.id, len(one.batch.readings), 0, 0, 0)
            if one.token in devices
            else Malformed(Refusal.UNKNOWN_TOKEN, one.batch.id)
            for one in sent
        ]


def _rows(known: Iterable[tuple[Source, Sent]]) -> Iterable[Row]:
    for device, one in known:
        whose, function = (device.subject, device.device), f"{device.policy}/{one.function}"
        for reading in one.batch.readings:
            yield row(whose, function, reading)
