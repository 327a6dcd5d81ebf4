"""Policy texts for tests that change them at random: what may come out, and how they are changed."""

from __future__ import annotations

import re

from hypothesis import event
from hypothesis import strategies as st

from troth.policy.check import check
from troth.policy.clauses import Policy
from troth.policy.load import PolicyRejected, Problem, load
from troth.policy.printed import printed
from troth.policy.statement_grammar import SECTIONS

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


def mutated(data: st.DataObject, text: str) -> str:
    """One to three changes: a cut, an odd character, a word or a line of the text in another's place."""
    lines = text.splitlines(keepends=True)
    words = sorted(set(re.findall(r"[a-z_]+", text)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        kind = data.draw(st.sampled_from(["cut", "odd", "word", "swap", "line"]))
        if kind == "cut":
            text = text[:at] + text[at + data.draw(st.integers(1, 40)) :]
        elif kind == "odd":
            text = text[:at] + data.draw(ODD) + text[at:]
        elif kind == "word":
            text = text.replace(data.draw(st.sampled_from(words)), data.draw(st.sampled_from(words)), 1)
        elif kind == "line":
            text = text.replace(data.draw(st.sampled_from(lines)), "", 1)
        else:
            text = text.replace(data.draw(st.sampled_from(lines)), data.draw(st.sampled_from(lines)), 1)
    return text


def sections(policy: str) -> list[str]:
    """The statements of a policy, one text for each section that it has; long ones are cut at an entry."""
    known = {section.key for section in SECTIONS} | {"exempt", "duties", "rights", "attested"}
    parts = re.split(r"^(?=[a-z_]+:)", policy, flags=re.MULTILINE)
    return [_short(part) for part in parts if part.partition(":")[0] in known]


def _short(section: str, longest: int = 60) -> str:
    lines = section.splitlines(keepends=True)
    ends = [n for n, line in enumerate(lines) if re.match(r"  ?[a-z-]", line) and n >= longest]
    return "".join(lines[: ends[0] if ends else len(lines)])
