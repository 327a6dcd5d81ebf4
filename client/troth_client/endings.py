"""Ends of functions and of the service.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth_client import shapes
from troth_client.call import Call


def end(*, policy: str, at: str, functions: Sequence[str] | None = None) -> Call[shapes.EndAnnounced]:
    """Announce that functions, or with none the service, end: people are told, then nothing comes in."""
    return Call(
        "POST", "/v1/staff/endings", "json", body={"policy": policy, "at": at, "functions": functions}
    )
