"""Plain facts: what people must be told stands on the page, in every language of the policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.policy import statements as s
from troth.policy.enforcement import ENFORCED_BY, Seen
from troth.prove.case import Case, NotTried
from troth.prove.trial import Scenario, Trial, always

if TYPE_CHECKING:
    from troth.prove.world import World


async def told(world: World, case: Case, trial: Trial) -> None:
    """Show that the line of this clause is among what is shown, in each language."""
    for language in ("zh", "en"):
        shown = await world.shown(case, language)
        lines = [
            line["text"]
            for section in shown["sections"]
            for line in section["lines"]
            if line.get("clause") == case.clause.id
        ] + [section["heading"] for section in shown["sections"] if section.get("clause") == case.clause.id]
        trial.fact(
            f"shown in {language}",
            f"以 {language} 展示",
            (lines[0][:120] if lines else "nothing"),
            held=bool(lines) and all(lines),
        )
    if not trial.lines:
        raise NotTried("shown_nowhere")


_ANSWERED = (s.ScopeClause, s.DefinitionClause, s.DocumentClause, s.ContentsClause, s.LawClause)
"""What a promise of these asks for is that people are told; what follows in data, other clauses say."""

SCENARIOS = tuple(
    Scenario("told", kind, told, always)
    for kind in (
        *(each for each, how in ENFORCED_BY.items() if how.seen is Seen.OUTPUT),
        *_ANSWERED,
    )
    if issubclass(kind, s.Statement)
)
