"""Requests at the maker's desk.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from troth_client import shapes
from troth_client.call import Call, into


def inbox() -> Call[Sequence[shapes.DeskShown]]:
    """List open requests by deadline, the most urgent first; nothing that anyone wrote."""
    return Call("GET", "/v1/staff/requests", "json")


def enter(
    *,
    contact: str,
    right: str,
    channel: str,
    text: str | None = None,
    received: str | None = None,
    about: str | None = None,
    policy: str | None = None,
) -> Call[shapes.DeskShown]:
    """Enter what came in by a way that the policy names; it waits for the proof that the policy asks for."""
    return Call(
        "POST",
        "/v1/staff/requests",
        "json",
        body={
            "contact": contact,
            "right": right,
            "channel": channel,
            "text": text,
            "received": received,
            "about": about,
            "policy": policy,
        },
    )


def read(request: str) -> Call[shapes.DeskShown]:
    """Show a request and, once it is proven whose it is, what they wrote; that look lands in the ledger."""
    return Call("GET", into("/v1/staff/requests/{request}", request=request), "json")


def prove(request: str, *, proofs: Sequence[str]) -> Call[shapes.DeskShown]:
    """Note proofs; refused while the policy asks for more."""
    return Call(
        "POST", into("/v1/staff/requests/{request}/proof", request=request), "json", body={"proofs": proofs}
    )


def ask(request: str, *, text: str) -> Call[shapes.DeskShown]:
    """Write to the person; the clock runs on."""
    return Call(
        "POST", into("/v1/staff/requests/{request}/ask", request=request), "json", body={"text": text}
    )


def checked(request: str) -> Call[shapes.DeskShown]:
    """Start the clock that the policy counts from then."""
    return Call("POST", into("/v1/staff/requests/{request}/checked", request=request), "json", body={})


def quote(request: str, *, fee: int, text: str | None = None) -> Call[shapes.DeskShown]:
    """Quote a fee, in fen, before any work; only for what was answered before."""
    return Call(
        "POST",
        into("/v1/staff/requests/{request}/quote", request=request),
        "json",
        body={"fee": fee, "text": text},
    )


def meet(
    request: str, *, text: str | None = None, function: str | None = None, warned: bool | None = None
) -> Call[shapes.DeskShown]:
    """Do what was asked and tell the person: a choice is taken back, data deleted, an account ended."""
    return Call(
        "POST",
        into("/v1/staff/requests/{request}/meet", request=request),
        "json",
        body={"text": text, "function": function, "warned": warned},
    )


def refuse(request: str, *, ground: str, facts: str) -> Call[shapes.DeskShown]:
    """Refuse on a ground that the policy lists; the person is told the facts and where to complain."""
    return Call(
        "POST",
        into("/v1/staff/requests/{request}/refuse", request=request),
        "json",
        body={"ground": ground, "facts": facts},
    )


def found_minor(*, contact: str, warned: bool | None = None) -> Call[shapes.MinorFound]:
    """Refuse everything about them from now on, under every policy, and erase it. Can't be undone."""
    return Call("POST", "/v1/staff/minors", "json", body={"contact": contact, "warned": warned})


def vouch(
    *, contact: str, policy: str, version: int, language: Literal["en", "zh"], text_hash: str, born: str
) -> Call[shapes.WordGiven]:
    """Hand out the word with which the child registers, once the desk has proven who speaks for them."""
    return Call(
        "POST",
        "/v1/staff/guardians",
        "json",
        body={
            "contact": contact,
            "policy": policy,
            "version": version,
            "language": language,
            "text_hash": text_hash,
            "born": born,
        },
    )


def no_longer(*, contact: str) -> Call[None]:
    """Take nothing of the child from the commit on; what is on file waits for the person's rights."""
    return Call("POST", "/v1/staff/guardians/no-longer", "nothing", body={"contact": contact})


def acknowledged(erasure: str, *, recipient: str, unless: str | None = None) -> Call[shapes.Acknowledged]:
    """Note a recipient's word, or why the policy spares it."""
    return Call(
        "POST",
        into("/v1/staff/erasures/{erasure}/acknowledged", erasure=erasure),
        "json",
        body={"recipient": recipient, "unless": unless},
    )
