"""The names under which devices and Troth meet on the broker. Nothing else in the system knows one.

A name holds an opaque token and a word of the policy, never anything about a person. MQTT writes
``up/<token>/<function>``, the stream behind it ``up.<token>.<function>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from troth.devices.batch import Malformed, Refusal
from troth.terms import FunctionName, SubjectId

STREAM = "UP"
DURABLE = "ingest"
EVERYTHING_UP = "up.>"
CHANGED = "troth.changed.*"
_UP = re.compile(r"up\.(?P<token>[0-9a-f]{32})\.(?P<function>[a-z][a-z0-9_]{0,63})")


def spoken(subject: str) -> tuple[str, FunctionName]:
    """Return the token and the function that a stream subject names. Raises `Malformed`."""
    found = _UP.fullmatch(subject)
    if found is None:
        raise Malformed(Refusal.UNKNOWN_TOPIC)
    return found["token"], FunctionName(found["function"])


def may_publish(token: str, functions: Iterable[FunctionName]) -> list[str]:
    """Return the stream subjects of a device's functions."""
    return [f"up.{token}.{function}" for function in sorted(functions)]


def may_hear(token: str) -> list[str]:
    """Return the stream subjects on which a device is spoken to."""
    return [acks(token), f"down.{token}.cmd"]


def acks(token: str) -> str:
    """Return where a device hears that a batch was committed."""
    return f"down.{token}.ack"


def changed(subject: SubjectId) -> str:
    """Return where it is said, after the commit, that this subject's standing changed."""
    return f"troth.changed.{subject}"
