"""Policies, standings and asks from a string of bytes. All zeros is the simplest case, so examples shrink.

Well-formed: mostly what a real policy, person and asker would do, with a few things gone wrong. Arbitrary:
anything the types allow, and some that they don't.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from uuid import UUID

from hypothesis import strategies as st
from msgspec import structs

from troth.policy import clauses as says
from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.statements import CaseClause, ChangeClause, MinorClause
from troth.terms import (
    Act,
    ActKind,
    Actor,
    ActorKind,
    Ask,
    Basis,
    Beyond,
    ClauseId,
    Reference,
    Role,
    Standing,
    Verb,
)

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SUBJECT, OTHER = UUID(int=1), UUID(int=2)
DEVICES = [UUID(int=11), UUID(int=12)]
FUNCTIONS = ["flow", "guard", "offers"]
ITEMS = ["crossing", "phone", "profile", "name", "video"]
PURPOSES = ["count", "show"]
SWITCHES = ["counting", "tracking"]
NEEDS = ["camera", "store"]
PERMISSIONS = ["location", "camera"]
GROUNDS = ["express_law", "life", "agreement"]
RECIPIENTS = ["agent", "partner"]
CASES = ["law", "agreed", "unheard_of"]
FACTS = ["law", "consent", "agreement"]
REGIONS = ["CN", "DE", "SG"]
CONSENTS = (Basis.CONSENT, Basis.SEPARATE_CONSENT)
EFFECTS = ["function_unavailable", "no_effect", "service_unavailable"]
CHILD, GROWN = 14, 18
SHOWN = {"version": 1, "language": "en", "text_hash": "aa"}
AT = says.Position("generated", 1, 1)


class Dice:
    """Choices read from bytes; when they run out, always the first."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def below(self, n: int) -> int:
        return next(self._data, 0) % n

    def pick(self, options):
        options = list(options)
        return options[self.below(len(options))]

    def rarely(self, times: int = 8) -> bool:
        """One time in ``times``."""
        return self.below(times) == times - 1

    def often(self) -> bool:
        return self.below(4) != 3

    def some(self, options) -> list:
        return [option for option in options if self.below(2)]

    def time(self) -> datetime:
        """One of few, so that many are the same."""
        return T0 + timedelta(hours=self.below(12))


BYTES = 1000
dice = st.binary(min_size=BYTES, max_size=BYTES).map(Dice)


def clause(kind: type, address: str, **fields):
    return kind(id=ClauseId(f"pol/{address}"), at=AT, **fields)


def policy(d: Dice, *, arbitrary: bool = False) -> says.Policy:
    clauses = [clause(says.AcceptanceClause, "acceptance", shown_first=not d.rarely())]
    if d.below(2):
        age = GROWN if d.below(2) else CHILD
        clauses.append(
            clause(says.AudienceClause, "audience", minimum_age=age, found_minor="delete_promptly")
        )
    if d.rarely(3):
        clauses.append(guardian(d))
    if d.rarely(3):
        clauses.append(clause(ChangeClause, "changes/continued_use", name="continued_use"))
    clauses += [clause(says.StoredInClause, f"stored_in/{r}", region=r) for r in d.some(REGIONS[:2])]
    functions = FUNCTIONS[: 1 + d.below(3)]
    for function in functions:
        clauses += function_clauses(d, function, functions, arbitrary=arbitrary)
    for switch in SWITCHES[: d.below(3)]:
        covers = frozenset(d.some(functions) or functions[:1])
        scope, on = d.pick(says.Scope), not d.rarely(4)
        clauses.append(
            clause(
                says.SwitchClause,
                f"switches/{switch}",
                switch=switch,
                functions=covers,
                default_on=on,
                scope=scope,
                items=frozenset(d.some(ITEMS)) if d.rarely(3) else frozenset(),
                verbs=frozenset(d.some(Verb)) if d.rarely(4) else frozenset(),
            )
        )
    for kind, name in ((says.DutyClause, "duties"), (says.ExemptClause, "exempt")):
        for verb in d.some(Verb):
            clauses += [
                clause(kind, f"{name}/{verb}/{ground}", verb=verb, ground=ground)
                for ground in d.some(GROUNDS)
            ]
    clauses += listed_cases(d) if d.below(2) else []
    if d.below(2):
        clauses.append(clause(says.RightClause, "rights/cancel", right="cancel", by=("phone",)))
    for n in range(len(clauses) - 1, 0, -1):  # any order
        m = d.below(n + 1)
        clauses[n], clauses[m] = clauses[m], clauses[n]
    return policy_of(clauses)


