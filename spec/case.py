"""One ask together with all that answers it. Every check of `spec.gate` and `spec.items` takes one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from spec import ages
from spec import standing as stands
from spec.table import APPLIES, LIFTED, ON_AN_ACCOUNT, WITHOUT_ACCOUNT, Check
from troth.policy import clauses as says
from troth.terms import Act, Ask, Basis, Beyond, Deny, FunctionName, ItemName, Reason, Standing, Verb

CONSENTS = (Basis.CONSENT, Basis.SEPARATE_CONSENT)
ABROAD = "abroad"
ACTS = {
    Verb.SHARE: ("share", "call_sdk", "delegate", "transfer", ABROAD),
    Verb.DISCLOSE: ("disclose",),
}
"""What may be done in a listed case, by the verb that does it."""
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
        moments += [act.until for act in acts if act.until is not None]
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
        lifted = {Check.ACCEPTED} if self.without_account else set[Check]()
        return check in APPLIES[self.basis] - LIFTED[self.ask.verb] - lifted

    @property
    def ground(self) -> str | None:
        """The ground of the reference; a reference without a document is none."""
        reference = self.ask.reference
        return reference.ground if reference and reference.document.strip() else None

    @property
    def beyond(self) -> Beyond | None:
        """The listed case that is claimed, where data is given away; anything else has none."""
        claimed = self.ask.beyond
        return claimed if claimed and claimed.act in ACTS.get(self.ask.verb, ()) else None

    @property
    def heard(self) -> list[Act]:
        """The acts that were heard by now."""
        return stands.heard(self.standing.acts if self.standing else (), self.ask.at)

    @property
    def guardian(self) -> list[Act]:
        """What a guardian consented to."""
        return ages.consents(self.heard, self.policy, shown_first=self.shown_first)

    @property
    def acts(self) -> list[Act]:
        """The acts that count now."""
        return ages.still_theirs(self.heard, self.policy, ages.came_of_age(self.guardian, self.ask.at))

    @property
    def shown_first(self) -> bool:
        """Whether agreeing counts only after the text was shown."""
        agreement = self.those(says.AcceptanceClause)
        return any(c.shown_first for c in agreement) or not agreement

    @property
    def without_account(self) -> bool:
        """Whether the person has nothing to accept here."""
        return self.ask.role in WITHOUT_ACCOUNT

    @property
    def items(self) -> list[says.ItemClause]:
        """What the function takes of people in this role."""
        plain = self.ask.role in ON_AN_ACCOUNT
        return [
            c for c in self.those(says.ItemClause) if c.about is self.ask.role or (c.about is None and plain)
        ]

    def waits(self, function: says.FunctionClause) -> bool:
        """Whether a function waits to be chosen, or rests on consent."""
        return function.starts is says.Starts.WHEN_CHOSEN or function.basis in CONSENTS

    def chosen(self, where: FunctionName, item: ItemName | None = None, *, separate: bool) -> stands.Stands:
        """How the choice of a function, or of an item of it, stands."""
        others = [c for c in self.policy.clauses if isinstance(c, says.RefusalClause) and where in c.also]
        at = (self.policy.name, where, item)
        return stands.choice(self.acts, at, separate=separate, lost_with={c.function for c in others})

    @property
    def switches(self) -> list[says.SwitchClause]:
        """The switches that speak about what is asked, whether they stop all of it or single items."""
        if not self.needs(Check.SWITCHES):
            return []
        over = [c for c in self.those(says.SwitchClause) if self.ask.function in c.functions]
        over = [c for c in over if not c.verbs or self.ask.verb in c.verbs]
        if self.ask.verb is Verb.USE and self.ask.device is None:
            # A device's switch stops its stream. To use what was collected before is not the stream.
            over = [c for c in over if c.scope is not says.Scope.DEVICE]
        return over

    def is_on(self, switch: says.SwitchClause) -> bool:
        """Whether a switch was on when the value came into being, and is on now."""
        return stands.switched_on(self.acts, self.policy.name, switch, self.ask.device, self.then)

    @property
    def then(self) -> datetime:
        """When the value came into being; a clock that runs ahead doesn't make it later than now."""
        return min(self.ask.measured or self.ask.at, self.ask.at)

    def held(self, since: datetime | None) -> bool:
        """Whether a yes held when the value came into being, and ever since."""
        return since is not None and since <= self.then
