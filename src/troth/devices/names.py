"""The policy's words that binding a device rests on, in one place. The policy defines them."""

from __future__ import annotations

from dataclasses import dataclass

from troth.terms import FunctionName, ItemName, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingWords:
    """Function, purpose, items and need, as a policy calls them."""

    function: FunctionName
    purpose: Purpose
    model: ItemName
    mac: ItemName
    serial: ItemName
    ip: ItemName
    supplies: str
    """What a bound device is to the functions that need one."""

    @property
    def items(self) -> frozenset[ItemName]:
        """All four identifiers."""
        return frozenset({self.model, self.mac, self.serial, self.ip})


CAMERA = BindingWords(
    function=FunctionName("bind"),
    purpose=Purpose("connect_cameras"),
    model=ItemName("device_model"),
    mac=ItemName("mac_address"),
    serial=ItemName("device_serial"),
    ip=ItemName("ip_address"),
    supplies="camera",
)
