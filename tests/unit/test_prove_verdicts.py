"""What a proof makes of its trials: verdicts, what rests on what, what was proven, and a signed report."""

import re
from datetime import UTC, datetime

import pytest

from troth.app import policies
from troth.app.promises import listed
from troth.ledger.signing import NotGenuine, Signer
from troth.policy.clauses import AcceptanceClause, RefusalClause
from troth.policy.period import Period, Unit
from troth.policy.promises import carried
from troth.prove.changes import change
from troth.prove.points import POINTS, UnknownPoint, by_name
from troth.prove.proof import Outcome, Verdict, judged, planned
from troth.prove.report import Chapter, catalogue, signed, struck, verified
from troth.prove.sabotage import Blow, Sabotage, matrix, rests
from troth.prove.seen import in_chinese, lasting, word
from troth.prove.told import as_json, proven, total
from troth.prove.trial import Trial
from troth.prove.variants import TAKEN_AWAY, variants
from troth.prove.why import Why, Words, sentences, waits_for
from troth.terms import Verb

CAMERA = policies.compiled("sunmi-camera")
BLANK = re.compile(r"\{(\w+)\}")
AT = datetime(2026, 4, 1, 9, tzinfo=UTC)
BIND = "sunmi-camera/functions/bind"


def outcome(*lines, clause=BIND, why_not=None, scenario="runs when it may"):
    trial = Trial()
    for kind, held, seen in lines:
        getattr(trial, kind)("what was tried", "试验", seen, held=held)
    return Outcome(clause, scenario, tuple(trial.lines), why_not, 7)


NO_DOOR = Why.of("not_at_desk")
KEPT = outcome(("control", True, "got all"), ("attempt", True, "403 not_chosen by nobody"))
BROKEN = outcome(("control", True, "got all"), ("attempt", False, "got all"))


@pytest.mark.parametrize(
    ("tried", "verdict"),
    [
        (KEPT, Verdict.KEPT),
        (BROKEN, Verdict.BROKEN),
        (outcome(("control", False, "500"), ("attempt", True, "403")), Verdict.BROKEN),
        (outcome(), Verdict.NOT_PROVABLE),
        (outcome(("control", True, "yes")), Verdict.NOT_PROVABLE),
        (outcome(("attempt", True, "no")), Verdict.NOT_PROVABLE),
        (outcome(("fact", True, "shown")), Verdict.FACT),
        (outcome(("fact", False, "nothing")), Verdict.BROKEN),
        (
            outcome(("control", True, "y"), ("attempt", True, "n"), why_not=NO_DOOR),
            Verdict.NOT_PROVABLE,
        ),
        (outcome(("attempt", False, "got it"), why_not=NO_DOOR), Verdict.BROKEN),
    ],
)
def test_a_clause_is_kept_only_by_a_control_that_worked_and_an_attempt_that_failed(tried, verdict):
    assert tried.verdict is verdict


def test_one_broken_trial_breaks_the_promise_and_nothing_tried_is_never_kept():
    (bind,) = judged(CAMERA, ["sunmi-camera.fn.bind"], [KEPT, BROKEN])
    (untried,) = judged(CAMERA, ["sunmi-camera.fn.bind"], [])
    (unheard,) = judged(CAMERA, ["sunmi-camera.fn.never_written"], [KEPT])
    assert bind.verdict is Verdict.BROKEN
    assert untried.verdict is Verdict.NOT_BUILT
    assert untried.why
    assert unheard.verdict is Verdict.NOT_BUILT


def test_a_trial_rests_on_the_point_that_refused_its_attempts():
    assert rests(by_name("choice"), KEPT)
    assert not rests(by_name("age"), KEPT)
    shown_only = outcome(("control", True, "not_chosen was never said"), ("attempt", True, "403 underage"))
    assert not rests(by_name("choice"), shown_only)
    assert rests(by_name("age"), shown_only)


