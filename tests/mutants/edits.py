"""Does a proof notice when the product itself is edited? `make edits`.

Picks proven promises at random and edits one place of a copy of the source for each (`edits.yaml`: what an
edit takes away, which trials must turn red). `troth prove --only` on the copy must then find the promise
broken. The working tree is never touched, and nothing is taken out by its name in the registry.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import site
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from troth.app import policies
from troth.app.embedded.nats import wheel_program
from troth.app.settings import Settings
from troth.policy.promises import carried
from troth.prove.case import Case
from troth.prove.scenarios import SCENARIOS
from troth.prove.world import REGISTER, chosen

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("edits.yaml")
CHOSEN, FROM_THE_START = "chosen", "from the start"


@dataclass(frozen=True)
class Edit:
    """One place of the source, as it stands and as it is to stand; ``also`` is what the edit must import.

    ``functions``: of clauses of a function, only those of one that waits to be chosen (`chosen`), or of one
    that does not (`from the start`); the account's own is neither, its trials being others.
    """

    name: str
    file: str
    before: str
    after: str
    breaks: frozenset[str]
    also: tuple[str, str] | None = field(default=None)
    functions: str | None = field(default=None)

    def applied(self, text: str) -> str:
        """Return the text of the file with the edit. Raises `ValueError` where it does not fit."""
        for before, after in [(self.before, self.after), *([self.also] if self.also else [])]:
            if text.count(before) != 1:
                raise ValueError(f"{self.file} has this {text.count(before)} times, not once: {before!r}")
            text = text.replace(before, after)
        return text

    def concerns(self, case: Case) -> bool:
        """Return whether the trials of this clause rest on what the edit takes away."""
        if self.functions is None:
            return True
        named = getattr(case.clause, "function", REGISTER)
        if named == REGISTER:
            return False
        return self.functions == (CHOSEN if chosen(case.compiled.functions[named]) else FROM_THE_START)


def table() -> tuple[Edit, ...]:
    """Return every edit there is."""
    rows: list[dict[str, Any]] = YAML(typ="safe").load(TABLE)
    return tuple(
        Edit(
            row["name"],
            row["file"],
            row["before"],
            row["after"],
            frozenset(row["breaks"]),
            tuple(row["with"]) if "with" in row else None,
            row.get("functions"),
        )
        for row in rows
    )


def fitting(edits: tuple[Edit, ...], policy: str, promise: str) -> list[Edit]:
    """Return the edits that take away what a promise rests on: those that break one of its trials."""
    compiled = policies.compiled(policy)
    tried = [
        (scenario.name, case)
        for clause in carried(compiled.policy).get(promise, ())
        for case in [Case(compiled.policy.name, compiled, clause)]
        for scenario in SCENARIOS
        if isinstance(clause, scenario.of) and scenario.fits(case)
    ]
    return [
        edit for edit in edits if any(name in edit.breaks and edit.concerns(case) for name, case in tried)
    ]


class Copy:
    """A copy of the source with an interpreter that runs it, and nothing else of ours."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "troth"
        wanted = shutil.ignore_patterns("__pycache__", "*.pyc")
        for part in ("src", "policies"):
            shutil.copytree(ROOT / part, self.root / part, ignore=wanted)
        venv.create(folder / "venv", symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        (folder / "venv" / "bin" / "nats-server").symlink_to(wheel_program())
        (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
        ours = [str(self.root / "src"), *site.getsitepackages()]
        (packages / "copy.pth").write_text("".join(f"{path}\n" for path in ours), encoding="utf-8")
        where = self._run("-c", "import troth; print(troth.__file__)").stdout.strip()
        if not where.startswith(str(self.root)):
            raise SystemExit(f"the copy would run {where}, not its own source")

    def verdicts(self, edit: Edit, promises: Collection[str]) -> Mapping[str, str]:
        """Return what a proof on the copy says of some promises, with one edit."""
        file = self.root / edit.file
        kept = file.read_text(encoding="utf-8")
        file.write_text(edit.applied(kept), encoding="utf-8")
        named = sorted({promise.partition(".")[0] for promise in promises})
        try:
            ran = self._run("-m", "troth.main.troth", "prove", *named, "--only", ",".join(promises), "--json")
        finally:
            file.write_text(kept, encoding="utf-8")
        if not ran.stdout.startswith("{"):
            raise SystemExit(f"no proof with '{edit.name}': {ran.stderr.strip()[-500:]}")
        rows = (row for each in json.loads(ran.stdout)["policies"].values() for row in each["promises"])
        return {row["id"]: row["status"] for row in rows if row["id"] in promises}

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-B", *words], cwd=self.root, capture_output=True, text=True, check=False
        )


def main() -> int:
    parser = argparse.ArgumentParser(description="edits of the product that a proof must notice")
    parser.add_argument("--proven", type=Path, help="what `troth prove --sabotage` wrote; else proven.json")
    parser.add_argument("--seed", type=int, default=None, help="of the choice; else a new one")
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    file = given.proven or Settings.from_environ(os.environ).data / "proven.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    edits = table()
    fit = {
        (policy, promise): found
        for policy, each in told.items()
        for promise in each["promises"]
        if policy in policies.names() and (found := fitting(edits, policy, promise))
    }
    total = sum(len(each["promises"]) for each in told.values())
    print(f"seed {seed}; {len(fit)} of {total} proven promises have an edit", flush=True)  # noqa: T201
    chance, by_edit = random.Random(seed), defaultdict[Edit, list[str]](list)  # noqa: S311
    for policy, promise in chance.sample(sorted(fit), min(given.times, len(fit))):
        by_edit[chance.choice(fit[policy, promise])].append(promise)
    missed = 0
    with tempfile.TemporaryDirectory(prefix="troth-edits-") as folder:
        copy = Copy(Path(folder))
        for edit, promises in by_edit.items():
            said = copy.verdicts(edit, promises)
            for promise in promises:
                missed += said.get(promise) != "broken"
                print(f"{said.get(promise)!s:8} {promise:42} {edit.file}: {edit.name}", flush=True)  # noqa: T201
    print(f"{missed} of {sum(map(len, by_edit.values()))} proofs did not notice")  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
