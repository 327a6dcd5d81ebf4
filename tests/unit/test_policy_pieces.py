"""The small pieces: nodes, kinds, vocabulary, phrases, the notice's corners, and where policies lie."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from troth.app import policies
from troth.policy import keeping, nodes, phrases, vocabulary
from troth.policy.canonical import canonical
from troth.policy.clauses import Clause, Position, RetentionClause
from troth.policy.compile import compile_policy
from troth.policy.kinds import Choice, Day, Days, Known, ListOf, MapOf, Pattern, Place, Text, Truth, Whole
from troth.policy.load import PolicyRejected, load
from troth.policy.phrases import PHRASES
from troth.policy.printed import printed
from troth.policy.problems import Problem, excerpt, unknown
from troth.policy.records import Field, Fields, Record
from troth.policy.text import notice
from troth.policy.words import Channel, Effect, FoundMinor, Ground, Language, Moment, Outcome, Right
from troth.terms import ActorKind, Basis, ClauseId, ItemName, Role, Verb

GOOD = (Path(__file__).parents[1] / "golden" / "policy" / "good.yaml").read_text(encoding="utf-8")
NAME = Pattern("a name", "[a-z]+")
KEY = Field("key", NAME, "its key", must=True)
COUNT = Field("count", Whole(0, 9), "how many")
RECORD = Record("a thing", (KEY, COUNT), head=KEY)


def read(kind, text):
    problems: list[Problem] = []
    value = kind.read(nodes.parse(text, "f"), Place("here", problems))
    return value, problems


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (NAME, "abc", "abc"),
        (Text(), ">\n  two\n  lines\n", "two lines"),
        (Whole(0, 20), "0", 0),
        (Whole(0, 20), "20", 20),
        (Truth(), "true", True),
        (Truth("on", "off"), "off", False),
        (Days(), "1 day", 1),
        (Choice(Role), "guest", Role.GUEST),
        (Known("an item", frozenset({"a"})), "a", "a"),
    ],
)
def test_a_value_of_its_kind_is_read(kind, text, value):
    assert read(kind, text) == (value, [])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (NAME, "ABC"),
        (NAME, "[a]"),
        (Text(3), "four"),
        (Text(), "''"),
        (Text(), "{}"),
        (Whole(0, 20), "21"),
        (Whole(0, 20), "-1"),
        (Whole(0, 20), "1.0"),
        (Whole(0, 20), "0x10"),
        (Whole(0, 20), "١"),
        (Whole(0, 20), "'1'"),
        (Whole(0, 20), "[]"),
        (Truth(), "True"),
        (Truth(), "'true'"),
        (Day(), "2026-1-1"),
        (Day(), "2026-13-01"),
        (Days(), "0 days"),
        (Days(), "15"),
        (Days(), "[]"),
        (Choice(Role), "[]"),
        (Choice(Role), "''"),
        (Known("an item", frozenset({"a"})), "b"),
        (Known("an item", frozenset({"a"})), "{a: b}"),
        (ListOf(NAME), "abc"),
        (ListOf(NAME), "[]"),
        (ListOf(NAME), "[a, a]"),
        (ListOf(NAME, or_one=True), "ABC"),
        (ListOf(NAME), f"[{', '.join(['a'] * 1001)}]"),
        (MapOf(NAME, NAME), "[]"),
        (MapOf(NAME, NAME), "{A: a}"),
        (MapOf(NAME, NAME), "{a: A}"),
        (RECORD, "[]"),
        (RECORD, "A"),
        (RECORD, "{count: 1}"),
        (RECORD, "{key: a, cuont: 1}"),
        (Record("a text", (COUNT,)), "a"),
    ],
)
def test_a_value_of_another_kind_is_one_problem(kind, text):
    _, problems = read(kind, text)
    assert len(problems) == 1
    assert kind.shape()
    assert problems[0].instead


def test_a_word_alone_stands_for_its_record():
    alone, _ = read(RECORD, "abc")
    whole, _ = read(RECORD, "{key: abc}")
    assert alone == whole
    assert isinstance(alone, Fields)
    assert (alone.need(KEY), alone.get(COUNT), alone.got(COUNT)) == ("abc", None, None)
    assert alone != "abc"


def test_the_address_of_a_list_entry_names_it():
    _, problems = read(ListOf(RECORD), "[{key: abc, count: x}, {count: y, key: def}, {count: z}, [q]]")
    assert [each.clause for each in problems] == [
        "here/abc/count",
        "here/def/count",
        "here/count",
        "here",
        "here",
    ]


def test_unknown_words_get_the_nearest_or_the_list():
    assert unknown("key", "nmae", ["name", "age"]) == ("unknown key 'nmae', did you mean 'name'?", "'name'")
    assert unknown("key", "zzz", ["name", "age"])[1] == "one of: age, name"
    assert unknown("key", "zzz", [])[1] == "nothing here"
    assert "such as 'w0'" in unknown("key", "zzz", [f"w{n}" for n in range(99)])[1]


def test_an_excerpt_is_short_and_printable():
    assert excerpt("a" * 50) == "'" + "a" * 39 + "…'"
    assert excerpt("a\n\x00") == r"'a\n\x00'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: \rb", "carriage return"),
        ('a: "\\u202e"', "by an escape"),
        ('a: "\\UFFFFFFFF"', "invalid Unicode character"),
        ("a: \ud800", "U\\+D800"),
        ("\x00" * 30, "U\\+0000"),
        ("{a: 1, a: 2, ? [b] : 3}", "twice"),
    ],
)
def test_odd_text_is_refused_with_its_reason(text, said):
    with pytest.raises(PolicyRejected, match=said) as caught:
        nodes.parse(text, "odd.yaml")
    assert len(caught.value.problems) <= 20


def test_a_fault_of_the_parser_refuses_the_text(monkeypatch):
    def broken(_text):
        raise RuntimeError

    monkeypatch.setattr(nodes, "_events", broken)
    with pytest.raises(PolicyRejected, match=r"cannot be read as YAML \(RuntimeError\)"):
        nodes.parse("a: 1", "f")


def test_a_text_of_our_own_is_read_as_it_stands():
    assert nodes.plain("on: [no, 1]\n2026: {off: '', x: }", "f") == {
        "on": ["no", "1"],
        "2026": {"off": "", "x": ""},
    }


def test_windows_line_ends_are_line_ends():
    assert load(GOOD.replace("\n", "\r\n"), "f") == load(GOOD, "f")


def test_the_vocabulary_is_read_as_strictly_as_a_policy():
    assert vocabulary.VOCABULARY["phone_number"].label["zh"] == "手机号码"
    assert "camera" in vocabulary.NEEDS
    for text in ("[]", "items: {}", "items: {a: {category: x}}\nneeds: {}"):
        with pytest.raises(PolicyRejected):
            vocabulary.read(text, "v")


def test_every_word_that_a_policy_may_use_has_a_phrase():
    words = [
        *(f"effect.{each}" for each in Effect),
        *(f"found_minor.{each}" for each in FoundMinor),
        *(f"right.{each}" for each in Right),
        *(f"channel.{each}" for each in Channel),
        *(f"after.{each}" for each in Moment),
        *(f"then.{each}" for each in Outcome),
        *(f"ground.{each}" for each in Ground),
        *(f"role.{each}" for each in Role),
        *(f"law.{each}" for each in Verb),
        *(
            f"basis.{each}"
            for each in (Basis.CONTRACT, Basis.CONSENT, Basis.SEPARATE_CONSENT, Basis.LEGAL_DUTY)
        ),
    ]
    for language in Language:
        assert set(words) <= set(PHRASES[language])
    with pytest.raises(PolicyRejected):
        phrases.read("- a", "p")


def test_a_notice_tells_each_language_only_its_own_clauses():
    compiled = compile_policy(load(GOOD, "f"))
    assert "network log" not in notice(compiled, "en").text
    assert "网络日志" in notice(compiled, "zh").text
    with pytest.raises(ValueError, match="fr"):
        notice(compiled, "fr")


def test_a_notice_falls_back_to_the_language_there_is():
    text = GOOD.replace("languages: [en, zh]", "languages: [en]").replace("zh: 账号", "en: Account2")
    text = text.replace("title: {en: Account, en: Account2}", "title: {en: Account}")
    text = text.replace("gives: {en: an account, en: Account2}", "gives: {en: an account}")
    told = notice(compile_policy(load(text, "f")), "zh")
    assert "Account" in [section.heading for section in told.sections]


def test_a_notice_leaves_out_what_the_policy_does_not_have():
    text = GOOD.replace("audience: {minimum_age: 18, found_minor: delete_promptly}\n", "")
    told = notice(
        compile_policy(load(text.replace("within: 1 day, ", "").replace("stored_in: CN\n", ""), "f")), "en"
    )
    assert "minors" not in [section.kind for section in told.sections]
    assert "- Cancel your account: on the privacy page; this cannot be undone" in told.text


def test_a_notice_shows_a_function_of_one_language_in_that_language():
    text = GOOD.replace("    basis: separate_consent\n", "    basis: separate_consent\n    lang: zh\n")
    compiled = compile_policy(load(text, "f"))
    assert "Cloud video" not in [section.heading for section in notice(compiled, "en").sections]
    assert "云存储" in [section.heading for section in notice(compiled, "zh").sections]


def test_other_regions_are_told_by_their_code():
    assert "- Stored in: SG [" in notice(compile_policy(load(GOOD.replace(": CN", ": SG"), "f")), "en").text


def test_one_changed_word_changes_the_hash_of_the_notice():
    first, second = (
        notice(compile_policy(load(text, "f")), "en")
        for text in (GOOD, GOOD.replace("an account", "accounts"))
    )
    assert first.text_hash != second.text_hash
    assert len(first.text_hash) == 64


def test_what_no_form_is_known_for_is_not_written():
    policy = load(GOOD, "f")
    odd = Clause(id=ClauseId("corner-shop/odd"), at=Position("f", 1, 1))
    with pytest.raises(TypeError):
        printed(replace(policy, clauses=(odd,)))
    unwritable = RetentionClause(
        id=ClauseId("x"),
        at=Position("f", 1, 1),
        after="a",
        then="b",
        keep=object(),  # type: ignore[arg-type]
    )
    with pytest.raises(TypeError):
        canonical(replace(policy, clauses=(unwritable,)))


def test_own_purposes_come_before_the_policy_s():
    text = GOOD.replace(
        "      repair:",
        "      keep_service_safe: {title: {en: x, zh: y}, by: [staff], verbs: [use]}\n      repair:",
    )
    purpose = compile_policy(load(text, "f")).functions["cloud"].purposes["keep_service_safe"]
    assert purpose.by == {ActorKind.STAFF}


def test_a_held_item_may_be_open_to_all_who_have_a_purpose():
    text = re.sub(r"holds:\n.*\n.*\n", "holds: [cloud_video]\n", GOOD, count=1)
    cloud = compile_policy(load(text, "f")).functions["cloud"]
    assert "cloud_video" in cloud.items
    assert not cloud.closed


def test_policies_that_come_with_troth():
    assert "sunmi-camera" in policies.names()
    with pytest.raises(policies.NoSuchPolicy, match=r"write one of: .*sunmi-camera"):
        policies.builtin("../pyproject")


def test_policies_inside_an_installed_package(tmp_path, monkeypatch):
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "corner-shop.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "policies" / "README.md").write_text("not a policy")
    monkeypatch.setattr(policies.resources, "files", lambda _: tmp_path)
    assert policies.names() == ("corner-shop",)
    assert policies.compiled("corner-shop").policy.version == 2


def test_a_maker_s_own_file(tmp_path):
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    assert policies.from_file(tmp_path / "mine.yaml").policy.name == "corner-shop"


def test_a_folder_of_a_maker_s_own_replaces_those_of_troth(tmp_path):
    with pytest.raises(policies.NoPolicies, match="put one there"):
        policies.in_force(tmp_path)
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "mine-3.yaml").write_text(GOOD.replace("version: 2", "version: 3"), encoding="utf-8")
    assert {name: sorted(found) for name, found in policies.in_force(tmp_path).items()} == {
        "corner-shop": [2, 3]
    }
    (tmp_path / "again.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(policies.NoPolicies, match="two files say that they are corner-shop version 2"):
        policies.in_force(tmp_path)
    assert set(policies.in_force(None)) == set(policies.names())


HOLDS = """\
legal_holds:
  orders:
    items: [store_name]
    keep: 3 years
    from: order_completed
    bound: minimum
    per: record
    opens_for: legal_duty
    survives: cancel
"""


def test_a_hold_is_of_records_for_a_time_and_for_one_duty():
    compiled = compile_policy(load(GOOD + HOLDS, "f"))
    done = datetime(2024, 2, 29, 20, tzinfo=UTC)  # the first of March where the law lives
    (held,) = keeping.holds(compiled, ItemName("store_name"), "order_completed", done)
    assert held == keeping.Held(
        datetime(2027, 3, 1, 16, tzinfo=UTC), ClauseId("corner-shop/legal_holds/orders")
    )
    assert keeping.holds(compiled, ItemName("password"), "order_completed", done) == ()
    assert load(printed(load(GOOD + HOLDS, "f")), "f").digest == load(GOOD + HOLDS, "f").digest
    assert "for 3 years; counted from" in notice(compiled, "en").text


@pytest.mark.parametrize("wrong", ["per: account", "opens_for: contract", "bound: maximum", "keep: 3"])
def test_a_hold_on_an_account_or_open_to_others_cannot_be_written(wrong):
    key = wrong.split(":")[0]
    text = re.sub(rf"    {key}: .*", f"    {wrong}", HOLDS)
    with pytest.raises(PolicyRejected, match="corner-shop/legal_holds/orders"):
        load(GOOD + text, "f")