def test_a_promise_is_proven_only_once_it_broke_under_sabotage():
    rows = judged(CAMERA, ["sunmi-camera.fn.bind"], [KEPT])
    survived = Sabotage((Blow(BIND, KEPT.scenario, TAKEN_AWAY, related=True, broke=False),))
    beside = Sabotage((Blow(BIND, KEPT.scenario, "age", related=False, broke=True),))
    broke = Sabotage((*survived.blows, Blow(BIND, KEPT.scenario, "choice", related=True, broke=True)))
    assert proven(rows, survived) == proven(rows, beside) == ()
    assert proven(rows, broke) == ("sunmi-camera.fn.bind",)
    assert (survived.collateral_percent, beside.collateral_percent) == (0.0, 100.0)
    told = as_json(CAMERA, rows, survived)
    assert told["unproven_by_sabotage"] == ["sunmi-camera.fn.bind"]
    assert total({"sunmi-camera": told}, [survived])["unproven_by_sabotage"] == 1


def test_figures_are_told_for_each_section_of_a_text_and_summed_over_the_policies():
    shown = (Blow(BIND, KEPT.scenario, TAKEN_AWAY, related=True, broke=True),)
    rows = judged(CAMERA, ["sunmi-camera.fn.bind", "sunmi-camera.rights.copy"], [KEPT])
    told = as_json(CAMERA, rows, Sabotage(shown))
    assert told["sections"]["fn"] | {"kept": 1, "proven": 1, "promises": 1} == told["sections"]["fn"]
    assert told["sections"]["rights"]["kept"] == 0
    both = total({"sunmi-camera": told, "again": told}, [Sabotage(shown)])["sections"]
    assert (both["fn"]["proven"], both["rights"]["promises"]) == (2, 2)


def test_a_fact_that_broke_is_still_no_proven_promise():
    shown = outcome(("fact", True, "shown"), clause=BIND)
    rows = judged(CAMERA, ["sunmi-camera.fn.bind"], [shown])
    assert proven(rows, Sabotage((Blow(BIND, shown.scenario, TAKEN_AWAY, related=True, broke=True),))) == ()


def test_all_ways_to_turn_a_clause_are_one_column_of_the_matrix():
    blows = [
        Blow(BIND, "a", f"{key} turned", related=True, broke=key == "basis") for key in ("basis", "verbs")
    ]
    beside = Blow(BIND, "a", "basis turned", related=False, broke=False)
    (cell,) = matrix([Sabotage((*blows, beside))])["a"].values()
    assert (cell.broken, cell.made, cell.lost, cell.beside) == (1, 2, 0, 1)


def test_the_report_lists_what_was_taken_away_in_the_order_in_which_it_was():
    blows = [
        Blow(BIND, trial, by, related=True, broke=True)
        for trial, by in [("a", "choice"), ("b", TAKEN_AWAY), ("a", "age"), ("b", "choice")]
    ]
    assert [each.name.en for each in struck(Sabotage(tuple(blows)))] == ["choice", "the clause itself", "age"]


def test_variants_are_the_same_in_every_process_and_lack_what_they_say():
    found = variants(CAMERA)
    assert [each.name for each in found] == [each.name for each in variants(CAMERA)]
    assert len({each.name for each in found}) == len(found)
    for each in found:
        assert each.compiled.policy.name == each.name
        assert (each.clause in each.compiled.clauses) == (each.how != TAKEN_AWAY)


def test_every_clause_but_those_that_all_hang_on_has_a_variant():
    without = {each.id for each in CAMERA.policy.clauses} - {each.clause for each in variants(CAMERA)}
    assert {type(CAMERA.clauses[each]) for each in without} <= {AcceptanceClause, RefusalClause}


def test_a_change_that_nobody_knows_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownPoint, match="sealing"):
        change("everthing")
    assert {point.name for point in POINTS}.isdisjoint({"everything", "nothing", "variants", "quick"})


@pytest.fixture
def signer(tmp_path):
    return Signer.load(tmp_path / "keys", "troth/test")


def report(signer, *, broke=True):
    rows = judged(CAMERA, listed()["sunmi-camera"], [KEPT])
    blow = Blow(BIND, KEPT.scenario, "choice", related=True, broke=broke)
    return signed([Chapter(CAMERA, rows, Sabotage((blow,)))], AT, signer)


