"""One ask together with all that answers it. Every check of `spec.gate` and `spec.items` takes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from spec import standing as stands
from spec.table import APPLIES, LIFTED, Check
from troth.policy import clauses as says
from troth.terms import Act, Ask, Basis, Deny, Reason, Standing

CONSENTS = (Basis.CONSENT, Basis.SEPARATE_CONSENT)
C = TypeVar("C", bound=says.Clause)
Answer = Deny | list[says.Clause]
"""What a check says: a no, or the clauses that were consulted and said yes."""


def no(reason: Reason, because: Iterable[says.Clause] = (), effect: str | None = None) -> Deny:
    """Return a no that names exactly the clauses ``because``."""
    return Deny(reason, frozenset(clause.id for clause in because), effect)


@dataclass(frozen=True)
class Case:
    """An ask under one policy version, of a person with this standing; None: nobody known."""

    policy: says.Policy
    standing: Standing | None
    ask: Ask

    @property
    def well_formed(self) -> bool:
        """Every time says its zone, and the standing is that of the person asked about."""
        acts = self.standing.acts if self.standing else ()
        moments = [self.ask.at, self.ask.measured or self.ask.at, *(act.at for act in acts)]
        mine = self.standing is None or self.standing.subject == self.ask.subject
        return mine and all(moment.utcoffset() is not None for moment in moments)

    def those(self, kind: type[C]) -> list[C]:
        """Return the policy's clauses of a kind; where they are of a function, those of the one asked for."""
        function = self.ask.function
        ours = [clause for clause in self.policy.clauses if isinstance(clause, kind)]
        return [clause for clause in ours if getattr(clause, "function", function) == function]

    @property
    def function(self) -> says.FunctionClause:
        """The function asked for; that it exists is the first check."""
        return self.those(says.FunctionClause)[0]

    @property
    def basis(self) -> Basis:
        """What the ask rests on: the function's own basis unless it names another."""
        return self.ask.basis or self.function.basis

    def needs(self, check: Check) -> bool:
        """Whether this check applies, by the table of bases and verbs."""
        return check in APPLIES[self.basis] - LIFTED[self.ask.verb]

    @property
    def ground(self) -> str | None:
        """The ground of the reference; a reference without a document is none."""
        reference = self.ask.reference
        return reference.ground if reference and reference.document.strip() else None

    @property
    def acts(self) -> list[Act]:
        """The acts that count now."""
        return stands.heard(self.standing.acts if self.standing else (), self.ask.at)

    @property
    def then(self) -> datetime:
        """When the value came into being; a clock that runs ahead doesn't make it later than now."""
        return min(self.ask.measured or self.ask.at, self.ask.at)

    def held(self, since: datetime | None) -> bool:
        """Whether a yes held when the value came into being, and ever since."""
        return since is not None and since <= self.then
