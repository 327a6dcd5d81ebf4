"""Any text at all is refused or loaded, never anything else; and what is loaded means what it says."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.unit.policy_texts import loads_or_is_rejected, mutated, outcome, sections
from troth.app import policies
from troth.policy.canonical import canonical
from troth.policy.clauses import Policy
from troth.policy.compile import compile_policy
from troth.policy.load import PolicyRejected, decode, load
from troth.policy.printed import printed
from troth.policy.text import notice

CAMERA, FILE = policies.builtin("sunmi-camera")
KAICONN, _ = policies.builtin("kaiconn")
GOOD = (Path(__file__).parents[1] / "golden" / "policy" / "good.yaml").read_text(encoding="utf-8")
SECTIONS = [*sections(CAMERA), *sections(KAICONN)]
HEAD = GOOD[: GOOD.index("exempt:")]
"""What every policy must have; sections follow."""


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
    loads_or_is_rejected(mutated(data, GOOD))


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_mutated_section_loads_whole_or_not_at_all(data):
    """Each section that a real policy has, changed at random behind a small policy."""
    section = data.draw(st.sampled_from(SECTIONS))
    loads_or_is_rejected(HEAD + mutated(data, section))


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition(":")[0])
def test_a_section_that_is_not_changed_loads(section):
    assert isinstance(outcome(HEAD + section), Policy)


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "big5hkscs", "shift_jis"]
)
def test_another_encoding_is_refused_with_its_place(encoding):
    data = KAICONN.encode(encoding, "replace")
    with pytest.raises(PolicyRejected) as refused:
        load(decode(data, "any.yaml"), "any.yaml")
    first = refused.value.problems[0]
    assert (first.line, first.column) >= (1, 1)
    assert first.instead


@pytest.mark.parametrize("piece", [b"a", b"- a\n", b"a: &a [*a]\n", b"{", "政".encode(), b"\xff"])
def test_fifty_megabytes_are_refused_at_once(piece):
    data = piece * (50_000_000 // len(piece))
    with pytest.raises(PolicyRejected, match=r"any\.yaml:1:1: file: "):
        decode(data, "any.yaml")


@pytest.mark.parametrize("text", [GOOD, *(policies.builtin(name)[0] for name in policies.names())])
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
