"""Why a backup is not made or not restored; each says what to do."""

from __future__ import annotations

from troth.terms import TrothError


class BadBackup(TrothError):
    """this backup cannot be restored: take another one"""


class NotApart(TrothError):
    """data and keys go to folders apart, ideally on storage apart: name two, neither inside the other"""


class NotEmpty(TrothError):
    """a restore goes into an empty place only: name another one, or move this one aside"""


class KeysMissing(TrothError):
    """the keys that open this backup are not here"""


class OutsideUnknown(TrothError):
    """what was erased and signed since the backup is not known"""
