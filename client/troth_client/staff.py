"""What the maker's people do.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth_client import shapes
from troth_client.call import Call


def share_by_staff(
    *,
    subject: str,
    function: str,
    purpose: str,
    items: Sequence[str],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
    recipient: str | None = None,
    device: str | None = None,
    region: str | None = None,
    case: shapes.InCase | None = None,
) -> Call[shapes.HandedOut]:
    """Open what the policy lets staff hand on for this purpose or in this case, and record it."""
    return Call(
        "POST",
        "/v1/staff/share",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "items": items,
            "reference": reference,
            "policy": policy,
            "recipient": recipient,
            "device": device,
            "region": region,
            "case": case,
        },
    )


def disclose_by_staff(
    *,
    subject: str,
    function: str,
    purpose: str,
    items: Sequence[str],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
    recipient: str | None = None,
    device: str | None = None,
    region: str | None = None,
    case: shapes.InCase | None = None,
) -> Call[shapes.HandedOut]:
    """Open what the policy lets staff publish for this purpose or in this case, and record it."""
    return Call(
        "POST",
        "/v1/staff/disclose",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "items": items,
            "reference": reference,
            "policy": policy,
            "recipient": recipient,
            "device": device,
            "region": region,
            "case": case,
        },
    )


def look(
    *,
    subject: str,
    function: str,
    items: Sequence[str],
    purpose: str,
    reference: shapes.Grounds | None = None,
) -> Call[shapes.Looked]:
    """Return the values that a clause opens for this purpose; every look lands in the ledger."""
    return Call(
        "POST",
        "/v1/staff/look",
        "json",
        body={
            "subject": subject,
            "function": function,
            "items": items,
            "purpose": purpose,
            "reference": reference,
        },
    )


def stock(*, serial: str, model: str, code: str, supplier: str | None = None) -> Call[shapes.Stocked]:
    """Register a produced device, so that its buyer can bind it."""
    return Call(
        "POST",
        "/v1/maker/devices",
        "json",
        body={"serial": serial, "model": model, "code": code, "supplier": supplier},
    )
