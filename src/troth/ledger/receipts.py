"""A receipt: what a person keeps, and can check without us.

It says what they agreed to in the terms of ISO/IEC TS 27560:2023, carries the entry with the salt that opens
it to them, and a signed head: if the log is ever rewritten, their head no longer fits. Says nothing that the
entry does not, but how it was done and how it is undone. Decides nothing; the erased have
none.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from troth.db import Tx
from troth.ledger import tree
from troth.ledger.entries import EntryKind, commitment
from troth.ledger.keys import Keys
from troth.ledger.proofs import inclusion, latest_head
from troth.ledger.signing import NotGenuine, PublicKey, Signer
from troth.ledger.sql import QUERIES
from troth.terms import EntryId, SubjectId, TrothError

KIND = "troth-receipt+jws"
SCHEMA = "troth-receipt/2 (terms of ISO/IEC TS 27560:2023)"
_PENDING = "pending"
_GIVEN, _WITHDRAWN = "dpv:ConsentGiven", "dpv:ConsentWithdrawn"
_STATES: Mapping[str, str] = {
    EntryKind.ACCEPTED.value: _GIVEN,
    EntryKind.CHOSEN.value: _GIVEN,
    EntryKind.ENDED.value: _WITHDRAWN,
    EntryKind.WITHDRAWN.value: _WITHDRAWN,
    EntryKind.CANCELLED.value: _WITHDRAWN,
}
"""What an event makes of a consent, as the W3C Data Privacy Vocabulary names it; a switch: nothing."""
_SEPARATE = "dpv:ExplicitlyExpressedConsent"
_WHOLE = "policy"
_JWS_PARTS = 3


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
    function: str | None
    item: str | None
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
    place = await inclusion(tx, entry)
    body = bytes(opened.body).decode()
    payload: dict[str, object] = {
        "pii_principal_id": str(subject),
        "body": body,
        "salt": bytes(opened.salt).hex(),
        "head": place.signed if place else await latest_head(tx),
        "inclusion": {"leaf": place.leaf, "path": [step.hex() for step in place.path]} if place else _PENDING,
    }
    payload.update(_stated(json.loads(body), method, how_to_withdraw))
    return signer.token(payload, KIND)


def verify_receipt(token: str, key: PublicKey | Keys) -> Receipt:
    """Check ``token`` with nothing but the ledger's public key, or its keys; raise `NotGenuine`."""
    keys = key if isinstance(key, Keys) else Keys.only(key)
    said = keys.read(token, KIND)
    try:
        return _checked(said, keys)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as exc:
        raise NotGenuine("signed by the ledger's key, but not in the form of a receipt") from exc


def kept_head(text: str) -> str:
    """Return the signed head in ``text``: itself, or that of a receipt or a certificate, unchecked.

    Raises `NotGenuine` when there is none.
    """
    parts = text.strip().split(".")
    if len(parts) != _JWS_PARTS or "\n" in text.strip():
        return text
    try:
        said = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        head = said["head"]
    except (ValueError, KeyError, TypeError) as exc:
        raise NotGenuine("there is no signed head in this document") from exc
    if not isinstance(head, str):
        raise NotGenuine("this document was made before there was any signed head: it has none")
    return head


def _checked(said: Mapping[str, Any], keys: Keys) -> Receipt:
    body = json.loads(said["body"])
    subject = SubjectId(UUID(said["pii_principal_id"]))
    if body["subject_commitment"] != commitment(subject, bytes.fromhex(said["salt"])).hex():
        raise NotGenuine("this receipt's entry is about someone else")
    purpose = said["purposes"][0]
    method, how = str(purpose["collection_method"]), str(purpose["withdrawal_method"])
    if any(said[name] != value for name, value in _stated(body, method, how).items()):
        raise NotGenuine("this receipt says something else than its entry")
    leaf: int | None = None
    if said["inclusion"] != _PENDING:
        leaf = int(said["inclusion"]["leaf"])
        head = keys.head(said["head"])
        path = [bytes.fromhex(step) for step in said["inclusion"]["path"]]
        if not tree.verify_inclusion(leaf, head.size, tree.leaf_hash(said["body"].encode()), path, head.root):
            raise NotGenuine("this receipt's entry is not under its head")
    elif said["head"] is not None:
        keys.head(said["head"])
    details = body.get("details", {})
    return Receipt(
        subject=str(subject),
        entry=body["entry"],
        kind=body["kind"],
        at=body["at"],
        policy=body.get("policy"),
        version=body.get("version"),
        language=details.get("language"),
        text_hash=details.get("text_hash"),
        function=body.get("function"),
        item=details.get("item"),
        method=method,
        how_to_withdraw=how,
        leaf=leaf,
        head=said["head"],
    )


def _stated(body: Mapping[str, Any], method: str, how_to_withdraw: str) -> Mapping[str, object]:
    """Return what a receipt says of its entry's text, under the names of the specification."""
    details = body.get("details", {})
    purpose = {
        "purpose": body.get("function") or _WHOLE,
        "pii_information": details.get("item"),
        "lawful_basis": _SEPARATE if details.get("separate") else None,
        "collection_method": method,
        "withdrawal_method": how_to_withdraw,
    }
    notice = {
        "policy": body.get("policy"),
        "version": body.get("version"),
        "sha256": details.get("text_hash"),
    }
    event = {
        "event_time": body["at"],
        "event_type": body["kind"],
        "event_state": _STATES.get(body["kind"]),
    }
    return {
        "schema_version": SCHEMA,
        "record_id": body["entry"],
        "privacy_notice": {key: value for key, value in notice.items() if value is not None},
        "language": details.get("language"),
        "purposes": [{key: value for key, value in purpose.items() if value is not None}],
        "event": {key: value for key, value in event.items() if value is not None},
    }
