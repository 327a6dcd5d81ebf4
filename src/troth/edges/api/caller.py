"""Who calls: the bearer token of a request, and the system that the request is for.

A token is opaque here. Whether it is anyone's is decided behind the door.
"""

from __future__ import annotations

import re
from typing import Annotated, cast

from fastapi import Depends, Query, Request

from troth.app.wiring import Troth
from troth.terms import PolicyName

_BEARER = re.compile(r"[Bb]earer +(?P<token>[A-Za-z0-9_.~+/=-]{1,512})")


def system(request: Request) -> Troth:
    """Return the system that this application was made for."""
    return cast("Troth", request.app.state.troth)


def token(request: Request) -> str:
    """Return the bearer token, or an empty one, which is nobody's."""
    found = _BEARER.fullmatch(request.headers.get("authorization", "").strip())
    return found["token"] if found else ""


def prover(request: Request) -> tuple[str, str]:
    """Return the token and the secret that a device shows, or empty ones, which are no device's."""
    named, _, secret = token(request).partition(".")
    return named, secret


def origin(request: Request) -> str | None:
    """Return the address that the request came from; it is hashed at once and never kept."""
    return request.client.host if request.client else None


def under(
    policy: Annotated[
        str | None,
        Query(
            max_length=64,
            pattern=r"^[a-z0-9][a-z0-9_.-]*$",
            description="Which of the policies that one accepted; without it, the one of the account.",
        ),
    ] = None,
) -> PolicyName | None:
    """Return which policy a request is about, of all that the person accepted; None: their account's."""
    return PolicyName(policy) if policy is not None else None


System = Annotated[Troth, Depends(system)]
Token = Annotated[str, Depends(token)]
Prover = Annotated[tuple[str, str], Depends(prover)]
Under = Annotated[PolicyName | None, Depends(under)]
Origin = Annotated[str | None, Depends(origin)]
