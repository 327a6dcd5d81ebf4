"""The object store that is set, opened; and whether it takes an object and gives it back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from troth.app.stores import Store, UnfitStore
from troth.vault.objects import Objects

_PATIENCE_S = 20


def opened(store: Store) -> Objects:
    """Return the object store; it is reached when it is used."""
    if isinstance(store, Path):
        return Objects.folder(store)
    return Objects.s3(
        store.endpoint, store.name, access=store.access, secret=store.secret, region=store.region
    )


async def prove(store: Store) -> None:
    """See that an object can be put, read and removed. Raises `UnfitStore` with what to do."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await opened(store).prove()
    except Exception as error:  # noqa: BLE001 - whatever keeps it from working, the start says so
        where = store if isinstance(store, Path) else f"s3://{store.name} at {store.endpoint}"
        raise UnfitStore(
            f"TROTH_MEDIA: {where} does not take an object and give it back ({type(error).__name__}): "
            "see that it exists, that the key may read, write and delete there, and that it can be reached"
        ) from None  # its own words may hold the key's name
