"""What is a signed-in person's.

Written from the routes of the API by `make bless`; edit there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from troth_client import shapes
from troth_client.call import Call, into


def me(*, policy: str | None = None) -> Call[shapes.MeShown]:
    """Return functions with on/off and why, switches and devices."""
    return Call("GET", "/v1/me", "json", query={"policy": policy})


def choose(
    function: str,
    *,
    policy: str | None = None,
    language: Literal["en", "zh"],
    text_hash: str | None = None,
    item: str | None = None,
) -> Call[shapes.ReceiptGiven]:
    """Turn a function on; the receipt names the text that was shown."""
    return Call(
        "POST",
        into("/v1/me/functions/{function}/choose", function=function),
        "json",
        query={"policy": policy},
        body={"language": language, "text_hash": text_hash, "item": item},
    )


def withdraw(
    function: str, *, policy: str | None = None, item: str | None = None
) -> Call[shapes.ReceiptGiven]:
    """Turn a function off; everything else flows on."""
    return Call(
        "POST",
        into("/v1/me/functions/{function}/withdraw", function=function),
        "json",
        query={"policy": policy},
        body={"item": item},
    )


def switch(
    switch: str, *, policy: str | None = None, on: bool, device: str | None = None
) -> Call[shapes.ReceiptGiven]:
    """Switch a stream, for one device or for the person."""
    return Call(
        "PUT",
        into("/v1/me/switches/{switch}", switch=switch),
        "json",
        query={"policy": policy},
        body={"on": on, "device": device},
    )


def bind(
    *,
    policy: str | None = None,
    serial: str,
    model: str,
    mac: str,
    ip: str,
    code: str,
    store: shapes.StoreNamed | None = None,
    seen_by: str | None = None,
    kind: str | None = None,
) -> Call[shapes.DeviceBound]:
    """Bind by serial and code; the secret is shown this once.

    A till says in which store it stands, and which of your cameras sees it.
    """
    return Call(
        "POST",
        "/v1/me/devices",
        "json",
        query={"policy": policy},
        body={
            "serial": serial,
            "model": model,
            "mac": mac,
            "ip": ip,
            "code": code,
            "store": store,
            "seen_by": seen_by,
            "kind": kind,
        },
    )


def link(
    device: str,
    *,
    serial: str,
    model: str,
    mac: str,
    ip: str,
    store: shapes.StoreNamed | None = None,
    seen_by: str | None = None,
) -> Call[shapes.DeviceLinked]:
    """Tell what a device is and where it stands, for the functions that you chose since you bound it."""
    return Call(
        "PUT",
        into("/v1/me/devices/{device}", device=device),
        "json",
        body={"serial": serial, "model": model, "mac": mac, "ip": ip, "store": store, "seen_by": seen_by},
    )


def unbind(device: str) -> Call[None]:
    """Release a device: its token dies and its identifiers go; what it measured stays."""
    return Call("DELETE", into("/v1/me/devices/{device}", device=device), "nothing")


def store(*, store_name: str, store_address: str, business_hours: shapes.Hours) -> Call[None]:
    """Put the shop's name, address and hours on file, for the functions that need them."""
    return Call(
        "PUT",
        "/v1/me/store",
        "nothing",
        body={"store_name": store_name, "store_address": store_address, "business_hours": business_hours},
    )


def footfall(*, day: str) -> Call[shapes.FootfallShown]:
    """Count line crossings of one local day."""
    return Call("GET", "/v1/me/footfall", "json", query={"day": day})


def alerts(*, day: str) -> Call[shapes.AlertsShown]:
    """List alerts of one local day."""
    return Call("GET", "/v1/me/alerts", "json", query={"day": day})


def copy() -> Call[bytes]:
    """Stream a complete copy, one JSON value a line, without writing it anywhere."""
    return Call("GET", "/v1/me/copy", "bytes")


def cancel() -> Call[shapes.CancelOffered]:
    """Offer the second step; nothing happens yet."""
    return Call("POST", "/v1/me/cancel", "json", body={})


def confirm(*, confirm: str) -> Call[shapes.CancelDone]:
    """Cancel; from now on everything about this account is refused, or it waits as the policy says."""
    return Call("POST", "/v1/me/cancel/confirm", "json", body={"confirm": confirm})


def receipts() -> Call[Sequence[shapes.ReceiptShown]]:
    """List the receipts of everything I accepted, chose or took back."""
    return Call("GET", "/v1/me/receipts", "json")


def accept(
    name: str, *, version: int, language: Literal["en", "zh"], text_hash: str
) -> Call[shapes.ReceiptGiven]:
    """Agree to the very text that was shown; what it newly offers waits to be chosen."""
    return Call(
        "POST",
        into("/v1/me/policies/{name}/accept", name=name),
        "json",
        body={"version": version, "language": language, "text_hash": text_hash},
    )


def go_on(
    name: str, *, version: int, language: Literal["en", "zh"], text_hash: str
) -> Call[shapes.ReceiptGiven]:
    """Go on without accepting, where the accepted version says what that means: both bind, nothing widens."""
    return Call(
        "POST",
        into("/v1/me/policies/{name}/continue", name=name),
        "json",
        body={"version": version, "language": language, "text_hash": text_hash},
    )


def visits(*, day: str) -> Call[shapes.VisitsShown]:
    """Count the visits of one local day."""
    return Call("GET", "/v1/me/visits", "json", query={"day": day})


def till(function: str, *, day: str) -> Call[shapes.TillShown]:
    """List every transaction of one local day, and what the camera saw of its till."""
    return Call(
        "GET", into("/v1/me/functions/{function}/till", function=function), "json", query={"day": day}
    )


