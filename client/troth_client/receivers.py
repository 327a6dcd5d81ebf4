"""Who may be given something, and the papers for it.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth_client import shapes
from troth_client.call import Call, into


def listed() -> Call[Sequence[shapes.ReceiverShown]]:
    """List who may be given something beyond the functions, with the papers in force."""
    return Call("GET", "/v1/staff/receivers", "json")


def register(policy: str, receiver: str, *, kind: str, purpose: str, items: Sequence[str]) -> Call[None]:
    """Put a receiver on the register, or say anew what it is there for."""
    return Call(
        "PUT",
        into("/v1/staff/receivers/{policy}/{receiver}", policy=policy, receiver=receiver),
        "nothing",
        body={"kind": kind, "purpose": purpose, "items": items},
    )


def end(policy: str, receiver: str) -> Call[None]:
    """Let nothing go there from here on."""
    return Call(
        "DELETE", into("/v1/staff/receivers/{policy}/{receiver}", policy=policy, receiver=receiver), "nothing"
    )


def paper(policy: str, receiver: str, fact: str, *, document: str) -> Call[None]:
    """Note the opaque id of an agreement, of instructions, of whatever a case needs about the receiver."""
    return Call(
        "PUT",
        into(
            "/v1/staff/receivers/{policy}/{receiver}/papers/{fact}",
            policy=policy,
            receiver=receiver,
            fact=fact,
        ),
        "nothing",
        body={"document": document},
    )


def no_paper(policy: str, receiver: str, fact: str) -> Call[None]:
    """Note that it is no longer in force."""
    return Call(
        "DELETE",
        into(
            "/v1/staff/receivers/{policy}/{receiver}/papers/{fact}",
            policy=policy,
            receiver=receiver,
            fact=fact,
        ),
        "nothing",
    )
