"""Where sealed media lies: a folder, or a store that speaks S3. Sees ciphertext and opaque names only.

An object is a row of segments, each written whole or not at all, so that nothing unfinished is ever out of
sight: whatever was begun is found by listing, and swept.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import obstore
from obstore.store import LocalStore, S3Store

from troth.terms import TrothError

_OBSTORE: Any = obstore  # its listing is typed by an optional package
_FOLDER_MODE = 0o700


class SegmentMissing(TrothError):
    """a part of this object is not in the object store: restore the store from its own backup"""


class Objects:
    """One object store. `folder` or `s3` makes it."""

    def __init__(self, store: LocalStore | S3Store, root: Path | None = None) -> None:
        self._store = store
        self._root = root

    @classmethod
    def folder(cls, path: Path) -> Objects:
        """Keep objects in a folder of the deployment's own."""
        path.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        return cls(LocalStore(path), path)

    @classmethod
    def s3(cls, endpoint: str, bucket: str, *, access: str, secret: str, region: str = "local") -> Objects:
        """Keep objects in a bucket of a server that speaks S3."""
        return cls(
            S3Store(
                bucket,
                endpoint=endpoint,
                access_key_id=access,
                secret_access_key=secret,
                region=region,
                virtual_hosted_style_request=False,
                client_options={"allow_http": endpoint.startswith("http://")},
            )
        )

    async def prove(self) -> None:
        """Put an object, read it back and remove it. Raises whatever keeps the store from it."""
        probe, content = uuid4(), b"troth"
        await self.put(probe, 0, content)
        try:
            if await self.get(probe, 0, 0, len(content)) != content:
                raise SegmentMissing
        finally:
            await self.remove(probe)

    async def put(self, of: UUID, number: int, sealed: bytes) -> None:
        """Write one segment, whole or not at all; written again, it replaces itself."""
        await obstore.put_async(self._store, _name(of, number), sealed, use_multipart=False)

    async def get(self, of: UUID, number: int, first: int, end: int) -> bytes:
        """Return a segment from ``first`` up to, not including, ``end``. Raises `SegmentMissing`."""
        try:
            found = await obstore.get_range_async(self._store, _name(of, number), start=first, end=end)
        except FileNotFoundError:
            raise SegmentMissing from None
        return bytes(found)

    async def segments(self, of: UUID) -> Sequence[str]:
        """Return the names of the segments that are there."""
        names: list[str] = []
        async for batch in _OBSTORE.list(self._store, prefix=_folder(of)):
            names.extend(str(meta["path"]) for meta in batch)
        return names

    async def remove(self, of: UUID) -> int:
        """Delete an object, however much of it is there; return how many segments. Twice is no error."""
        names = await self.segments(of)
        if names:
            await obstore.delete_async(self._store, list(names))
        if self._root is not None:  # with whatever a crash left half written beside the segments
            await asyncio.to_thread(shutil.rmtree, self._root / _folder(of), ignore_errors=True)
        return len(names)


def _folder(of: UUID) -> str:
    return f"{of.hex[:2]}/{of.hex}"


def _name(of: UUID, number: int) -> str:
    return f"{_folder(of)}/{number:08d}"
