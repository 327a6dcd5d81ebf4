"""Questions other than the gate's that a compiled policy answers, each from the clauses of one type.

Pure: what has happened is an argument. Workflows ask here instead of reading clauses themselves. Silence
of the policy is the answer that takes less from the person.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from troth.policy.compiled import Compiled
from troth.policy.contents import told_of
from troth.policy.enforcement import CONTROLS, Seen, enforcement
from troth.policy.statement_words import (
    Ask,
    Matter,
    Measure,
    MinorGround,
    MinorRule,
    Owner,
    RefuseGround,
    Repurposed,
    RequestRule,
    Risk,
    Stop,
    Term,
    Topic,
    Touched,
)
from troth.policy.statements import (
    ContentsClause,
    DefinitionClause,
    DeleteGroundClause,
    DocumentClause,
    LawClause,
    MajorChangeClause,
    MinorClause,
    PermissionClause,
    ProtectionClause,
    RefuseGroundClause,
    RepurposeClause,
    RequestClause,
    ScopeClause,
    TrackerClause,
    UserDutyClause,
)
from troth.policy.vocabulary import VOCABULARY, Sensitivity
from troth.terms import LEGAL_TIME, ClauseId, FunctionName, ItemName

_MINOR = 18


def in_force(compiled: Compiled, at: datetime) -> bool:
    """Return whether this version binds at a moment, if no later one does."""
    return compiled.policy.effective <= at.astimezone(LEGAL_TIME).date()


def governs(
    compiled: Compiled, owner: Owner, product: str | None = None, *, own_policy: bool = False
) -> bool:
    """Return whether this policy governs a product. One that says no beats one that says yes."""
    fits = [
        each
        for each in compiled.all(ScopeClause)
        if owner in each.of
        and (not each.products or product in each.products)
        and (not each.own_policy or own_policy)
    ]
    return bool(fits) and all(each.governs for each in fits)


def covered(compiled: Compiled, term: Term) -> DefinitionClause | None:
    """Return what falls under a term, if the policy defines it."""
    return compiled.one(DefinitionClause, term)


def sensitive(compiled: Compiled, item: ItemName, *, age: int | None = None) -> bool:
    """Return whether an item is sensitive: by the vocabulary, the policy's own list, or the person's age."""
    defined = covered(compiled, Term.SENSITIVE)
    by_list = defined is not None and item in defined.items
    return by_list or VOCABULARY[item].sensitivity is Sensitivity.SENSITIVE or sensitive_age(compiled, age)


def sensitive_age(compiled: Compiled, age: int | None) -> bool:
    """Return whether everything about a person of this age is sensitive; below and up to are told apart."""
    rule = compiled.one(MinorClause, MinorRule.SENSITIVE_UP_TO)
    if rule is None or rule.age is None or age is None:
        return False
    return age <= rule.age if rule.inclusive else age < rule.age


def years(born: date, on: date) -> int:
    """Return the age in full years; a birthday counts from its first moment."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def old_enough(compiled: Compiled, age: int) -> bool:
    """Return whether someone of this age may be a subject."""
    return compiled.audience is None or age >= compiled.audience.minimum_age


def marketed_to(compiled: Compiled, age: int) -> bool:
    """Return whether people of this age may be in a campaign at all."""
    return age >= _MINOR or compiled.one(MinorClause, MinorRule.NO_MARKETING) is None


def minor_rules(compiled: Compiled) -> frozenset[str]:
    """Return the rules about minors that registration and the rights desk keep."""
    return frozenset(each.name for each in compiled.all(MinorClause))


def minors_data(compiled: Compiled, met: Collection[MinorGround]) -> bool:
    """Return whether a minor's data may be used, given what it would rest on."""
    rule = compiled.one(MinorClause, MinorRule.LIMITED_USE)
    return rule is None or not set(rule.only_on).isdisjoint(met)


def also_agreed(compiled: Compiled) -> frozenset[str]:
    """Return the documents that are agreed to together with the policy."""
    return frozenset(each.name for each in compiled.all(DocumentClause) if each.agreed)


