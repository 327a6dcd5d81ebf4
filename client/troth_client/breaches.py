"""Breaches, as the maker's people handle them.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from troth_client import shapes
from troth_client.call import Call, into


def listed() -> Call[Sequence[shapes.BreachShown]]:
    """List incidents, the open ones first."""
    return Call("GET", "/v1/staff/breaches", "json")


def declare(
    *,
    policy: str,
    known: str | None = None,
    functions: Sequence[str] | None = None,
    items: Sequence[str] | None = None,
    subjects: Sequence[str] | None = None,
) -> Call[shapes.BreachShown]:
    """Put on record that data leaked; from ``known`` on the time runs."""
    return Call(
        "POST",
        "/v1/staff/breaches",
        "json",
        body={"policy": policy, "known": known, "functions": functions, "items": items, "subjects": subjects},
    )


def one(matter: str) -> Call[shapes.BreachShown]:
    """Show where it stands, and what is due."""
    return Call("GET", into("/v1/staff/breaches/{matter}", matter=matter), "json")


def write(matter: str, *, part: str, language: str, text: str) -> Call[shapes.BreachShown]:
    """Write one part in one language, until it goes out."""
    return Call(
        "PUT",
        into("/v1/staff/breaches/{matter}/notice", matter=matter),
        "json",
        body={"part": part, "language": language, "text": text},
    )


def contain(matter: str, *, document: str) -> Call[shapes.BreachShown]:
    """Attach what stopped it from spreading."""
    return Call(
        "POST",
        into("/v1/staff/breaches/{matter}/contained", matter=matter),
        "json",
        body={"document": document},
    )


def tell(matter: str) -> Call[shapes.BreachShown]:
    """Tell everybody concerned; refused while a part is empty."""
    return Call("POST", into("/v1/staff/breaches/{matter}/tell", matter=matter), "json", body={})


def report(matter: str, *, language: Literal["en", "zh"] | None = None) -> Call[shapes.ReportShown]:
    """Return it as far as it is known."""
    return Call(
        "GET", into("/v1/staff/breaches/{matter}/report", matter=matter), "json", query={"language": language}
    )


def file(matter: str, *, document: str) -> Call[shapes.BreachShown]:
    """Attach the report that was sent."""
    return Call(
        "POST",
        into("/v1/staff/breaches/{matter}/reported", matter=matter),
        "json",
        body={"document": document},
    )


def close(matter: str) -> Call[shapes.BreachShown]:
    """Close it; refused while the policy still asks for something."""
    return Call("POST", into("/v1/staff/breaches/{matter}/close", matter=matter), "json", body={})
