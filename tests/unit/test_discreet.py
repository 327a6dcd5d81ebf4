"""What is secret in a value is not read off it: not by ``repr``, not by Rich, not inside another."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from rich.pretty import pretty_repr

from tests.unit.test_gate_permit import made
from troth.devices.bound import BoundDevice
from troth.terms import DeviceId, PolicyName, SubjectId
from troth.vault.keys import DataKey

SECRET = b"not to be read off"
DEVICE = BoundDevice(
    SubjectId(uuid4()),
    DeviceId(uuid4()),
    PolicyName("sunmi-camera"),
    SECRET.decode(),
    SECRET,
    1,
    SECRET,
    date(2026, 3, 2),
)


@pytest.mark.parametrize(
    ("value", "secret"),
    [(DataKey(UUID(int=1), SECRET), SECRET), (DEVICE, SECRET), (made(), made().tag)],
    ids=["key", "device", "permit"],
)
def test_nothing_shows_what_is_secret_in_it(value: object, secret: bytes):
    for shown in (repr(value), pretty_repr(value), pretty_repr([value], max_width=20)):
        assert type(value).__name__ in shown
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown
