"""Orders of authorities that something be kept.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth_client import shapes
from troth_client.call import Call, into


def listed() -> Call[Sequence[shapes.OrderShown]]:
    """List what authorities' orders keep, the next to end first; people by opaque id."""
    return Call("GET", "/v1/staff/orders", "json")


def place(
    *,
    contact: str,
    function: str,
    document: str,
    until: str,
    policy: str | None = None,
    items: Sequence[str] | None = None,
) -> Call[shapes.Keeping]:
    """Keep from deletion what a function holds of one person; refused where no clause lets an order do so."""
    return Call(
        "POST",
        "/v1/staff/orders",
        "json",
        body={
            "contact": contact,
            "function": function,
            "document": document,
            "until": until,
            "policy": policy,
            "items": items,
        },
    )


def prolong(document: str, *, subject: str, until: str) -> Call[shapes.Keeping]:
    """Move the end of what an order keeps of one person, also of someone who is gone."""
    return Call(
        "POST",
        into("/v1/staff/orders/{document}/prolong", document=document),
        "json",
        body={"subject": subject, "until": until},
    )


def end(document: str, *, subject: str) -> Call[shapes.Keeping]:
    """Let go of what an order keeps of one person, before its day."""
    return Call(
        "POST", into("/v1/staff/orders/{document}/end", document=document), "json", body={"subject": subject}
    )
