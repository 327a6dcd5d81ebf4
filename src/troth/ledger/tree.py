"""The Merkle tree of RFC 9162, pure.

Every complete subtree has an address: its level and its number among those of 2^level leaves. Its hash never
changes, so it can be stored once. Roots and proofs are plans over such addresses: whoever holds the hashes
reads the few that a plan names. Decides nothing about what a leaf means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

EMPTY_ROOT = hashlib.sha256(b"").digest()


class Node(NamedTuple):
    """Address of a complete subtree; level 0 are the leaves."""

    level: int
    number: int


Plan = tuple[tuple[Node, ...], ...]
"""One group of complete subtrees for each hash of a proof; a group folds to its hash from the right."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf that holds ``entry``."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete subtrees at the right edge of a growing tree: all that is needed to add a leaf."""

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int, peaks: Sequence[bytes]) -> None:
        self.size = size
        self._peaks = list(peaks)  # one for each bit set in size, largest first
        if len(self._peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} complete subtrees at its edge")

    def add(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add the hash of the next leaf; return it and every inner node that it completes."""
        made = [(Node(0, self.size), leaf)]
        node, level, rest = leaf, 0, self.size
        while rest & 1:
            node = node_hash(self._peaks.pop(), node)
            level, rest = level + 1, rest >> 1
            made.append((Node(level, rest), node))
        self._peaks.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """Return the root of the tree as it stands."""
        return _fold(self._peaks) if self._peaks else EMPTY_ROOT


def cover(start: int, end: int) -> tuple[Node, ...]:
    """Return the complete subtrees, largest first, that make up the subtree over leaves ``start`` to ``end``.

    ``start`` must be a multiple of a power of two that is at least ``end - start``.
    """
    parts: list[Node] = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(Node(level, start >> level))
        start += 1 << level
    return tuple(parts)


def inclusion_plan(leaf: int, size: int) -> Plan:
    """Return what proves that ``leaf`` is in the tree of ``size`` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= leaf < size:
        raise ValueError(f"leaf {leaf} is not in a tree of {size}")
    path: list[tuple[Node, ...]] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if leaf < split:
            path.append(cover(split, end))
            end = split
        else:
            path.append(cover(start, split))
            start = split
    return tuple(reversed(path))


def consistency_plan(old: int, new: int) -> Plan:
    """Return what proves that the tree of ``new`` leaves begins with that of ``old`` (RFC 9162, 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {new} leaves cannot be shown to begin with one of {old}")
    path: list[tuple[Node, ...]] = []
    start, end, known = 0, new, True
    while old < end:
        split = start + _split(end - start)
        if old <= split:
            path.append(cover(split, end))
            end = split
        else:
            path.append(cover(start, split))
            start, known = split, False
    if not known:
        path.append(cover(start, end))
    return tuple(reversed(path))


def nodes(plan: Plan) -> tuple[Node, ...]:
    """Return every address that ``plan`` reads."""
    return tuple(node for group in plan for node in group)


def proof(plan: Plan, hashes: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """Return the proof that ``plan`` names; raise `KeyError` if the hash of one of its nodes is missing."""
    return tuple(_fold([hashes[node] for node in group]) for group in plan)


def root(size: int, hashes: Mapping[Node, bytes]) -> bytes:
    """Return the root of the tree of ``size`` leaves, given the hashes of ``cover(0, size)``."""
    return _fold([hashes[node] for node in cover(0, size)]) if size else EMPTY_ROOT


def verify_inclusion(leaf: int, size: int, entry_hash: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` proves that leaf number ``leaf`` with ``entry_hash`` is under ``root`` (2.1.3.2)."""
    if not 0 <= leaf < size:
        return False
    at, last, seen = leaf, size - 1, entry_hash
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            seen = node_hash(step, seen)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            seen = node_hash(seen, step)
        at, last = at >> 1, last >> 1
    return last == 0 and seen == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the tree of ``new`` leaves begins with that of ``old`` (2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _fold(hashes: Iterable[bytes]) -> bytes:
    *rest, folded = hashes
    for left in reversed(rest):
        folded = node_hash(left, folded)
    return folded
