"""One clause to be tried, under one name of a policy. A value only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from troth.policy.clauses import Clause
from troth.policy.compiled import Compiled
from troth.prove.why import Why
from troth.terms import PolicyName, TrothError

C = TypeVar("C", bound=Clause)


class NotTried(TrothError):
    """this cannot be tried here: a code of `why.yaml`, and what it is about"""

    def __init__(self, code: str, **about: object) -> None:
        self.why = Why.of(code, **about)
        super().__init__(str(self.why))


@dataclass(frozen=True, slots=True)
class Case:
    """One clause to be tried. ``policy`` is the name it runs under; ``compiled`` is what it should keep."""

    policy: PolicyName
    compiled: Compiled
    clause: Clause

    def said(self, *kinds: type[C]) -> C:
        """Return the clause as one of the types that its scenario is for. Raises `TypeError`."""
        if not isinstance(self.clause, kinds):
            raise TypeError(type(self.clause).__name__)
        return self.clause
