"""A signed head as text: C2SP tlog-checkpoint, in a C2SP signed note.

Two signature lines by the ledger's key: one over the text, so that any witness of such logs can read it, and
a timestamped one (C2SP tlog-cosignature), so that the time of a head can't be moved later either. Decides
what a genuine head is; not whether it is true of the log.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from troth.ledger.signing import NOTE, TIMED, NotGenuine, PublicKey, Signer

HASH_BYTES = 32
_ID_BYTES = 4
_TIME_BYTES = 8
_LONGEST = 65536
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_EARLIEST, _LATEST = 0, 253402300799  # what a datetime can say


@dataclass(frozen=True, slots=True)
class Head:
    """The tree at a moment: how many leaves, and their root. Whole seconds."""

    origin: str
    size: int
    root: bytes
    at: datetime


def sign(head: Head, signer: Signer) -> str:
    """Return ``head`` as a checkpoint. Its origin must be the signer's name."""
    if head.origin != signer.public.name:
        raise ValueError("a log signs its own heads only")
    text = f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    seconds = int(head.at.timestamp())
    plain = signer.sign(text.encode())
    timed = seconds.to_bytes(_TIME_BYTES, "big") + signer.sign(_timed(seconds, text))
    return f"{text}\n{line(signer.public, NOTE, plain)}{line(signer.public, TIMED, timed)}"


def read(signed: str, key: PublicKey) -> Head:
    """Return the head that ``signed`` says; raise `NotGenuine` unless ``key`` signed both text and time.

    Signatures by others (witnesses) are passed over, as the format asks.
    """
    text, gap, tail = signed.rpartition("\n\n")
    if len(signed) > _LONGEST or not gap or not tail.endswith("\n"):
        raise NotGenuine("not a signed head: its text and its signatures are separated by an empty line")
    text += "\n"
    plain: bytes | None = None
    timed: bytes | None = None
    for (name, key_id), signature in signatures(tail):
        if name != key.name:
            continue
        if key_id == key.key_id(NOTE):
            plain = signature
        elif key_id == key.key_id(TIMED):
            timed = signature
    if plain is None or not key.verifies(plain, text.encode()):
        raise NotGenuine("this head was not signed by the ledger's key")
    seconds = int.from_bytes((timed or b"")[:_TIME_BYTES], "big")
    if timed is None or not key.verifies(timed[_TIME_BYTES:], _timed(seconds, text)):
        raise NotGenuine("the time of this head was not signed by the ledger's key")
    return _head(text, seconds, key)


def signatures(tail: str) -> Iterator[tuple[tuple[str, bytes], bytes]]:
    """Yield the signatures of a signed note, each under its key's name and id; raise `NotGenuine`."""
    for written in tail.removesuffix("\n").split("\n"):
        name, raw = _parts(written)
        yield (name, raw[:_ID_BYTES]), raw[_ID_BYTES:]


def line(key: PublicKey, kind: int, signature: bytes) -> str:
    """Return the line of a signed note that says that ``key`` made ``signature``."""
    return f"\N{EM DASH} {key.name} {base64.b64encode(key.key_id(kind) + signature).decode()}\n"


def _head(text: str, seconds: int, key: PublicKey) -> Head:
    lines = text[:-1].split("\n")
    body = 3  # origin, size, root; what follows are extensions, which this log does not write
    if len(lines) != body or lines[0] != key.name or not _SIZE.fullmatch(lines[1]):
        raise NotGenuine("not a head of this log: its text is the log's name, a size and a root")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise NotGenuine("not a head of this log: its root is not in base64") from exc
    if len(root) != HASH_BYTES or not _EARLIEST <= seconds <= _LATEST:
        raise NotGenuine("not a head of this log: its root is a SHA-256 and its time a POSIX time")
    return Head(lines[0], int(lines[1]), root, datetime.fromtimestamp(seconds, UTC))


def _timed(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _parts(written: str) -> tuple[str, bytes]:
    dash, _, rest = written.partition(" ")
    name, _, packed = rest.partition(" ")
    try:
        raw = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if dash != "\N{EM DASH}" or not name or len(raw) <= _ID_BYTES:
        raise NotGenuine("not a signed head: a signature line is '\N{EM DASH} NAME BASE64'")
    return name, raw
