"""The rows of bound devices: found by token, by subject, made and dropped. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from troth.db import Next, Tx, arrays
from troth.devices.names import CAMERA
from troth.devices.sql import QUERIES
from troth.terms import DeviceId, Discreet, PolicyName, SubjectId


class BoundDevice(Discreet, frozen=True):
    """A device and whose it is."""

    subject: SubjectId
    device: DeviceId
    policy: PolicyName
    token: str
    secret_hash: bytes
    stock_epoch: int
    stock_tag: bytes
    bound_day: date
    kind: str = CAMERA
    seen_by: DeviceId | None = None
    """The camera that has it in view, as its owner says."""

    def __repr__(self) -> str:
        return f"BoundDevice({self.subject}, {self.device}, {self.policy})"  # never what it shows of itself


class Source(Discreet, frozen=True):
    """A bound device as far as what it sends is concerned."""

    subject: SubjectId
    device: DeviceId
    policy: PolicyName
    token: str
    kind: str = CAMERA

    def __repr__(self) -> str:
        return f"Source({self.subject}, {self.device}, {self.policy})"


async def by_token(tx: Tx, token: str) -> BoundDevice | None:
    """Return the device that shows ``token``, or None."""
    return await tx.row(BoundDevice, QUERIES["of_token"], {"token": token})


def showing(tokens: Iterable[str]) -> Next[Source]:
    """Ask which devices show ``tokens``."""
    return Next(Source, QUERIES["of_tokens"], {"tokens": arrays.texts(tokens)})


async def of(tx: Tx, subject: SubjectId) -> list[BoundDevice]:
    """Return a subject's devices, in the order they came."""
    return await tx.rows(BoundDevice, QUERIES["of_subject"], {"subject": subject})


async def one(tx: Tx, subject: SubjectId, device: UUID) -> BoundDevice | None:
    """Return one device of a subject, or None: not theirs."""
    return await tx.row(BoundDevice, QUERIES["one"], {"subject": subject, "device": device})


async def model(tx: Tx, bound: BoundDevice) -> str | None:
    """Return the model that the maker stocked, or None when the stock was cleared since."""
    found = await tx.value(QUERIES["model"], {"epoch": bound.stock_epoch, "tag": bound.stock_tag})
    return None if found is None else str(found)


async def supplier(tx: Tx, bound: BoundDevice) -> str | None:
    """Return who supplied it, or None: nobody, or the stock was cleared since."""
    found = await tx.value(QUERIES["supplier"], {"epoch": bound.stock_epoch, "tag": bound.stock_tag})
    return None if found is None else str(found)


async def add(tx: Tx, bound: BoundDevice) -> None:
    """Write a device and where its token leads, and take it out of the stock."""
    row = {
        "subject": bound.subject,
        "device": bound.device,
        "policy": bound.policy,
        "token": bound.token,
        "secret_hash": bound.secret_hash,
        "stock_epoch": bound.stock_epoch,
        "stock_tag": bound.stock_tag,
        "bound_day": bound.bound_day,
        "kind": bound.kind,
        "seen_by": bound.seen_by,
    }
    await tx.run(QUERIES["take"], {"epoch": bound.stock_epoch, "tag": bound.stock_tag})
    await tx.run(QUERIES["bind"], row)
    await tx.run(
        QUERIES["name_token"], {"token": bound.token, "subject": bound.subject, "device": bound.device}
    )


async def see(tx: Tx, bound: BoundDevice, camera: DeviceId | None) -> None:
    """Say which camera has a device in view, or that none has."""
    where = {"subject": bound.subject, "device": bound.device, "seen_by": camera}
    await tx.run(QUERIES["see"], where)


async def drop(tx: Tx, bound: BoundDevice) -> None:
    """Delete a device and its token; the maker's stock has it free again."""
    await tx.run(QUERIES["out_of_view"], {"subject": bound.subject, "device": bound.device})
    await tx.run(QUERIES["drop_token"], {"token": bound.token})
    await tx.run(QUERIES["drop_device"], {"subject": bound.subject, "device": bound.device})
    await tx.run(QUERIES["free"], {"epoch": bound.stock_epoch, "tag": bound.stock_tag})
