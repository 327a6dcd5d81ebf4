"""The STREAM construction: a long value in chunks, none of which can be moved, dropped or added unseen.

Every chunk's nonce is its number and whether it is the last, under a key that seals one object once; so a
range opens without the rest, and an object that was cut short does not open at its end. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from troth.vault import cipher

CHUNK = 1 << 20
TAG = 16
SEALED_CHUNK = CHUNK + TAG
CHUNKS_A_SEGMENT = 8
SEGMENT = CHUNK * CHUNKS_A_SEGMENT


@dataclass(frozen=True, slots=True)
class Part:
    """The chunks of one segment that cover a range: which bytes to fetch, and what to cut off once opened."""

    segment: int
    first_chunk: int
    first: int
    end: int
    skip: int
    take: int


def seal(key: bytes, aad: bytes, segment: int, plaintext: bytes, *, last: bool) -> bytes:
    """Return the sealed chunks of one segment. Every segment but the last is full."""
    chunks = chunk_count(len(plaintext))
    number = segment * CHUNKS_A_SEGMENT
    view = memoryview(plaintext)
    return b"".join(
        cipher.seal_chunk(
            key, aad, number + n, view[n * CHUNK : (n + 1) * CHUNK], last=last and n == chunks - 1
        )
        for n in range(chunks)
    )


def unseal(key: bytes, aad: bytes, size: int, part: Part, sealed: bytes) -> bytes:
    """Return the plaintext of ``part`` of an object of ``size`` bytes; raise `Unsealable`."""
    last = chunk_count(size) - 1
    number = part.segment * CHUNKS_A_SEGMENT + part.first_chunk
    view = memoryview(sealed)
    opened = [
        cipher.unseal_chunk(
            key, aad, number + n, view[n * SEALED_CHUNK : (n + 1) * SEALED_CHUNK], last=number + n == last
        )
        for n in range(-(-len(sealed) // SEALED_CHUNK))
    ]
    return b"".join(opened)[part.skip : part.skip + part.take]


def parts(size: int, first: int, end: int) -> Iterator[Part]:
    """Yield what to fetch for the bytes from ``first`` up to, not including, ``end``, in order."""
    at = first
    while at < end or (size == 0 and at == 0 == end):
        segment = at // SEGMENT
        start = segment * SEGMENT
        within = min(end, start + SEGMENT, size) - start
        first_chunk, last_chunk = (at - start) // CHUNK, max(within - 1, 0) // CHUNK
        left = min(SEGMENT, size - start) - last_chunk * CHUNK
        yield Part(
            segment=segment,
            first_chunk=first_chunk,
            first=first_chunk * SEALED_CHUNK,
            end=last_chunk * SEALED_CHUNK + min(CHUNK, left) + TAG,
            skip=at - start - first_chunk * CHUNK,
            take=within - (at - start),
        )
        if size == 0:
            return
        at = start + within


def chunk_count(size: int) -> int:
    """Return in how many chunks ``size`` bytes lie; nothing lies in one empty chunk."""
    return max(1, -(-size // CHUNK))
