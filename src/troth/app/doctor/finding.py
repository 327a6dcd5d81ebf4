"""What a check says. Decides only what counts as well: a warning does, a failure doesn't."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was seen, and what to do next (nothing when all is well)."""

    check: str
    verdict: Verdict
    seen: str
    then: str = ""


def ok(check: str, seen: str) -> Finding:
    """Say that it is as it should be."""
    return Finding(check, Verdict.OK, seen)


def warning(check: str, seen: str, then: str) -> Finding:
    """Say that it works and could be better."""
    return Finding(check, Verdict.WARNING, seen, then)


def failed(check: str, seen: str, then: str) -> Finding:
    """Say that it is not as it must be."""
    return Finding(check, Verdict.FAILED, seen, then)
