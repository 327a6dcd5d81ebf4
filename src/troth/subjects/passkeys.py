"""Passkeys of staff (WebAuthn): what is asked of an authenticator, and whether its answer is genuine.

Decides that the person was verified by their authenticator, at our own site, for a challenge of ours that is
used once. Challenges wait in memory, a bounded number of them for five minutes, so that a stranger's knock
writes nothing. Who it is stays an opaque id: no name is asked for, and none is given to the authenticator.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from troth.terms import TrothError

_LASTS = timedelta(minutes=5)
_MOST = 10_000
_BYTES = 32
_BROKEN = (WebAuthnException, ValueError, KeyError, TypeError)


class PasskeyRefused(TrothError):
    """that passkey was not accepted: open the page again and try once more"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is: its origin, and the name that a passkey is bound to."""

    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey as it is kept."""

    credential: bytes
    staff: UUID
    public_key: bytes
    uses: int
    site: str


@dataclass(slots=True)
class Challenges:
    """What was asked of whom and not answered yet, by the visitor's own secret."""

    _waiting: OrderedDict[str, tuple[bytes, UUID, datetime]] = field(
        default_factory=OrderedDict[str, tuple[bytes, UUID, datetime]], repr=False
    )

    def new(self, visit: str, staff: UUID, now: datetime) -> bytes:
        """Return a challenge for ``visit``; one before it is forgotten."""
        challenge = secrets.token_bytes(_BYTES)
        self._waiting[visit] = (challenge, staff, now + _LASTS)
        self._waiting.move_to_end(visit)
        if len(self._waiting) > _MOST:
            self._waiting.popitem(last=False)
        return challenge

    def take(self, visit: str, now: datetime) -> tuple[bytes, UUID]:
        """Return what was asked of ``visit``, once. Raises `PasskeyRefused`."""
        challenge, staff, until = self._waiting.pop(visit, (b"", UUID(int=0), now))
        if until <= now:
            raise PasskeyRefused
        return challenge, staff


def to_make(site: Site, staff: UUID, challenge: bytes, label: str) -> str:
    """Return what a browser is asked in order to make a passkey, as JSON."""
    return options_to_json(
        generate_registration_options(
            rp_id=site.name,
            rp_name="Troth",
            user_id=staff.bytes,
            user_name=label,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
    )


def to_show(site: Site, challenge: bytes) -> str:
    """Return what a browser is asked in order to show one, whichever it has for us, as JSON."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.name, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
    )


def made(answer: str, site: Site, staff: UUID, challenge: bytes) -> Passkey:
    """Return the passkey that an authenticator has made. Raises `PasskeyRefused`."""
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _BROKEN:
        raise PasskeyRefused from None
    return Passkey(found.credential_id, staff, found.credential_public_key, found.sign_count, site.name)


def credential_of(answer: str) -> bytes:
    """Return which passkey an answer names. Raises `PasskeyRefused`."""
    try:
        return base64url_to_bytes(parse_authentication_credential_json(answer).id)
    except _BROKEN:
        raise PasskeyRefused from None


def shown(answer: str, site: Site, passkey: Passkey, challenge: bytes) -> int:
    """Return how often the passkey was used, now that it was. Raises `PasskeyRefused`."""
    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.uses,
            require_user_verification=True,
        )
    except _BROKEN:
        raise PasskeyRefused from None
    return found.new_sign_count