def contents(compiled: Compiled) -> Mapping[Topic, tuple[ClauseId, ...]]:
    """Return the topics that the text announces, each with the clauses that tell of it."""
    announced = compiled.one(ContentsClause)
    topics = () if announced is None else announced.topics
    return {Topic(each): told_of(compiled.policy, Topic(each)) for each in topics}


def barred(compiled: Compiled, case: Repurposed) -> bool:
    """Return whether a further use is not made at all, whoever would agree."""
    rule = compiled.one(RepurposeClause, case)
    return rule is not None and rule.needs == Ask.NEVER


def asks_first(compiled: Compiled, case: Repurposed, linked_with: FunctionName | None = None) -> bool:
    """Return whether a further use needs consent first. A policy that does not say asks."""
    rule = compiled.one(RepurposeClause, case)
    return rule is None or rule.needs != Ask.CONSENT_UNLESS_LINKED or linked_with not in rule.linked


def may_ask_for(compiled: Compiled, permission: str) -> bool:
    """Return whether a permission of the phone is on the closed list."""
    return compiled.one(PermissionClause, permission) is not None


def items_through(compiled: Compiled, permission: str) -> frozenset[str]:
    """Return the items that may come through a permission."""
    found = compiled.one(PermissionClause, permission)
    return frozenset(found.items) if found else frozenset()


def recognises(
    compiled: Compiled, tracker: str, *, use: str | None = None, ended: Collection[Stop] = ()
) -> bool:
    """Return whether a tracker may recognise someone, for a use, after what has happened."""
    found = compiled.one(TrackerClause, tracker)
    if found is None or any(each in found.stopped_by for each in ended):
        return False
    return not found.only_stated or use is None or use in found.uses


def may_delete(compiled: Compiled, ground: str) -> DeleteGroundClause | None:
    """Return what a ground to have data deleted brings with it, if the policy lists it."""
    return compiled.one(DeleteGroundClause, ground)


def may_refuse(compiled: Compiled, ground: RefuseGround | str) -> bool:
    """Return whether a request may be refused on a ground: one of the closed list, or an unreasonable one."""
    unreasonable = compiled.one(RequestClause, RequestRule.REFUSE_UNREASONABLE)
    listed = compiled.one(RefuseGroundClause, ground) is not None
    return listed or (unreasonable is not None and ground in unreasonable.grounds)


def request_rule(compiled: Compiled, rule: RequestRule) -> RequestClause | None:
    """Return what holds for every request in one matter."""
    return compiled.one(RequestClause, rule)


def major(compiled: Compiled, touched: Collection[Touched]) -> bool:
    """Return whether a change that touches these matters is a major one."""
    return any(compiled.one(MajorChangeClause, each) is not None for each in touched)


def controls(compiled: Compiled) -> Mapping[str, tuple[str, ...]]:
    """Return the register of risks: those that the policy names, with the controls against each."""
    named = compiled.one(ProtectionClause, Measure.RISKS)
    return {risk: CONTROLS[Risk(risk)] for risk in (named.risks if named else ())}


def self_check(compiled: Compiled) -> Mapping[str, bool] | None:
    """Return whether each measure that the policy lists is kept; None where no such check is promised."""
    if compiled.one(ProtectionClause, Measure.SELF_CHECK) is None:
        return None
    kept = {each.name: enforcement(each) for each in compiled.all(ProtectionClause)}
    return {name: found is not None and found.seen is not Seen.NOWHERE for name, found in kept.items()}


def laws(compiled: Compiled, matter: Matter) -> tuple[str, ...]:
    """Return the names of the laws that are relied upon in a matter."""
    return tuple(each.name for each in compiled.all(LawClause) if matter in each.of)


def set_by(compiled: Compiled, tracker: str, owner: Owner) -> bool:
    """Return whether a tracker may be set by this party. Where the policy does not say: by the controller."""
    found = compiled.one(TrackerClause, tracker)
    return found is not None and owner in (found.set_by or (Owner.CONTROLLER,))


def response(compiled: Compiled, duty: str) -> str | None:
    """Return what we do about a person's part."""
    found = compiled.one(UserDutyClause, duty)
    return found.response if found else None