def flags(function: str, *, day: str) -> Call[shapes.FlagsShown]:
    """List the flags of one local day: the reason, the transaction, and the film that shows it."""
    return Call(
        "GET", into("/v1/me/functions/{function}/flags", function=function), "json", query={"day": day}
    )


def review(function: str, flag: str, *, day: str, verdict: Literal["confirmed", "cleared"]) -> Call[None]:
    """Keep what you say of a flag of that day; said again, the last counts."""
    return Call(
        "PUT",
        into("/v1/me/functions/{function}/flags/{flag}", function=function, flag=flag),
        "nothing",
        body={"day": day, "verdict": verdict},
    )


def openings() -> Call[Sequence[shapes.OpeningShown]]:
    """List each time that the maker's people or programs saw something of yours, or were refused."""
    return Call("GET", "/v1/me/openings", "json")


def held(*, policy: str | None = None) -> Call[shapes.RecordsShown]:
    """List the items on file for each function; values stay sealed."""
    return Call("GET", "/v1/me/records", "json", query={"policy": policy})


def outdated() -> Call[Sequence[shapes.OutdatedShown]]:
    """List what you had corrected and a restore lost: give it again. Nothing uses the value before."""
    return Call("GET", "/v1/me/outdated", "json")


def give(function: str, *, policy: str | None = None, values: Mapping[str, Any]) -> Call[shapes.Given]:
    """Give items to a function that takes them, together where it needs them all; or correct them."""
    return Call(
        "PUT",
        into("/v1/me/functions/{function}/items", function=function),
        "json",
        query={"policy": policy},
        body={"values": values},
    )


def show(function: str, item: str, *, policy: str | None = None) -> Call[shapes.ValueShown]:
    """Open one document of one's own."""
    return Call(
        "GET",
        into("/v1/me/functions/{function}/items/{item}", function=function, item=item),
        "json",
        query={"policy": policy},
    )


def take_back(function: str, item: str, *, policy: str | None = None) -> Call[None]:
    """Let the function no longer hold the item; other functions keep their own hold on it."""
    return Call(
        "DELETE",
        into("/v1/me/functions/{function}/items/{item}", function=function, item=item),
        "nothing",
        query={"policy": policy},
    )


def state(function: str, need: str, *, policy: str | None = None, met: bool) -> Call[None]:
    """Say that a need is met or no longer: a permission of the phone, a notice that was put up."""
    return Call(
        "PUT",
        into("/v1/me/functions/{function}/needs/{need}", function=function, need=need),
        "nothing",
        query={"policy": policy},
        body={"met": met},
    )


def permit(permission: str, *, policy: str | None = None, met: bool) -> Call[None]:
    """Say that a permission of the phone was given or taken back; only those of the policy may be given."""
    return Call(
        "PUT",
        into("/v1/me/permissions/{permission}", permission=permission),
        "nothing",
        query={"policy": policy},
        body={"met": met},
    )


def readings(function: str, *, day: str, policy: str | None = None) -> Call[shapes.ReadingsShown]:
    """List what one function has of one local day, the first ones; ``times`` says how many there are."""
    return Call(
        "GET",
        into("/v1/me/functions/{function}/readings", function=function),
        "json",
        query={"day": day, "policy": policy},
    )


def correct_reading(
    function: str, reading: str, *, policy: str | None = None, value: Mapping[str, Any]
) -> Call[shapes.ReceiptGiven]:
    """Give it another value; when it was measured, and of what, stays as it is."""
    return Call(
        "PUT",
        into("/v1/me/functions/{function}/readings/{reading}", function=function, reading=reading),
        "json",
        query={"policy": policy},
        body={"value": value},
    )


def delete_reading(function: str, reading: str, *, policy: str | None = None) -> Call[shapes.ReceiptGiven]:
    """Delete it; should the device send it again, it is not taken."""
    return Call(
        "DELETE",
        into("/v1/me/functions/{function}/readings/{reading}", function=function, reading=reading),
        "json",
        query={"policy": policy},
    )


def notices(*, language: Literal["en", "zh"] | None = None) -> Call[Sequence[shapes.NoticeGiven]]:
    """List what concerns this person: incidents, new versions, ends; the newest first."""
    return Call("GET", "/v1/me/notices", "json", query={"language": language})


def see(matter: str, *, language: Literal["en", "zh"] | None = None) -> Call[None]:
    """Note that it was put before them."""
    return Call(
        "PUT", into("/v1/me/notices/{matter}/seen", matter=matter), "nothing", query={"language": language}
    )


def given() -> Call[Sequence[shapes.GivenAway]]:
    """List each time that something about this person was given away, the newest first."""
    return Call("GET", "/v1/me/given", "json")


def choices(*, policy: str | None = None) -> Call[Sequence[shapes.ChoiceShown]]:
    """List the receivers on the register, in which cases each gets something, and what I said of it."""
    return Call("GET", "/v1/me/receivers", "json", query={"policy": policy})


def allow(
    receiver: str, *, policy: str | None = None, purpose: str, allowed: bool, separate: bool | None = None
) -> Call[None]:
    """Say yes or no to one receiver for one purpose; what a case needs beyond that, it still needs."""
    return Call(
        "PUT",
        into("/v1/me/receivers/{receiver}", receiver=receiver),
        "nothing",
        query={"policy": policy},
        body={"purpose": purpose, "allowed": allowed, "separate": separate},
    )


def kept() -> Call[Sequence[shapes.KeptShown]]:
    """List what of yours outlives its deletion, by which clause, on which paper and until when."""
    return Call("GET", "/v1/me/kept", "json")
