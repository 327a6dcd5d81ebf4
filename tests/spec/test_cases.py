"""Listed cases: the invariants of `spec/cases.py` by name, and the fast code against it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from spec import cases as spec
from tests.spec import generate
from troth.policy import cases as fast
from troth.policy.clauses import AcceptanceClause
from troth.policy.statements import CaseClause

ACTS = ["share", "transfer"]
NAMES = ["always", "law", "consent"]
FACTS = ["agreement", "law", "consent", "notice"]
RECEIVERS = ["partner", "authority"]
ITEMS = ["phone_number", "cloud_video"]
SOME = st.lists(st.sampled_from(FACTS), unique=True, max_size=3).map(tuple)


@st.composite
def clauses(draw):
    made = [generate.clause(AcceptanceClause, "acceptance", shown_first=True)]
    for act in ACTS:
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
            to = (
                draw(st.lists(st.sampled_from(RECEIVERS), unique=True).map(tuple)) if name != "always" else ()
            )
            items = draw(st.lists(st.sampled_from(ITEMS), unique=True).map(tuple)) if name != "always" else ()
            made.append(
                generate.clause(
                    CaseClause,
                    f"cases/{act}/{name}",
                    act=act,
                    name=name,
                    needs=draw(SOME),
                    to=to,
                    items=items,
                )
            )
    return made


ASKS = st.fixed_dictionaries(
    {
        "act": st.sampled_from([*ACTS, "abroad"]), "case": st.sampled_from([*NAMES, "unheard_of"]),
        "met": st.frozensets(st.sampled_from(FACTS)), "receiver": st.none() | st.sampled_from(RECEIVERS),
        "items": st.frozensets(st.sampled_from(ITEMS)),
    }
)  # fmt: skip


def missing(made, ask):
    return spec.missing(generate.policy_of(made), **ask)


@given(clauses(), ASKS)
def test_cases_agree_with_the_specification(made, ask):
    answer = fast.judge(generate.compiled(generate.policy_of(made)), **ask)
    match answer:
        case fast.Unlisted():
            assert missing(made, ask) is None
        case fast.Missing(conditions):
            assert missing(made, ask) == conditions
        case fast.Listed(because):
            assert missing(made, ask) == frozenset()
            assert because


@given(clauses(), ASKS)
def test_what_is_not_listed_is_refused(made, ask):
    if not any(isinstance(c, CaseClause) and (c.act, c.name) == (ask["act"], ask["case"]) for c in made):
        assert missing(made, ask) is None


@given(clauses(), ASKS)
def test_one_missing_fact_refuses(made, ask):
    own = [c for c in made if isinstance(c, CaseClause) and (c.act, c.name) == (ask["act"], ask["case"])]
    if own and set(own[0].needs) - ask["met"]:
        assert missing(made, ask) != frozenset()


@given(clauses(), ASKS)
def test_what_holds_always_holds_in_every_case(made, ask):
    always = [c for c in made if isinstance(c, CaseClause) and (c.act, c.name) == (ask["act"], "always")]
    if always and set(always[0].needs) - ask["met"]:
        assert missing(made, ask) != frozenset()


@given(clauses(), ASKS, st.frozensets(st.sampled_from(FACTS)))
def test_more_facts_never_close(made, ask, more):
    if missing(made, ask) == frozenset():
        assert missing(made, ask | {"met": ask["met"] | more}) == frozenset()