def listed_cases(d: Dice) -> list[CaseClause]:
    """Cases of acts beyond the functions, each with what it needs; ``always`` holds for the others."""
    return [
        clause(
            CaseClause,
            f"cases/{act}/{name}",
            act=act,
            name=name,
            needs=tuple(d.some(FACTS)),
            to=tuple(d.some(RECIPIENTS)) if name != "always" else (),
            items=tuple(d.some(ITEMS)) if name != "always" and d.rarely(4) else (),
        )
        for act in d.some(["share", "disclose", "abroad"])
        for name in [*d.some(["always"]), *CASES[: 1 + d.below(2)]]
    ]


def beyond(d: Dice, policy: says.Policy) -> Beyond:
    """A claim that a case is listed, mostly one that is, towards someone whom it names."""
    cases = sorted((c for c in policy.clauses if isinstance(c, CaseClause)), key=lambda c: c.id)
    if not cases or d.rarely(4):
        act = d.pick(["share", "disclose", "abroad", "leave"])
        return Beyond(act, d.pick([*CASES, "always"]), d.pick(RECIPIENTS), frozenset(d.some(FACTS)))
    case = d.pick(cases)
    to = d.pick(case.to or RECIPIENTS)
    return Beyond(case.act, case.name, to, frozenset(FACTS if d.below(2) else d.some(FACTS)))


def guardian(d: Dice) -> MinorClause:
    age = d.pick([CHILD, CHILD - 1, GROWN, None])
    inclusive = d.pick([None, True, False])
    name = "parental_consent" if d.often() else "sensitive_up_to"
    return clause(MinorClause, f"minors/{name}", name=name, age=age, inclusive=inclusive)


def policy_of(clauses, version: int = 1) -> says.Policy:
    day = date(2020, 3, 3)
    return says.Policy(
        name="pol",
        version=version,
        published=day,
        effective=day,
        title={"en": "p"},
        languages=("en",),
        controller={},
        clauses=tuple(clauses),
        digest="00",
    )


def function_clauses(d: Dice, f: str, functions: list[str], *, arbitrary: bool) -> list[says.Clause]:
    basis = d.pick(Basis) if arbitrary else d.pick([*list(Basis)[:3] * 5, *Basis])
    starts = d.pick(says.Starts)
    if basis in CONSENTS and not arbitrary:
        starts = says.Starts.WHEN_CHOSEN
    made: list[says.Clause] = [
        clause(says.FunctionClause, f"functions/{f}", function=f, basis=basis, starts=starts),
        clause(
            says.RefusalClause,
            f"functions/{f}/on_refusal",
            function=f,
            effect=d.pick(EFFECTS),
            also=frozenset(d.some(functions) if d.rarely(3) else ()),
        ),
    ]
    taken = ITEMS[: 1 + d.below(len(ITEMS))]
    for item in taken:
        need = d.pick([*says.Need, says.Need.WHEN_USED])
        own = d.pick([None, None, None, *CONSENTS, *(Basis if d.rarely() else ())])
        made.append(
            clause(
                says.ItemClause,
                f"functions/{f}/items/{item}",
                function=f,
                item=item,
                need=need,
                basis=own,
                permission=d.pick([None, None, None, *PERMISSIONS]),
                about=d.pick(Role) if d.rarely(10) else None,
                only_while=d.pick([*FUNCTIONS, "unheard_of"]) if d.rarely(10) else None,
                keep=says.Keep.NONE if d.rarely(6) else says.Keep.STORED,
            )
        )
        if d.rarely(4):
            grounds = frozenset(d.some(GROUNDS))
            address = f"functions/{f}/holds/{item}/opens_for"
            made.append(clause(says.HoldClause, address, function=f, item=item, opens_for=grounds))
    for purpose in PURPOSES[: 1 + d.below(2)]:
        by = frozenset(d.some(ActorKind)) or frozenset(ActorKind)
        verbs = frozenset(d.some(Verb)) or frozenset(Verb)
        made.append(
            clause(
                says.PurposeClause,
                f"functions/{f}/purposes/{purpose}",
                function=f,
                purpose=purpose,
                by=by,
                verbs=verbs,
                only_on=frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION} if d.rarely(6) else ()),
            )
        )
    made += [
        clause(says.NeedClause, f"functions/{f}/needs/{need}", function=f, need=need)
        for need in NEEDS[: max(0, d.below(4) - 1)]
    ]
    if d.rarely(4):
        role = d.pick(Role)
        made.append(clause(says.NeverAboutClause, f"functions/{f}/never_about/{role}", function=f, role=role))
    if d.rarely(4):
        made.append(closed(d, f, d.pick(ITEMS)))
    for recipient in RECIPIENTS[: d.below(3)]:
        fits = {p.purpose for p in made if isinstance(p, says.PurposeClause)}
        made.append(
            clause(
                says.RecipientClause,
                f"functions/{f}/recipients/{recipient}",
                function=f,
                recipient=recipient,
                items=frozenset(d.some(taken)) or frozenset(taken),
                purpose=d.pick(sorted(fits)),
                only_if_shown={d.pick(ITEMS): d.pick(["en", "zh"])} if d.rarely(4) else {},
                own_devices=d.rarely(4),
            )
        )
    return made