def test_a_report_is_genuine_until_a_byte_of_it_is_another(signer, tmp_path):
    page = report(signer)
    said = verified(page, signer.public)
    assert said["policies"]["sunmi-camera"]["proven"] == 1
    assert said["at"] == AT.isoformat()
    stranger = Signer.load(tmp_path / "others", "troth/test").public
    with pytest.raises(NotGenuine):
        verified(page, stranger)
    for changed in (
        page.replace("试验", "试 验", 1),
        page + " ",
        page.replace("troth-signature", "signature"),
    ):
        with pytest.raises(NotGenuine):
            verified(changed, signer.public)


def test_a_report_holds_all_that_was_tried_in_both_languages_and_needs_nothing_else(signer):
    page = report(signer)
    for seen in ("what was tried", "试验", "403 not_chosen by nobody", "已证明", BIND):
        assert seen in page
    for promise in listed()["sunmi-camera"]:
        assert f'id="{promise}"' in page
        assert f'href="#{promise}"' in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_text_of_a_policy_cannot_become_part_of_the_page(signer):
    bent = outcome(("control", True, "<script>x</script>"), ("attempt", True, "n"))
    rows = judged(CAMERA, ["sunmi-camera.fn.bind"], [bent])
    page = signed([Chapter(CAMERA, rows, None)], AT, signer)
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_every_verdict_has_its_word_in_both_languages():
    words = catalogue()
    for name in ("proven", *(verdict.value for verdict in Verdict)):
        assert set(words["marks"][name]) == set(words["explained"][name]) == {"en", "zh"}


def test_a_reason_is_said_in_both_languages_and_one_that_no_table_has_as_it_stands():
    reason = Why.of("all_it_takes", item="ssid", function="bind")
    assert (str(reason), reason.words.zh) == ("ssid is all that bind takes", "bind 只收集 ssid 一项")
    assert Why.of("the moon is down").words == Words("the moon is down", "the moon is down")
    assert waits_for("CaseClause").words.zh == "尚待建成：功能之外行为（共享、转让、公开披露）的试验"
    assert str(waits_for("SomethingNewClause")) == "waits for: SomethingNewClause"


def test_every_reason_has_the_same_blanks_in_both_languages():
    for code, said in sentences().items():
        assert set(said) == {"en", "zh"}, code
        assert set(BLANK.findall(said["en"])) == set(BLANK.findall(said["zh"])), code


def test_a_report_in_chinese_says_what_was_seen_and_why_not_in_chinese(signer):
    page = report(signer)
    assert '<span lang="zh">403 未选择 (not_chosen)，依据 nobody</span>' in page
    assert '<span lang="zh">尚待建成：' in page


@pytest.mark.parametrize(
    ("seen", "chinese"),
    [
        ("got ssid; 1 rows", "获得 ssid；1 行"),
        (
            "ssid dropped: item_undeclared, mac dropped: x",
            "ssid 未收：该项未声明 (item_undeclared)；mac 未收：x",
        ),
        ("403 withdrawn by a/b/c", "403 已撤回 (withdrawn)，依据 a/b/c"),
        ("due tomorrow, not late; 2 letters", "期限 tomorrow，未逾期；2 封信件"),
        ("the moon is down", "the moon is down"),
        ("sunmi-camera.fn.open", "sunmi-camera.fn.open"),
    ],
)
def test_what_was_seen_is_said_in_chinese_where_there_are_words_and_else_as_it_stands(seen, chinese):
    assert in_chinese(seen) == chinese


def test_a_chinese_sentence_has_words_for_acts_and_spans():
    assert all(word(each.value) != each.value for each in (*Verb, *Unit) if each is not Verb.FORGET)
    assert lasting(Period(30, Unit.DAYS)) == "30 天"
    assert word("phone_number") == "phone_number"


@pytest.mark.parametrize("name", policies.names())
def test_every_promise_of_every_policy_has_a_verdict_and_one_that_was_not_tried_a_reason(name):
    compiled = policies.compiled(name)
    rows = judged(compiled, listed().get(name) or carried(compiled.policy), [])
    assert {each.verdict for each in rows} <= {Verdict.NOT_BUILT, Verdict.ATTESTED}
    assert all(each.why.words.zh for each in rows if each.verdict is Verdict.NOT_BUILT)
    assert planned(compiled, lambda _clause: True) > len(compiled.functions)
