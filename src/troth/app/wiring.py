"""The facade: one running system, one method per door.

Terms and frozen values go in and come out; wire formats stay at the edges. A method opens the transaction,
calls the packages and, once that is committed, tells the other processes what changed. It decides nothing:
who may do what is asked of the gate behind every door, so that no edge can go around it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self

from troth.app.doors.agreement import AgreementDoors
from troth.app.doors.alarms import AlarmDoors
from troth.app.doors.arrival import ArrivalDoors
from troth.app.doors.chores import ChoreDoors
from troth.app.doors.front_desk import FrontDeskDoors
from troth.app.doors.gives import GivesDoors
from troth.app.doors.leaving import LeavingDoors
from troth.app.doors.looks import LookDoors
from troth.app.doors.matters import MatterDoors
from troth.app.doors.minors import MinorDoors
from troth.app.doors.office import OfficeDoors
from troth.app.doors.operator import OperatorDoors
from troth.app.doors.orders import OrderDoors
from troth.app.doors.person import PersonDoors
from troth.app.doors.public import PublicDoors
from troth.app.doors.readings import ReadingDoors
from troth.app.doors.receivers import ReceiverDoors
from troth.app.doors.requests import RequestDoors
from troth.app.doors.rights import RightsDoors
from troth.app.doors.staff import StaffDoors
from troth.app.doors.versions import VersionDoors
from troth.app.prepare import prepare
from troth.app.system import opened
from troth.devices.door import DeviceDoor

if TYPE_CHECKING:
    from troth.app.settings import Settings
    from troth.app.system import System
    from troth.terms import Clock

__all__ = ["Troth", "prepare"]


class Troth(
    PublicDoors,
    VersionDoors,
    ArrivalDoors,
    PersonDoors,
    AgreementDoors,
    OfficeDoors,
    LeavingDoors,
    OrderDoors,
    ReceiverDoors,
    LookDoors,
    ReadingDoors,
    GivesDoors,
    RightsDoors,
    RequestDoors,
    MatterDoors,
    MinorDoors,
    FrontDeskDoors,
    StaffDoors,
    ChoreDoors,
    AlarmDoors,
    OperatorDoors,
):
    """One system. Use as ``async with Troth.open(settings) as troth``; its methods may run at once."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        self.door = DeviceDoor(system.ingest, system.devices)
        """Where the device edge comes in."""

    @property
    def settings(self) -> Settings:
        """What this system was told."""
        return self._system.settings

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, clock: Clock | None = None) -> AsyncGenerator[Self]:
        """Open a system from its settings, and close it on leaving. Raises what `opened` raises."""
        async with opened(settings, clock) as system:
            yield cls(system)
