"""A signed-in person's clips and pictures.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from troth_client import shapes
from troth_client.call import Call, Content, into


def held() -> Call[shapes.MediaShown]:
    """List what is held; nothing is opened."""
    return Call("GET", "/v1/me/media", "json")


def upload(
    function: str,
    item: str,
    *,
    content: Content,
    content_type: str,
    of: str | None = None,
    measured: str | None = None,
    seconds: float | None = None,
) -> Call[shapes.MediaStored]:
    """Store the body as one object, of the type in `Content-Type`; with `of`, as a thumbnail of another.

    `Troth-Measured` says when it was made, `Troth-Seconds` how long it lasts. The policy is asked before the
    first byte is stored, and again when it is whole.
    """
    return Call(
        "POST",
        into("/v1/me/functions/{function}/media/{item}", function=function, item=item),
        "json",
        query={"of": of},
        headers={"Troth-Measured": measured, "Troth-Seconds": seconds},
        content=(content, content_type),
    )


def read(media: str) -> Call[bytes]:
    """Stream an object, whole or the one range of bytes that `Range` names (`If-Range` is honoured)."""
    return Call("GET", into("/v1/me/media/{media}", media=media), "bytes")


def forget(media: str) -> Call[None]:
    """Delete an object with its thumbnails: nobody opens it from now on, and its bytes are swept."""
    return Call("DELETE", into("/v1/me/media/{media}", media=media), "nothing")
