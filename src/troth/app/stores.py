"""Where media lies, as it is set: a folder, or a bucket of a server that speaks S3. Opens nothing.

The keys of a bucket are never shown: not in a message, nor where a value of this is printed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from troth.terms import TrothError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BUCKET = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_NEAR = frozenset({"127.0.0.1", "::1", "localhost"})
ENDPOINT, REGION, ACCESS, SECRET = (f"TROTH_MEDIA_{x}" for x in ("ENDPOINT", "REGION", "ACCESS", "SECRET"))


class UnfitStore(TrothError):
    """media cannot be kept as it is set: see TROTH_MEDIA"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket, and what opens it."""

    name: str
    endpoint: str
    region: str
    access: str = field(repr=False)
    secret: str = field(repr=False)


Store = Path | Bucket


def read(value: str | None, told: Mapping[str, str | None], usual: Path) -> Store:
    """Return the store that ``value`` names; ``told``: the other variables. Raises `UnfitStore`."""
    if value is None or value.startswith("/"):
        extra = sorted(name for name, said in told.items() if said is not None)
        if extra:
            raise UnfitStore(
                f"{extra[0]} belongs to a bucket: write TROTH_MEDIA=s3://NAME as well, or unset it"
            )
        if value is not None and not value.isprintable():
            raise UnfitStore("TROTH_MEDIA is not a full path: write one that begins with /")
        return usual if value is None else Path(value)
    found = _BUCKET.fullmatch(value)
    if found is None:
        raise UnfitStore("TROTH_MEDIA is not a place for media: write a full path, or s3://BUCKET")
    for name in (ENDPOINT, ACCESS, SECRET):
        if not told.get(name):
            raise UnfitStore(f"{name} is not set: a bucket needs {ENDPOINT}, {ACCESS} and {SECRET}")
    region = told.get(REGION) or "us-east-1"
    if not _REGION.fullmatch(region):
        raise UnfitStore(f"{REGION} is not a region: write one such as us-east-1")
    return Bucket(
        name=found["bucket"],
        endpoint=_endpoint(told[ENDPOINT] or ""),
        region=region,
        access=told[ACCESS] or "",
        secret=told[SECRET] or "",
    )


def _endpoint(value: str) -> str:
    try:
        url = urlsplit(value)
        good = bool(url.hostname) and (
            url.scheme == "https" or (url.scheme == "http" and url.hostname in _NEAR)
        )
        good = good and url.username is None and url.password is None
    except ValueError:
        good = False
    if not good:
        raise UnfitStore(
            f"{ENDPOINT} is not where a bucket is: write an https:// address without a credential "
            "(http:// for this machine only)"
        )
    return value
