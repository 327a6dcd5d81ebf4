"""`troth diff`: what differs in words, and what the older version wants done about it, for every policy."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from troth.app import policies
from troth.edges.cli.app import app
from troth.policy import clauses as c
from troth.policy import statements as s
from troth.policy.compile import compile_policy
from troth.policy.difference import Consequence, How, NotTwoVersions, difference
from troth.policy.statement_words import ChangeRule, Touched

NAMES = policies.names()


def later(before, clauses):
    return compile_policy(replace(before.policy, version=before.policy.version + 1, clauses=tuple(clauses)))


def another_purpose(before, starts):
    """A planted major change: a function gets one more purpose."""
    purposes = (each for each in before.policy.clauses if isinstance(each, c.PurposeClause))
    found = next((each for each in purposes if before.functions[each.function].clause.starts is starts), None)
    if found is None:
        pytest.skip(f"{before.policy.name} has no function that starts so")
    new = replace(found, id=f"{found.id}_too", purpose=f"{found.purpose}_too")
    return new, later(before, (*before.policy.clauses, new))


def with_another(before, kind, change, **named):
    """A planted change of the first clause of its kind."""
    one = next(
        each
        for each in before.policy.clauses
        if isinstance(each, kind) and all(getattr(each, key) == value for key, value in named.items())
    )
    return later(
        before, [replace(one, **change(one)) if each is one else each for each in before.policy.clauses]
    )


PLANTED = {
    "a purpose more": lambda before: another_purpose(before, c.Starts.WITH_ACCEPTANCE)[1],
    "answered later": lambda before: with_another(
        before, c.RightClause, lambda _: {"deadline_days": 90}, right="access"
    ),
    "answered sooner": lambda before: with_another(
        before, c.RightClause, lambda _: {"deadline_days": 3}, right="access"
    ),
    "another address": lambda before: with_another(
        before, s.ContactClause, lambda one: {"value": f"x{one.value}"}
    ),
    "a note beside a clause": lambda before: with_another(
        before, c.FunctionClause, lambda _: {"stated": "in other words", "decided_by": "S01"}
    ),
}
MAIL_POP = ("email", "pop_up")
MAIL_SMS = ("email", "sms", "page_tip")
PUSH_POP = ("push", "pop_up")
NOTHING, NOTICE, CONSENT = Consequence.NOTHING, Consequence.NOTICE, Consequence.CONSENT
# What each policy's own text makes of each: read there, not computed here. Where a right's time stands
# among the deadlines, a new one beside it may be a later one: then people are asked.
EXPECTED = {
    "kaiconn": {"a purpose more": (CONSENT, PUSH_POP), "answered later": (CONSENT, PUSH_POP),
                "answered sooner": (CONSENT, PUSH_POP), "another address": (NOTICE, ())},
    "kamoer": {"a purpose more": (CONSENT, MAIL_POP), "answered later": (CONSENT, MAIL_POP),
               "answered sooner": (NOTICE, MAIL_POP), "another address": (NOTHING, ())},
    "kme-smart": {"a purpose more": (CONSENT, ()), "answered later": (CONSENT, ()),
                  "answered sooner": (NOTICE, ())},
    "kmuun": {"a purpose more": (CONSENT, MAIL_POP), "answered later": (CONSENT, MAIL_POP),
              "answered sooner": (CONSENT, MAIL_POP), "another address": (NOTICE, MAIL_POP)},
    "sunmi-camera": {"a purpose more": (CONSENT, MAIL_SMS), "answered later": (CONSENT, MAIL_SMS),
                     "answered sooner": (NOTICE, MAIL_SMS), "another address": (NOTICE, MAIL_SMS)},
    "sunmi-device": {"a purpose more": (CONSENT, MAIL_SMS), "answered later": (CONSENT, MAIL_SMS),
                     "answered sooner": (NOTICE, MAIL_SMS), "another address": (NOTICE, MAIL_SMS)},
    "sunmi-rules": {"a purpose more": (CONSENT, ()), "answered later": (CONSENT, ()),
                    "answered sooner": (NOTICE, ()), "another address": (NOTICE, ())},
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_planted_change_gets_the_consequence_that_the_text_wants(name):
    before = policies.compiled(name)
    for planted, expected in {**EXPECTED[name], "a note beside a clause": (NOTHING, ())}.items():
        found = difference(before, PLANTED[planted](before))
        assert (found.consequence, found.told.channels) == expected, planted
        assert found.told.asks is (expected[0] is CONSENT), planted  # everybody under the older version


def wants_consent(before):
    rules = [each for each in before.all(s.ChangeClause) if each.name == ChangeRule.LESS_RIGHTS]
    return any(each.needs is not None for each in rules)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_version_asks_for_nothing(name):
    one = policies.compiled(name)
    found = difference(one, one)
    assert not found.clauses
    assert not found.major_by
    assert found.consequence is Consequence.NOTHING


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_major_change_gets_what_the_policys_own_clauses_say(name):
    before = policies.compiled(name)
    new, after = another_purpose(before, c.Starts.WITH_ACCEPTANCE)
    found = difference(before, after)
    (one,) = found.clauses
    assert (one.clause, one.how, one.touches, one.lessens) == (new.id, How.NEW, Touched.MODEL, True)
    listed = before.one(s.MajorChangeClause, Touched.MODEL)
    assert found.major_by == (() if listed is None else (listed.id,))
    if wants_consent(before):
        assert found.consequence is Consequence.CONSENT
        assert found.told.asks
    else:
        owed = found.told.channels or found.major_by
        assert found.consequence is (Consequence.NOTICE if owed else Consequence.NOTHING)


@pytest.mark.parametrize("name", NAMES)
def test_who_chose_a_function_that_takes_more_is_asked_again(name):
    before = policies.compiled(name)
    new, after = another_purpose(before, c.Starts.WHEN_CHOSEN)
    found = difference(before, after)
    assert found.chosen_again == {new.function: (new.id,)}
    assert found.consequence is Consequence.CONSENT


@pytest.mark.parametrize("name", NAMES)
def test_to_take_less_asks_nobody(name):
    before = policies.compiled(name)
    new, wider = another_purpose(before, c.Starts.WITH_ACCEPTANCE)
    narrower = compile_policy(replace(before.policy, version=3))
    found = difference(wider, narrower)
    (one,) = found.clauses
    assert (one.clause, one.how, one.lessens) == (new.id, How.GONE, False)
    assert not found.told.asks
    assert not found.chosen_again


def test_two_policies_or_the_wrong_order_are_refused():
    camera = policies.compiled("sunmi-camera")
    with pytest.raises(NotTwoVersions, match="sunmi-camera and kaiconn"):
        difference(camera, policies.compiled("kaiconn"))
    with pytest.raises(NotTwoVersions, match="version 2 and version 1"):
        difference(later(camera, camera.policy.clauses), camera)


@pytest.fixture(name="edited")
def _edited(tmp_path):
    text, _ = policies.builtin("sunmi-camera")
    file = tmp_path / "next.yaml"
    file.write_text(
        text.replace("version: 1", "version: 2").replace("400-6666-509", "400-6666-510"), encoding="utf-8"
    )
    return file


def told(*words):
    return CliRunner().invoke(app, ["diff", *map(str, words)])


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["was  Telephone: 400-6666-509", "now  Telephone: 400-6666-510", "consequence: notice"]),
        ("zh", ["原  电话: 400-6666-509", "不减损任何人的权利", "后果：告知"]),
    ],
)
def test_it_is_said_in_words(edited, lang, words):
    said = told("sunmi-camera", edited, "--lang", lang)
    assert said.exit_code == 0
    assert all(word in said.output for word in words)


def test_it_is_said_as_json(edited):
    found = json.loads(told("sunmi-camera", edited, "--json").output)
    assert (found["from"], found["to"], found["consequence"]) == (1, 2, "notice")
    (one,) = found["clauses"]
    assert one["fields"] == {"value": {"before": "400-6666-509", "after": "400-6666-510"}}
    assert found["everybody"]["told_by"] == ["email", "sms", "page_tip"]


def test_what_is_no_policy_says_so(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("policy: [", encoding="utf-8")
    assert told("sunmi-camera", broken).exit_code == 1
    assert told("sunmi-camera", "sunmi-camra").exit_code == 2
    assert told("sunmi-camera", "kaiconn").exit_code == 1
