"""What a device sends beside MQTT.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from troth_client import shapes
from troth_client.call import Call, Content, into


def send(
    function: str,
    item: str,
    *,
    content: Content,
    content_type: str,
    of: str | None = None,
    measured: str | None = None,
    seconds: float | None = None,
) -> Call[shapes.MediaStored]:
    """Store the body as one object of the device's owner. The bearer is `TOKEN.SECRET`, as it was bound.

    Otherwise as when a person gives it.
    """
    return Call(
        "POST",
        into("/v1/device/functions/{function}/media/{item}", function=function, item=item),
        "json",
        query={"of": of},
        headers={"Troth-Measured": measured, "Troth-Seconds": seconds},
        content=(content, content_type),
    )
