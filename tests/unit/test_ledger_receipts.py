"""A receipt is believed only as a whole. No database: the payload is made here, by the maker's own key."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth.ledger import EntryKind, NewEntry, checkpoint, tree
from troth.ledger.checkpoint import Head
from troth.ledger.entries import body, commitment
from troth.ledger.receipts import KIND, Receipt, verify_receipt
from troth.ledger.signing import NotGenuine, Signer
from troth.terms import EntryId, SubjectId

SIGNER = Signer("troth/test", Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SUBJECT, ENTRY, SALT = SubjectId(UUID(int=1)), EntryId(UUID(int=2)), b"\3" * 32
BODY = body(
    ENTRY,
    NewEntry(
        kind=EntryKind.ACCEPTED,
        at=AT,
        policy="p",
        version=3,
        details={"language": "zh", "text_hash": "a" * 64},
    ),
    commitment(SUBJECT, SALT),
)
OTHER = tree.leaf_hash(b"other")
ROOT = tree.node_hash(OTHER, tree.leaf_hash(BODY))
SIGNED = checkpoint.sign(Head("troth/test", 2, ROOT, AT), SIGNER)


def token(**changes):
    said = {
        "subject": str(SUBJECT),
        "body": BODY.decode(),
        "salt": SALT.hex(),
        "method": "tick",
        "how_to_withdraw": "/privacy",
        "head": SIGNED,
        "inclusion": {"leaf": 1, "path": [OTHER.hex()]},
        "entry": str(ENTRY),
        "kind": "accepted",
        "at": "2026-03-01T09:00:00.000000Z",
        "policy": "p",
        "version": 3,
        "language": "zh",
        "text_hash": "a" * 64,
    }
    return SIGNER.token({key: value for key, value in (said | changes).items() if value != "gone"}, KIND)


def test_a_receipt_proves_what_it_says():
    assert verify_receipt(token(), SIGNER.public) == Receipt(
        subject=str(SUBJECT),
        entry=str(ENTRY),
        kind="accepted",
        at="2026-03-01T09:00:00.000000Z",
        policy="p",
        version=3,
        language="zh",
        text_hash="a" * 64,
        method="tick",
        how_to_withdraw="/privacy",
        leaf=1,
        head=SIGNED,
    )


def test_a_receipt_may_come_before_the_number():
    for head in (SIGNED, None):
        found = verify_receipt(token(inclusion="pending", head=head), SIGNER.public)
        assert (found.leaf, found.head) == (None, head)


OTHERS_HEAD = checkpoint.sign(
    Head("troth/test", 2, ROOT, AT), Signer("troth/test", Ed25519PrivateKey.generate())
)
MOVED = json.dumps(json.loads(BODY) | {"version": 4})


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": str(UUID(int=9))},
        {"subject": "me"},
        {"subject": None},
        {"salt": "00"},
        {"salt": "no"},
        {"version": 4},
        {"text_hash": "b" * 64},
        {"language": "en"},
        {"at": "2026-03-02T09:00:00.000000Z"},
        {"body": MOVED, "version": 4},
        {"body": "[]"},
        {"body": "{"},
        {"body": 1},
        {"body": "gone"},
        {"method": "gone"},
        {"inclusion": {"leaf": 0, "path": [OTHER.hex()]}},
        {"inclusion": {"leaf": 1, "path": []}},
        {"inclusion": {"leaf": 1, "path": "x"}},
        {"inclusion": {}},
        {"inclusion": None},
        {"inclusion": "gone"},
        {"head": OTHERS_HEAD},
        {"head": None},
        {"head": "nonsense"},
        {"head": OTHERS_HEAD, "inclusion": "pending"},
        {"head": 5, "inclusion": "pending"},
    ],
)
def test_no_part_of_a_receipt_can_differ(changes):
    with pytest.raises(NotGenuine):
        verify_receipt(token(**changes), SIGNER.public)


def test_a_receipt_by_another_key_is_none():
    other = Signer("troth/test", Ed25519PrivateKey.generate())
    with pytest.raises(NotGenuine):
        verify_receipt(token(), other.public)
