"""The maker's stock: which devices exist, by keyed hash of the serial number, and the code printed on each.

Serial numbers can be counted through and a code is short, so both are hashed with the stock key, which lies
outside the database. No rotation ends it: the serial number is not kept, so it could not be tagged anew. Says
whether serial and code belong together; not who may bind.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from troth.db import Tx
from troth.devices.sql import QUERIES
from troth.terms import TrothError
from troth.vault.errors import KeyDestroyed
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.lookup import tag

_SERIAL = "device_stock.serial"
_CODE = "device_stock.code"
_LONGEST = 120


class WrongCode(TrothError):
    """serial number and code do not belong together: read both again from the label"""


class WrongSerial(WrongCode):
    """the serial number is another device's: read it again from the label"""


class AlreadyBound(TrothError):
    """this device has an owner: they must release it first"""


class UnfitSerial(TrothError):
    """serial number, code and model are texts of 1 to 120 characters: read them again from the label"""


@dataclass(frozen=True, slots=True)
class Stocked:
    """A device in stock."""

    epoch: int
    tag: bytes
    code_tag: bytes
    model: str
    bound: bool
    supplier: str | None = None


def _plain(text: str) -> str:
    """Return a label's text as everyone types it: no spaces or hyphens, in capitals."""
    kept = "".join(c for c in text if not c.isspace() and c != "-").upper()
    if not kept or len(text) > _LONGEST:
        raise UnfitSerial
    return kept


def serial_tag(keyring: Keyring, serial: str) -> bytes:
    """Return the tag of a serial number under the current epoch."""
    return tag(keyring.current(EpochKind.STOCK).key, _SERIAL, _plain(serial))


def names(keyring: Keyring, serial: str, epoch: int, known: bytes) -> bool:
    """Tell whether ``serial`` is that of the device with the tag ``known``."""
    return hmac.compare_digest(tag(keyring.key(EpochKind.STOCK, epoch), _SERIAL, _plain(serial)), known)


def _code_tag(key: bytes, serial: str, code: str) -> bytes:
    return tag(key, _CODE, f"{_plain(serial)} {_plain(code)}")


async def add(
    tx: Tx, keyring: Keyring, serial: str, model: str, code: str, *, supplier: str | None = None
) -> None:
    """Put a device into stock. A serial number that is there already stays as it is. Raises `UnfitSerial`.

    ``supplier``: who brings it to its owner, in the policy's word for a recipient.
    """
    if not model.strip() or len(model.encode()) > _LONGEST:
        raise UnfitSerial
    code_plain = _plain(code)
    if await _find(tx, _live_keys(keyring), serial) is not None:
        return
    epoch = keyring.current(EpochKind.STOCK)
    await tx.run(
        QUERIES["stock"],
        {
            "epoch": epoch.number,
            "tag": tag(epoch.key, _SERIAL, _plain(serial)),
            "code_tag": _code_tag(epoch.key, serial, code_plain),
            "model": model,
            "supplier": supplier,
        },
    )


async def prove(tx: Tx, keyring: Keyring, serial: str, code: str) -> Stocked:
    """Return the stocked device that ``serial`` and ``code`` name, its row locked.

    Raises `WrongCode`, also when there is no such device, and `AlreadyBound`.
    """
    keys = _live_keys(keyring)
    found = await _find(tx, keys, serial)
    if found is None:
        raise WrongCode
    if not hmac.compare_digest(_code_tag(keys[found.epoch], serial, code), bytes(found.code_tag)):
        raise WrongCode
    if found.bound:
        raise AlreadyBound
    return found


def _live_keys(keyring: Keyring) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for epoch in keyring.epochs(EpochKind.STOCK):
        with contextlib.suppress(KeyDestroyed):  # ended since the folder was listed
            keys[epoch] = keyring.key(EpochKind.STOCK, epoch)
    return keys


async def _find(tx: Tx, keys: Mapping[int, bytes], serial: str) -> Stocked | None:
    plain = _plain(serial)
    tags = [tag(key, _SERIAL, plain) for key in keys.values()]
    return await tx.row(Stocked, QUERIES["stocked"], {"epochs": list(keys), "tags": tags})
