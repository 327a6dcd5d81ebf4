"""What pages call things that have a name of ours: devices by kind and number, clauses by what they say.

A clause's own address stays behind the link, for whoever checks. Names things; decides nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.app.views import Me
    from troth.edges.web.words import Words
    from troth.policy.notice import Notice
    from troth.terms import ClauseId, DeviceId


def devices(me: Me, t: Words) -> Mapping[DeviceId, str]:
    """Return what each device is called: its kind, with a number where there are several of that kind."""
    several = Counter(line.kind for line in me.devices)
    number: Counter[str] = Counter()
    names: dict[DeviceId, str] = {}
    for line in me.devices:
        number[line.kind] += 1
        kind = t(f"device.{line.kind}")
        one = several[line.kind] == 1
        names[line.device] = kind if one else t("device_number", kind=kind, number=number[line.kind])
    return names


def by_id(me: Me, t: Words) -> Mapping[str, str]:
    """Return the same by the id as values have it."""
    return {str(device): name for device, name in devices(me, t).items()}


def clauses(notice: Notice) -> Mapping[ClauseId, str]:
    """Return what the notice calls each clause: the heading or the label that it stands under."""
    names: dict[ClauseId, str] = {}
    for section in notice.sections:
        if section.clause is not None:
            names[section.clause] = section.heading
        for line in section.lines:
            if line.clause is not None:
                names.setdefault(line.clause, line.label or section.heading)
    return names
