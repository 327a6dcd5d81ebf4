"""The tree against RFC 9162's own recursive definition, which is slow and obvious."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from troth.ledger import tree

SIZES = st.integers(1, 300)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d):
    if not d:
        return hashlib.sha256(b"").digest()
    if len(d) == 1:
        return hashlib.sha256(b"\0" + d[0]).digest()
    k = split(len(d))
    return hashlib.sha256(b"\1" + mth(d[:k]) + mth(d[k:])).digest()


def path(m, d):
    if len(d) == 1:
        return []
    k = split(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m, d, known):
    if m == len(d):
        return [] if known else [mth(d)]
    k = split(len(d))
    if m <= k:
        return [*subproof(m, d[:k], known), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def entries(n):
    return [f"entry {i}".encode() for i in range(n)]


def grown(n):
    frontier, hashes = tree.Frontier(0, []), {}
    for entry in entries(n):
        hashes.update(frontier.add(tree.leaf_hash(entry)))
    return frontier, hashes


FRONTIER, HASHES = grown(300)


@given(st.integers(0, 300))
def test_root_agrees_with_the_rfc(n):
    frontier, hashes = grown(n)
    assert frontier.root() == tree.root(n, HASHES) == mth(entries(n))
    assert len(hashes) == sum(n >> level for level in range(12)), "every complete subtree, once"


@given(st.integers(0, 200), st.integers(0, 100))
def test_a_tree_grows_from_its_edge_alone(before, more):
    edge = tree.Frontier(before, [HASHES[node] for node in tree.cover(0, before)])
    for entry in entries(before + more)[before:]:
        edge.add(tree.leaf_hash(entry))
    assert edge.root() == tree.root(before + more, HASHES)


@given(SIZES, st.data())
def test_inclusion_proof_agrees_with_the_rfc_and_verifies(n, data):
    leaf = data.draw(st.integers(0, n - 1))
    found = tree.proof(tree.inclusion_plan(leaf, n), HASHES)
    assert list(found) == path(leaf, entries(n))
    assert tree.verify_inclusion(leaf, n, tree.leaf_hash(entries(n)[leaf]), found, tree.root(n, HASHES))


@given(SIZES, st.data())
def test_consistency_proof_agrees_with_the_rfc_and_verifies(n, data):
    old = data.draw(st.integers(1, n))
    found = tree.proof(tree.consistency_plan(old, n), HASHES)
    assert list(found) == subproof(old, entries(n), True)
    assert tree.verify_consistency(old, n, tree.root(old, HASHES), tree.root(n, HASHES), found)


def bend(data, proof):
    """Some other list of hashes."""
    proof = list(proof)
    how = data.draw(st.sampled_from(["flip", "drop", "add", "swap"]))
    if how == "add" or not proof:
        proof.insert(data.draw(st.integers(0, len(proof))), data.draw(st.binary(min_size=32, max_size=32)))
        return proof
    at = data.draw(st.integers(0, len(proof) - 1))
    if how == "drop":
        del proof[at]
    elif how == "flip":
        proof[at] = bytes([proof[at][0] ^ 1]) + proof[at][1:]
    elif len(proof) > 1:
        proof[at], proof[at - 1] = proof[at - 1], proof[at]
    else:
        proof.append(proof[0])
    return proof


@given(SIZES, st.data())
def test_a_bent_inclusion_proof_never_verifies(n, data):
    leaf = data.draw(st.integers(0, n - 1))
    found = tree.proof(tree.inclusion_plan(leaf, n), HASHES)
    mine, root = HASHES[tree.Node(0, leaf)], tree.root(n, HASHES)
    assert not tree.verify_inclusion(leaf, n, mine, bend(data, found), root)
    elsewhere = data.draw(st.integers(-1, n))
    assert elsewhere == leaf or not tree.verify_inclusion(elsewhere, n, mine, found, root)
    assert not tree.verify_inclusion(leaf, n, tree.leaf_hash(b"another"), found, root)


@given(SIZES, st.data())
def test_a_bent_consistency_proof_never_verifies(n, data):
    old = data.draw(st.integers(1, n))
    found = tree.proof(tree.consistency_plan(old, n), HASHES)
    before, now = tree.root(old, HASHES), tree.root(n, HASHES)
    assert not tree.verify_consistency(old, n, before, now, bend(data, found))
    assert not tree.verify_consistency(old, n, tree.leaf_hash(b"another"), now, found)
    assert not tree.verify_consistency(old, n, before, tree.leaf_hash(b"another"), found)


@given(st.integers(1, 1 << 20), st.data())
@example(1 << 20, None)
def test_a_proof_at_a_million_leaves_reads_few_nodes(size, data):
    leaf = data.draw(st.integers(0, size - 1)) if data else 12345
    assert len(tree.nodes(tree.inclusion_plan(leaf, size))) <= 40


def test_what_cannot_be_asked():
    for ask in (lambda: tree.inclusion_plan(3, 3), lambda: tree.consistency_plan(0, 3),
                lambda: tree.consistency_plan(4, 3), lambda: tree.Frontier(3, [b""])):  # fmt: skip
        with pytest.raises(ValueError, match="tree"):
            ask()
    assert not tree.verify_consistency(0, 3, b"", b"", [])
    assert not tree.verify_consistency(3, 4, b"", b"", [])
