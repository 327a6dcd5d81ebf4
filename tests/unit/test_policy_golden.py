"""Text in; problems, findings, notices out, as files. `make bless` rewrites them; reviewers read the diff."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from troth.app import policies
from troth.policy.canonical import canonical
from troth.policy.check import check
from troth.policy.compile import compile_policy
from troth.policy.load import PolicyRejected, load
from troth.policy.printed import printed
from troth.policy.reference import reference
from troth.policy.text import notice

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden" / "policy"
NAMES = ["good", *policies.names()]
BAD = sorted(FOLDER.glob("*.bad.yaml"))


def same(file: Path, text: str) -> None:
    if os.environ.get("TROTH_BLESS"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file.name}: run `make bless` and read the difference"


@pytest.mark.parametrize("case", BAD, ids=lambda path: path.name)
def test_golden_problems(case):
    with pytest.raises(PolicyRejected) as caught:
        compile_policy(load(case.read_bytes().decode("utf-8"), case.name))
    same(case.with_suffix(".txt"), f"{caught.value}\n")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", NAMES)
def test_golden_notice(name, language):
    same(
        FOLDER / f"{name}.notice.{language}.txt", notice(compile_policy(load(*text_of(name))), language).text
    )


@pytest.mark.parametrize("name", NAMES)
def test_golden_form(name):
    policy = load(*text_of(name))
    same(FOLDER / f"{name}.printed.yaml", printed(policy))
    same(FOLDER / f"{name}.findings.txt", "".join(f"{each}\n" for each in check(policy)))
    same(FOLDER / f"{name}.digest", f"{policy.digest} {len(canonical(policy))} bytes\n")


def text_of(name: str) -> tuple[str, str]:
    if name in policies.names():
        return policies.builtin(name)
    file = FOLDER / f"{name}.yaml"
    return file.read_text(encoding="utf-8"), file.name


def test_golden_reference():
    same(ROOT / "docs" / "reference" / "language.md", reference())
