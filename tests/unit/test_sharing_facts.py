"""Which facts are on record when something is to be given away: each from its one source alone."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from troth.policy.statement_words import Condition
from troth.sharing.facts import SOURCES, Receiver, Source, Wanted, allowing, facts
from troth.terms import Act, ActKind, Standing

POLICY, NAME, PURPOSE = "pol", "acme", "service"
AT = datetime(2026, 3, 1, tzinfo=UTC)
EVERY = tuple(each.value for each in Condition)


def receiver(**changed):
    fields = {"policy": POLICY, "receiver": NAME, "kind": "partner", "purpose": PURPOSE}
    return Receiver(**fields | {"items": ["phone_number"], "papers": []} | changed)


def wanted(**changed):
    fields = {"policy": POLICY, "receiver": NAME, "purpose": PURPOSE, "items": {"phone_number"}, "papers": ()}
    return Wanted(**fields | changed)


def said(*kinds, separate=False, need=None, policy=POLICY):
    need = need or allowing(NAME, PURPOSE)
    acts = [Act(kind=kind, policy=policy, at=AT, need=need, separate=separate) for kind in kinds]
    return Standing(UUID(int=1), tuple(acts))


def of(source):
    return {each.value for each, from_ in SOURCES.items() if from_ is source}


def test_every_condition_has_one_source():
    assert set(SOURCES) == set(Condition)


def test_papers_of_the_occasion_show_nothing_that_others_say():
    assert facts(wanted(papers=EVERY), None, None) == of(Source.OCCASION) | {"logged"}


def test_papers_on_the_register_show_nothing_but_what_is_about_the_receiver():
    found = facts(wanted(), receiver(papers=list(EVERY)), None)
    assert found == of(Source.RECEIVER) | of(Source.WORKED_OUT)


def test_nobody_of_that_name_is_registered():
    assert facts(wanted(), None, None) == {"logged"}


def test_another_purpose_is_not_the_stated_one():
    assert "stated_purpose" not in facts(wanted(purpose="other"), receiver(), None)


def test_one_item_more_is_more_than_necessary():
    more = wanted(items={"phone_number", "real_name"})
    assert "necessary_only" not in facts(more, receiver(), None)


def test_what_the_person_said_counts_and_separately_only_what_was_asked_for_by_itself():
    theirs = of(Source.PERSON)
    assert theirs & facts(wanted(), None, said(ActKind.SUPPLIED)) == theirs - {"separate_consent"}
    assert theirs <= facts(wanted(), None, said(ActKind.SUPPLIED, separate=True))


@pytest.mark.parametrize(
    "standing",
    [
        None,
        said(ActKind.SUPPLIED, ActKind.REMOVED),
        said(ActKind.SUPPLIED, need=allowing("other", PURPOSE)),
        said(ActKind.SUPPLIED, need=allowing(NAME, "other")),
        said(ActKind.SUPPLIED, policy="other"),
    ],
)
def test_what_was_taken_back_or_said_of_something_else_does_not_count(standing):
    assert not of(Source.PERSON) & facts(wanted(), receiver(), standing)
