"""A receipt: what a person keeps, and can check without us.

It says what they agreed to, carries the entry with the salt that opens it to them, and a signed head: if the
log is ever rewritten, their head no longer fits. Decides nothing; for an erased subject there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from troth.db import Tx
from troth.ledger import checkpoint, tree
from troth.ledger.entries import commitment
from troth.ledger.proofs import inclusion, latest_head
from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.ledger.sql import QUERIES
from troth.terms import EntryId, SubjectId, TrothError

KIND = "troth-receipt+jws"
_PENDING = "pending"


class NoReceipt(TrothError):
    """there is no such entry about this subject, or its subject was erased"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a receipt proves, once its signature, its opening and its place in the log were checked.

    ``leaf`` is None while the entry waited for its number; ``head`` is then the newest head before it, and
    None for the first entry of all.
    """

    subject: str
    entry: str
    kind: str
    at: str
    policy: str | None
    version: int | None
    language: str | None
    text_hash: str | None
    method: str
    how_to_withdraw: str
    leaf: int | None
    head: str | None


@dataclass(frozen=True, slots=True)
class _Opened:
    body: bytes
    salt: bytes


async def receipt(
    tx: Tx, signer: Signer, subject: SubjectId, entry: EntryId, *, method: str, how_to_withdraw: str
) -> str:
    """Return the receipt of ``entry`` about ``subject``; raise `NoReceipt`.

    ``method`` says how they agreed (a ticked box, a spoken yes), ``how_to_withdraw`` how they take it back.
    """
    opened = await tx.row(_Opened, QUERIES["opened"], {"subject": subject, "entry": entry})
    if opened is None:
        raise NoReceipt
    place = await inclusion(tx, entry, signer.public)
    body = bytes(opened.body).decode()
    payload: dict[str, object] = {
        "subject": str(subject),
        "body": body,
        "salt": bytes(opened.salt).hex(),
        "method": method,
        "how_to_withdraw": how_to_withdraw,
        "head": place.signed if place else await latest_head(tx),
        "inclusion": {"leaf": place.leaf, "path": [step.hex() for step in place.path]} if place else _PENDING,
    }
    payload.update(_stated(json.loads(body)))
    return signer.token(payload, KIND)


def verify_receipt(token: str, key: PublicKey) -> Receipt:
    """Check ``token`` with nothing but the ledger's public key; raise `NotGenuine`."""
    said = key.read(token, KIND)
    try:
        return _checked(said, key)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise NotGenuine("signed by the ledger's key, but not in the form of a receipt") from exc


def _checked(said: Mapping[str, Any], key: PublicKey) -> Receipt:
    body = json.loads(said["body"])
    subject = SubjectId(UUID(said["subject"]))
    if body["subject_commitment"] != commitment(subject, bytes.fromhex(said["salt"])).hex():
        raise NotGenuine("this receipt's entry is about someone else")
    stated = _stated(body)
    if any(said[name] != value for name, value in stated.items()):
        raise NotGenuine("this receipt says something else than its entry")
    leaf: int | None = None
    if said["inclusion"] != _PENDING:
        leaf = int(said["inclusion"]["leaf"])
        head = checkpoint.read(said["head"], key)
        path = [bytes.fromhex(step) for step in said["inclusion"]["path"]]
        if not tree.verify_inclusion(leaf, head.size, tree.leaf_hash(said["body"].encode()), path, head.root):
            raise NotGenuine("this receipt's entry is not under its head")
    elif said["head"] is not None:
        checkpoint.read(said["head"], key)
    return Receipt(
        subject=str(subject),
        leaf=leaf,
        head=said["head"],
        method=str(said["method"]),
        how_to_withdraw=str(said["how_to_withdraw"]),
        **cast("dict[str, Any]", stated),
    )


def _stated(body: Mapping[str, Any]) -> Mapping[str, object]:
    """Return what a receipt says of its entry's text in plain fields."""
    details = body.get("details", {})
    return {
        "entry": body["entry"],
        "kind": body["kind"],
        "at": body["at"],
        "policy": body.get("policy"),
        "version": body.get("version"),
        "language": details.get("language"),
        "text_hash": details.get("text_hash"),
    }
