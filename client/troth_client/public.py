"""What anyone may read.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from troth_client import shapes
from troth_client.call import Call, into


def health() -> Call[shapes.Ready]:
    """Answer 200 when database and broker are there, else 503."""
    return Call("GET", "/healthz", "json")


def policies() -> Call[Sequence[shapes.PolicyListed]]:
    """List every policy with its current version."""
    return Call("GET", "/v1/policies", "json")


def policy(
    name: str, *, language: Literal["en", "zh"] | None = None, version: int | None = None
) -> Call[shapes.NoticeShown]:
    """Return the notice and the hash that an acceptance names; of the current version, or of an older one."""
    return Call(
        "GET",
        into("/v1/policies/{name}", name=name),
        "json",
        query={"language": language, "version": version},
    )


def head() -> Call[str]:
    """Return a C2SP checkpoint; keep it to verify later that nothing was rewritten."""
    return Call("GET", "/v1/ledger/head", "text")


def key() -> Call[shapes.KeyShown]:
    """Return the key's name and its raw Ed25519 public key in base64."""
    return Call("GET", "/v1/ledger/key", "json")


def keys() -> Call[shapes.KeySet]:
    """Return the keys with which heads, receipts and certificates are checked, each with its handover."""
    return Call("GET", "/v1/keys", "json")


def announced(
    *, language: Literal["en", "zh"] | None = None, policy: str | None = None
) -> Call[Sequence[shapes.NoticeGiven]]:
    """List announcements, the newest first; with ``policy``, those of one policy."""
    return Call("GET", "/v1/notices", "json", query={"language": language, "policy": policy})
