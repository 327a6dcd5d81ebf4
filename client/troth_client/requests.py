"""A signed-in person's requests.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence

from troth_client import shapes
from troth_client.call import Call, into


def requests() -> Call[Sequence[shapes.RequestShown]]:
    """List my requests, by when each is answered, and what was answered."""
    return Call("GET", "/v1/me/requests", "json")


def request(
    *, policy: str | None = None, right: str, text: str | None = None, about: str | None = None
) -> Call[shapes.RequestShown]:
    """Make a request, through a way that the policy names; cancelling has its own two steps."""
    return Call(
        "POST",
        "/v1/me/requests",
        "json",
        query={"policy": policy},
        body={"right": right, "text": text, "about": about},
    )


def tell_more(request: str, *, text: str) -> Call[shapes.RequestShown]:
    """Add to a request, as an answer to what was asked."""
    return Call("POST", into("/v1/me/requests/{request}/more", request=request), "json", body={"text": text})


def agree(request: str) -> Call[shapes.RequestShown]:
    """Agree to what was quoted; without it nothing is done."""
    return Call("POST", into("/v1/me/requests/{request}/agree", request=request), "json", body={})


def withdraw(request: str) -> Call[shapes.RequestShown]:
    """Take it back; a cancellation that waits is as if it had never been asked for."""
    return Call("POST", into("/v1/me/requests/{request}/withdraw", request=request), "json", body={})


def delete_part(function: str) -> Call[shapes.RequestShown]:
    """Delete all that a function holds of me, at once where the policy asks for no more proof."""
    return Call("POST", into("/v1/me/functions/{function}/delete", function=function), "json", body={})
