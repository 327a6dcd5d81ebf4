"""Any text at all is refused or loaded, never anything else; and what is loaded means what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from troth.app import policies
from troth.policy.canonical import canonical
from troth.policy.check import check
from troth.policy.clauses import Policy
from troth.policy.compile import compile_policy
from troth.policy.load import PolicyRejected, Problem, decode, load
from troth.policy.printed import printed
from troth.policy.text import notice

CAMERA, FILE = policies.builtin("sunmi-camera")
KAICONN, _ = policies.builtin("kaiconn")
GOOD = (Path(__file__).parents[1] / "golden" / "policy" / "good.yaml").read_text(encoding="utf-8")
LINES = GOOD.splitlines(keepends=True)
WORDS = sorted(set("".join(c if c.isalnum() or c == "_" else " " for c in GOOD).split()))
ODD = st.sampled_from(
    [
        "\t",
        "\r",
        "\x00",
        "&a ",
        "*a",
        "!!int ",
        "---\n",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "- ",
        "'",
        '"',
        "|",
        "%",
        "@",
    ]
) | st.sampled_from(["\u202e", "\ud800", "<<", "? ", "\u0085", "~", "\\", "`"])


def outcome(text: str) -> Policy | tuple[Problem, ...]:
    try:
        return load(text, "any.yaml")
    except PolicyRejected as rejected:
        return rejected.problems


def loads_or_is_rejected(text: str) -> None:
    found = outcome(text)
    event(type(found).__name__)
    if isinstance(found, Policy):
        assert load(printed(found), "printed.yaml") == found
        assert all(str(finding).isprintable() for finding in check(found))
        return
    assert found
    for problem in found:
        assert problem.line >= 1
        assert problem.column >= 1
        assert str(problem).startswith(f"any.yaml:{problem.line}:{problem.column}: ")
        assert str(problem).isprintable()


@given(st.text())
def test_arbitrary_text_is_rejected_not_crashed(text):
    loads_or_is_rejected(text)


@given(st.text(alphabet=":-[]{}&*!|>'\"%@`#,? \n\tabcdef01\\"))
def test_arbitrary_yaml_is_rejected_not_crashed(text):
    loads_or_is_rejected(text)


@given(st.binary())
def test_arbitrary_bytes_are_rejected_not_crashed(data):
    try:
        text = decode(data, "any.yaml")
    except PolicyRejected:
        event("not text")
    else:
        loads_or_is_rejected(text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_mutated_policy_loads_whole_or_not_at_all(data):
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        kind = data.draw(st.sampled_from(["cut", "odd", "word", "swap", "line"]))
        if kind == "cut":
            text = text[:at] + text[at + data.draw(st.integers(1, 40)) :]
        elif kind == "odd":
            text = text[:at] + data.draw(ODD) + text[at:]
        elif kind == "word":
            old = data.draw(st.sampled_from(WORDS))
            text = text.replace(old, data.draw(st.sampled_from(WORDS)), 1)
        elif kind == "line":
            text = text.replace(data.draw(st.sampled_from(LINES)), "", 1)
        else:
            text = text.replace(data.draw(st.sampled_from(LINES)), data.draw(st.sampled_from(LINES)), 1)
    loads_or_is_rejected(text)


@pytest.mark.parametrize("text", [CAMERA, KAICONN, GOOD])
def test_printing_and_loading_changes_nothing(text):
    policy = load(text, FILE)
    again = load(printed(policy), "printed.yaml")
    assert again == policy
    assert printed(again) == printed(policy)


@settings(max_examples=20, deadline=None)
@given(st.randoms())
def test_the_order_of_clauses_never_matters(chance):
    policy = load(GOOD, FILE)
    compiled = compile_policy(policy)
    shuffled = list(policy.clauses)
    chance.shuffle(shuffled)
    other = replace(policy, clauses=tuple(shuffled))
    assert canonical(other) == canonical(policy)
    tables = compile_policy(other)
    assert tables.functions == compiled.functions
    assert tables.clauses == compiled.clauses
    for language in ("en", "zh"):
        assert notice(tables, language) == notice(compiled, language)


def test_the_order_of_sections_in_the_file_never_matters():
    sections = re.findall(r"^\S.*\n(?:^[ \n].*\n?)*", GOOD, re.MULTILINE)
    assert len(sections) > 10
    assert load("".join(reversed(sections)), FILE).digest == load(GOOD, FILE).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1\n", "version: 2\n"),
        ("default: on", "default: off"),
        ("minimum_age: 18", "minimum_age: 16"),
        ("within: 15 days", "within: 16 days"),
        ("by: [staff]", "by: [service]"),
        ("zh: 门店看护", "zh: 看店"),
        ("decided_by: X05", "decided_by: X06"),
    ],
)
def test_any_change_of_meaning_changes_the_digest(old, new):
    source = CAMERA if old in CAMERA else GOOD
    assert old in source
    assert load(source.replace(old, new, 1), FILE).digest != load(source, FILE).digest


def test_a_file_too_long_is_refused_before_it_is_read():
    with pytest.raises(PolicyRejected, match="at most 1000000"):
        load("a" * 1_000_001, "long.yaml")
    with pytest.raises(PolicyRejected, match="at most 1000000"):
        decode(b"a" * 50_000_000, "long.yaml")


@pytest.mark.parametrize(
    "text", ["!" * 900_000, "[" * 900_000, "a " * 400_000, "policy: x\na: " + "'b" * 9999]
)
def test_a_line_too_long_is_refused_before_it_is_parsed(text):
    with pytest.raises(PolicyRejected, match="at most 4000 are read"):
        load(text, "long.yaml")


@pytest.mark.parametrize("key", ["wrong{}", "wrong"])
def test_very_many_problems_are_given_up(key):
    text = "policy: x\n" + "".join(f"{key.format(n)}: {n}\n" for n in range(2000))
    with pytest.raises(PolicyRejected) as caught:
        load(text, "many.yaml")
    assert len(caught.value.problems) == 200


@pytest.mark.parametrize(
    ("data", "where"),
    [(b"policy: \xff\n", "1:9"), ("ä: 1\nö: ".encode() + b"\x80", "2:4"), (b"\xff\xfea\x00", "1:1")],
)
def test_bytes_that_are_not_utf_8_are_pointed_at(data, where):
    with pytest.raises(PolicyRejected, match=f"odd.yaml:{where}: file: byte 0x.. is not UTF-8"):
        decode(data, "odd.yaml")