def closed(d: Dice, f: str, item: str) -> says.ClosedClause:
    verbs, unless = frozenset(d.some(Verb)) or frozenset(Verb), frozenset(d.some(GROUNDS))
    address = f"functions/{f}/holds/{item}/closed_to_controller"
    return clause(
        says.ClosedClause, address, mod="must_not", function=f, item=item, verbs=verbs, unless=unless
    )


def compiled(policy: says.Policy) -> Compiled:
    """The tables without the policy's own checks, which have their own tests."""
    found = _compiled.get(id(policy))
    if found is None or found[0] is not policy:
        if len(_compiled) > 256:
            _compiled.clear()
        with patch("troth.policy.compile.check", _unchecked):
            found = _compiled[id(policy)] = (policy, compile_policy(policy))
    return found[1]


_compiled: dict[int, tuple[says.Policy, Compiled]] = {}


def _unchecked(_policy: says.Policy) -> tuple[()]:
    return ()


def act(d: Dice, **more) -> Act:
    """Any act, mostly about this policy."""
    # Cancelling ends everything else there is to see, so it is rare.
    kind = d.pick([each for each in ActKind if each is not ActKind.CANCELLED or d.rarely()])
    fields = {
        "kind": kind,
        "policy": "other" if d.rarely() else "pol",
        "at": d.time(),
        "function": d.pick([*FUNCTIONS, None]),
        "device": d.pick([None, None, *DEVICES]),
        "separate": d.below(2) == 1,
    }
    if kind in TEXTS:
        fields |= SHOWN | d.pick([{}, {"version": 2}, {"text_hash": "bb"}, {"language": "zh"}])
    if kind is ActKind.DECLARED_ADULT:
        fields["age"] = d.pick([None, CHILD - 1, CHILD, CHILD + 1, GROWN])
    if kind is ActKind.GUARDIAN_CONSENTED or d.rarely(30):
        fields["until"] = d.pick([None, d.time(), T0 + timedelta(days=100)])
    if kind in (ActKind.CHOSEN, ActKind.WITHDRAWN, ActKind.SUPPLIED, ActKind.REMOVED):
        fields["item"] = d.pick([None, *ITEMS])
    if kind in (ActKind.SUPPLIED, ActKind.REMOVED) and d.below(2):
        fields |= {"need": d.pick(SUPPLIED), "item": None}
    if kind in (ActKind.SWITCHED_ON, ActKind.SWITCHED_OFF) or d.rarely():
        fields["switch"] = d.pick([*SWITCHES, None])
    return Act(**fields | more)


SUPPLIED = [
    *NEEDS,
    *(says.PERMISSION + each for each in PERMISSIONS),
    *(says.SUPPLIER + each for each in RECIPIENTS),
]
TEXTS = {
    ActKind.SHOWN,
    ActKind.ACCEPTED,
    ActKind.ENDED,
    ActKind.CONTINUED,
    ActKind.GUARDIAN_CONSENTED,
}


def standing(d: Dice, policy: says.Policy, *, arbitrary: bool = False) -> Standing | None:
    """What a person who does everything would have done, then a few surprises."""
    if d.rarely(30):
        return None
    acts: list[Act] = [] if arbitrary else everything(d, policy)
    for _ in range(d.below(12) if arbitrary else d.below(5)):
        acts.insert(len(acts) if d.below(2) else d.below(len(acts) + 1), act(d))
    if d.rarely(6) and acts:
        acts.pop(d.below(len(acts)))
    if arbitrary and acts and d.rarely(6):
        spoiled = d.below(len(acts))
        which = d.pick(["at", "at", "until"])
        acts[spoiled] = replace(acts[spoiled], **{which: acts[spoiled].at.replace(tzinfo=None)})
    return Standing(OTHER if d.rarely(30) else SUBJECT, tuple(acts))


