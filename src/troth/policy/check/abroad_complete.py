"""Nothing leaves the country without the conditions of the law."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.check.finding import at_clause, at_policy, clauses
from troth.policy.clauses import Policy, StoredInClause
from troth.policy.problems import Finding, Severity
from troth.policy.statement_words import Act, Condition
from troth.policy.statements import CaseClause

RULE = "abroad_complete"
SOURCES = ("pipl-38", "pipl-39", "pipl-55", "xb-5.4", "xb-7", "xb-8", "gdpr-44")
_LAW = {Condition.LAW, Condition.NATIONAL_RULES, Condition.LEGAL_CHECKLIST}


def judge(policy: Policy) -> Iterator[Finding]:
    """Error for a case without the rules; warning for a foreign store, or consent that is not separate."""
    cases = [clause for clause in clauses(policy, CaseClause) if clause.act == Act.ABROAD]
    foreign = [clause for clause in clauses(policy, StoredInClause) if clause.region != "CN"]
    if foreign and not cases:
        what = f"data lies in {foreign[0].region} and nothing says on what conditions"
        yield at_policy(RULE, Severity.WARNING, policy, what, "'cases: {abroad: ...}'")
    for clause in cases:
        if not _LAW & set(clause.needs):
            what = "goes abroad without the mechanism that the law asks for"
            yield at_clause(RULE, Severity.ERROR, clause, what, "'needs:' with 'law' or 'national_rules'")
        elif Condition.SEPARATE_CONSENT not in clause.needs and Condition.CONSENT in clause.needs:
            what = "the text asks for consent, the law (PIPL Art. 39) for a separate one"
            yield at_clause(RULE, Severity.WARNING, clause, what, "'separate_consent'")
