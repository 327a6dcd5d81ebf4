"""Permit + value ↔ ciphertext: keys, sealed documents and events, blind index, erasure. Decides nothing."""

from troth.vault.arrivals import Arrival
from troth.vault.errors import (
    CertificateBroken,
    Claimed,
    Erased,
    KeyDestroyed,
    KeyringUnfit,
    LinkSpent,
    NotCovered,
    NotHeld,
    NotKept,
    NotStorable,
    PlanLapsed,
    Unsealable,
    WrongForm,
)
from troth.vault.intake import Sheaf, Stored, Unstorable
from troth.vault.keyring import EpochKind, Keyring
from troth.vault.keyring_folder import FolderKeyring
from troth.vault.vault import Exported, Form, Vault

__all__ = [
    "Arrival",
    "CertificateBroken",
    "Claimed",
    "EpochKind",
    "Erased",
    "Exported",
    "FolderKeyring",
    "Form",
    "KeyDestroyed",
    "Keyring",
    "KeyringUnfit",
    "LinkSpent",
    "NotCovered",
    "NotHeld",
    "NotKept",
    "NotStorable",
    "PlanLapsed",
    "Sheaf",
    "Stored",
    "Unsealable",
    "Unstorable",
    "Vault",
    "WrongForm",
]
