"""What the maker's services do.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from troth_client import shapes
from troth_client.call import Call, into


def collect(
    *,
    subject: str,
    function: str,
    purpose: str,
    values: Mapping[str, Any],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
    another: bool | None = None,
) -> Call[shapes.TakenIn]:
    """Store what the policy lets a service collect about one person for this purpose."""
    return Call(
        "POST",
        "/v1/service/collect",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "values": values,
            "reference": reference,
            "policy": policy,
            "another": another,
        },
    )


def happened(
    *,
    subject: str,
    function: str,
    purpose: str,
    item: str,
    record: str,
    event: str,
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
) -> Call[shapes.Happened]:
    """Note that an order was completed: from then on a law may want its record, whatever else goes."""
    return Call(
        "POST",
        "/v1/service/happened",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "item": item,
            "record": record,
            "event": event,
            "reference": reference,
            "policy": policy,
        },
    )


def use(
    *,
    subject: str,
    function: str,
    purpose: str,
    items: Sequence[str],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
) -> Call[shapes.HandedOut]:
    """Open what the policy lets a service use for this purpose."""
    return Call(
        "POST",
        "/v1/service/use",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "items": items,
            "reference": reference,
            "policy": policy,
        },
    )


def share(
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
    """Open what the policy lets this recipient have, and record that they have it."""
    return Call(
        "POST",
        "/v1/service/share",
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


def disclose(
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
    """Open what the policy lets be published, and record it."""
    return Call(
        "POST",
        "/v1/service/disclose",
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


def listed(
    *,
    subject: str,
    function: str,
    purpose: str,
    items: Sequence[str],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
) -> Call[shapes.MediaShown]:
    """List what the policy lets a service, or the maker's people, see for this purpose."""
    return Call(
        "POST",
        "/v1/service/media",
        "json",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "items": items,
            "reference": reference,
            "policy": policy,
        },
    )


def hand_out(
    media: str,
    *,
    subject: str,
    function: str,
    purpose: str,
    items: Sequence[str],
    verb: Literal["use", "share", "disclose"],
    reference: shapes.Grounds | None = None,
    policy: str | None = None,
    recipient: str | None = None,
    device: str | None = None,
    region: str | None = None,
    case: shapes.InCase | None = None,
) -> Call[bytes]:
    """Stream what the policy lets be used, shared or disclosed; every opening lands in the ledger."""
    return Call(
        "POST",
        into("/v1/service/media/{media}", media=media),
        "bytes",
        body={
            "subject": subject,
            "function": function,
            "purpose": purpose,
            "items": items,
            "verb": verb,
            "reference": reference,
            "policy": policy,
            "recipient": recipient,
            "device": device,
            "region": region,
            "case": case,
        },
    )
