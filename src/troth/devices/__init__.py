"""The maker's devices: stock, binding, what each may send, and what becomes of its readings."""

from troth.devices.batch import Ack, Batch, Malformed, Refusal
from troth.devices.door import DeviceDoor, Unavailable
from troth.devices.identifiers import Told
from troth.devices.names import CAMERA, KINDS, DeviceKind, UnknownKind
from troth.devices.registry import Bound, Devices, Known, Line, NotYourDevice
from troth.devices.stock import AlreadyBound, UnfitSerial, WrongCode

__all__ = [
    "CAMERA",
    "KINDS",
    "Ack",
    "AlreadyBound",
    "Batch",
    "Bound",
    "DeviceDoor",
    "DeviceKind",
    "Devices",
    "Known",
    "Line",
    "Malformed",
    "NotYourDevice",
    "Refusal",
    "Told",
    "Unavailable",
    "UnfitSerial",
    "UnknownKind",
    "WrongCode",
]