def everything(d: Dice, policy: says.Policy) -> list[Act]:
    def did(kind: ActKind, **fields) -> Act:
        return Act(kind=kind, policy="pol", at=T0 + timedelta(hours=d.below(3)), **fields)

    acts = [] if d.rarely() else [did(ActKind.DECLARED_ADULT, age=d.pick([None, None, CHILD, GROWN]))]
    acts += [did(ActKind.SHOWN, **SHOWN), did(ActKind.ACCEPTED, **SHOWN)]
    if any(isinstance(c, MinorClause) for c in policy.clauses) and d.often():
        acts.append(did(ActKind.GUARDIAN_VERIFIED))
        until = d.pick([T0 + timedelta(days=100), T0 + timedelta(days=100), d.time()])
        acts.append(did(ActKind.GUARDIAN_CONSENTED, **SHOWN, until=until))
    for c in policy.clauses:
        if isinstance(c, says.FunctionClause) and d.often():
            separate = d.often()
            acts.append(
                did(ActKind.CHOSEN, function=c.function, separate=separate, version=d.pick([None, 1]))
            )
        elif isinstance(c, says.NeedClause) and d.often():
            acts.append(did(ActKind.SUPPLIED, function=d.pick([c.function, None]), need=c.need))
        if isinstance(c, says.ItemClause) and c.permission and d.often():
            need = says.PERMISSION + c.permission
            acts.append(did(ActKind.SUPPLIED, function=d.pick([c.function, None]), need=need))
        if isinstance(c, says.ItemClause) and c.need in (says.Need.REQUIRED, says.Need.EITHER) and d.often():
            acts.append(did(ActKind.SUPPLIED, function=c.function, item=c.item))
        elif isinstance(c, says.ItemClause) and d.below(2):
            acts.append(did(ActKind.CHOSEN, function=c.function, item=c.item, separate=d.often()))
    return acts


def ask(d: Dice, policy: says.Policy, *, arbitrary: bool = False) -> Ask:
    """A question that some purpose of the policy would welcome, with a few things gone wrong."""
    purposes = sorted((c for c in policy.clauses if isinstance(c, says.PurposeClause)), key=lambda c: c.id)
    fit = d.pick(purposes) if purposes else None
    at = T0 + timedelta(hours=3 + d.below(9))
    odd = 2 if arbitrary else 12
    verb = d.pick(sorted(fit.verbs)) if fit and not d.rarely(odd) else d.pick(Verb)
    kind = d.pick(sorted(fit.by)) if fit and not d.rarely(odd) else d.pick(ActorKind)
    who = str(OTHER) if d.rarely(odd) else str(SUBJECT)
    measured = d.pick([None, None, at, d.time(), at + timedelta(seconds=d.pick([1, 120, 121]))])
    basis = d.pick([*[None] * 14, *Basis])
    reference = Reference(d.pick(GROUNDS), d.pick(["doc", "doc", "doc", " "])) if d.below(2) else None
    made = Ask(
        verb=verb,
        policy="other" if d.rarely(30) else "pol",
        function=fit.function if fit and not d.rarely(20) else d.pick([*FUNCTIONS, "unheard_of"]),
        items=frozenset(d.some([*ITEMS, "undeclared"]) or ([] if d.rarely() else ITEMS[:1])),
        purpose=fit.purpose if fit and not d.rarely(odd) else d.pick([*PURPOSES, "none"]),
        subject=OTHER if d.rarely(30) else SUBJECT,
        actor=Actor(kind, who),
        region="CN" if not d.rarely(odd) else d.pick(REGIONS),
        at=at,
        measured=measured,
        role=d.pick(Role) if d.rarely(4) else Role.HOLDER,
        device=d.pick([None, *DEVICES]),
        basis=basis,
        reference=reference,
        recipient=d.pick([*RECIPIENTS, None]),
        unfit=frozenset(d.some([*ITEMS, "undeclared"]) if d.rarely(4) else ()),
    )
    if d.rarely(4):
        claimed = beyond(d, policy)
        gives = Verb.DISCLOSE if claimed.act == "disclose" else Verb.SHARE
        made = structs.replace(made, beyond=claimed, verb=made.verb if d.rarely() else gives)
    if arbitrary and d.rarely(10):
        made = structs.replace(made, at=at.replace(tzinfo=None))
    if arbitrary and measured and d.rarely(10):
        made = structs.replace(made, measured=measured.replace(tzinfo=None))
    return made
