"""A receipt is believed only as a whole. No database: the payload is made here, by the maker's own key."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from troth.ledger import EntryKind, NewEntry, checkpoint, tree
from troth.ledger.checkpoint import Head
from troth.ledger.entries import body, commitment
from troth.ledger.receipts import KIND, SCHEMA, Receipt, kept_head, verify_receipt
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
NOTICE = {"policy": "p", "version": 3, "sha256": "a" * 64}
PURPOSE = {"purpose": "policy", "collection_method": "tick", "withdrawal_method": "/privacy"}
EVENT = {
    "event_time": "2026-03-01T09:00:00.000000Z",
    "event_type": "accepted",
    "event_state": "dpv:ConsentGiven",
}
SIGNED = checkpoint.sign(Head("troth/test", 2, ROOT, AT), SIGNER)


def token(**changes):
    said = {
        "schema_version": SCHEMA,
        "record_id": str(ENTRY),
        "pii_principal_id": str(SUBJECT),
        "privacy_notice": NOTICE,
        "language": "zh",
        "purposes": [PURPOSE],
        "event": EVENT,
        "body": BODY.decode(),
        "salt": SALT.hex(),
        "head": SIGNED,
        "inclusion": {"leaf": 1, "path": [OTHER.hex()]},
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
        function=None,
        item=None,
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
        {"pii_principal_id": str(UUID(int=9))},
        {"pii_principal_id": "me"},
        {"pii_principal_id": None},
        {"salt": "00"},
        {"salt": "no"},
        {"schema_version": "gone"},
        {"record_id": str(UUID(int=9))},
        {"privacy_notice": NOTICE | {"version": 4}},
        {"privacy_notice": NOTICE | {"sha256": "b" * 64}},
        {"language": "en"},
        {"event": EVENT | {"event_time": "2026-03-02T09:00:00.000000Z"}},
        {"event": EVENT | {"event_state": "dpv:ConsentWithdrawn"}},
        {"purposes": []},
        {"purposes": [PURPOSE | {"lawful_basis": "dpv:Consent"}]},
        {"purposes": [PURPOSE, PURPOSE]},
        {"purposes": [{"purpose": "policy", "withdrawal_method": "x"}]},
        {"body": MOVED, "privacy_notice": NOTICE | {"version": 4}},
        {"body": "[]"},
        {"body": "{"},
        {"body": 1},
        {"body": "gone"},
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


def test_the_head_of_a_document_is_found_whatever_carries_it():
    for text in (SIGNED, token(), SIGNER.token({"head": SIGNED}, "troth-erasure+jws")):
        assert kept_head(text) == SIGNED
    for text in (token(head=None), SIGNER.token({}, KIND), "a.b.c", "e30.e30.e30"):
        with pytest.raises(NotGenuine, match="head"):
            kept_head(text)
