"""Coming and going.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from troth_client import shapes
from troth_client.call import Call, into


def register(
    *,
    password: str,
    policy: str,
    version: int,
    language: Literal["en", "zh"],
    text_hash: str,
    agreed: bool,
    phone: str | None = None,
    email: str | None = None,
    birth_date: str | None = None,
    declares_adult: bool | None = None,
    guardian: str | None = None,
    items: Mapping[str, Any] | None = None,
) -> Call[shapes.AccountMade]:
    """Open an account that waits for the code sent to it. A known phone gets the same answer."""
    return Call(
        "POST",
        "/v1/accounts",
        "json",
        body={
            "password": password,
            "policy": policy,
            "version": version,
            "language": language,
            "text_hash": text_hash,
            "agreed": agreed,
            "phone": phone,
            "email": email,
            "birth_date": birth_date,
            "declares_adult": declares_adult,
            "guardian": guardian,
            "items": items,
        },
    )


def verify(account: str, *, code: str) -> Call[shapes.FirstSession]:
    """Begin a session with the right code; the receipt proves what was agreed to."""
    return Call("POST", into("/v1/accounts/{account}/verify", account=account), "json", body={"code": code})


def sign_in(*, login: str, password: str) -> Call[shapes.SessionBegun]:
    """Begin a session. With the token of another one of the same account, strangers' tries slow nothing."""
    return Call("POST", "/v1/sessions", "json", body={"login": login, "password": password})


def sign_out_everywhere() -> Call[None]:
    """End every session of this person."""
    return Call("DELETE", "/v1/sessions", "nothing")


def ask_code(*, login: str) -> Call[Any]:
    """Send a code to sign in with in place of a password. Everyone hears the same."""
    return Call("POST", "/v1/sessions/code", "json", body={"login": login})


def sign_in_by_code(*, login: str, code: str) -> Call[shapes.SessionBegun]:
    """Begin a session with the code that was sent; it is good once."""
    return Call("POST", "/v1/sessions/by-code", "json", body={"login": login, "code": code})


def reset_password(*, login: str, code: str, password: str) -> Call[shapes.SessionBegun]:
    """Set a password in place of a forgotten one, with the code that was sent. Every other session ends."""
    return Call(
        "POST", "/v1/sessions/new-password", "json", body={"login": login, "code": code, "password": password}
    )


def sessions() -> Call[Sequence[shapes.SessionShown]]:
    """List sessions, the newest first; ``here`` is the one that asks."""
    return Call("GET", "/v1/me/sessions", "json")


def sign_out_there(session: str) -> Call[None]:
    """End one session of mine, such as that of a phone that was lost."""
    return Call("DELETE", into("/v1/me/sessions/{session}", session=session), "nothing")


def set_password(*, password: str, current: str | None = None) -> Call[shapes.SessionBegun]:
    """Set the first password of who signs in by code, or another one. Every other session ends."""
    return Call("PUT", "/v1/me/password", "json", body={"password": password, "current": current})


def sign_out() -> Call[None]:
    """End this session."""
    return Call("DELETE", "/v1/sessions/current", "nothing")


def farewell(*, farewell: str) -> Call[shapes.FarewellShown]:
    """Show the stages reached; hand out, each once, the certificate and its addendum. Needs no account."""
    return Call("POST", "/v1/farewell", "json", body={"farewell": farewell})
