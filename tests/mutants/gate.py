"""Mutants of the gate: change one thing in its code and see the specification disagree. `make mutants`.

Each mutant of `decide`, `stands`, `rows` and `versions` answers the golden cases and a fixed set of generated
ones, for which the specification was asked before. One that answers all of them alike survives, and the run
fails, unless `equivalent.txt` says why it can't be told apart. Works on copies in memory; no file is changed.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import spec.gate
import spec.versions
from tests.spec import gate_json, generate, test_versions_agree
from troth.policy.compile import compile_policy
from troth.terms import ActKind, Reason

MODULES = ("rows", "stands", "decide", "versions")
"""In the order in which they import each other."""
EQUIVALENT = Path(__file__).with_name("equivalent.txt")
Case = tuple[dict[int, Any], Any, Any, Any]
"""The versions of a policy, a standing, an ask, and what the specification says."""


@dataclass(frozen=True)
class Mutant:
    """One change: where, what stood there, what stands there now, and the changed module."""

    module: str
    function: str
    before: str
    after: str
    nth: int
    tree: ast.Module

    @property
    def key(self) -> str:
        """What `equivalent.txt` calls it: independent of line numbers."""
        return f"{self.module}.{self.function}: {self.before} => {self.after} #{self.nth}"


SWAPS: dict[type, list[type]] = {
    ast.Lt: [ast.LtE],
    ast.LtE: [ast.Lt],
    ast.Gt: [ast.GtE],
    ast.GtE: [ast.Gt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.BitAnd: [ast.BitOr, ast.Sub],
    ast.BitOr: [ast.BitAnd],
    ast.Sub: [ast.BitAnd],
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
REASONS = {reason.name: list(Reason)[n - 1].name for n, reason in enumerate(Reason)}


def changes(node: ast.AST) -> Iterator[ast.AST]:  # noqa: C901, PLR0912 - one case for each kind of node
    """Yield what may stand in the place of a node."""
    match node:
        case ast.Compare(ops=[op], left=left, comparators=right):
            for swap in SWAPS.get(type(op), ()):
                yield ast.Compare(left, [swap()], right)
        case ast.Compare(ops=[one, two], left=left, comparators=right):
            for swap in SWAPS.get(type(one), ()):
                yield ast.Compare(left, [swap(), two], right)
            for swap in SWAPS.get(type(two), ()):
                yield ast.Compare(left, [one, swap()], right)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(SWAPS[type(op)][0](), values)
            for n in range(len(values)):
                rest = values[:n] + values[n + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
        case ast.BinOp(op=op, left=left, right=right) if type(op) in SWAPS:
            for swap in SWAPS[type(op)]:
                yield ast.BinOp(left, swap(), right)
            yield left
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Call(func=ast.Name(id=name), args=args, keywords=more) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name], ast.Load()), args, more)
        case ast.Attribute(value=ast.Name(id="Reason"), attr=name):
            yield ast.Attribute(ast.Name("Reason", ast.Load()), REASONS[name], ast.Load())
        case ast.comprehension(ifs=[_, *_]):
            yield ast.comprehension(node.target, node.iter, [], node.is_async)
        case ast.If(body=body, orelse=orelse):
            yield ast.If(ast.Constant(value=True), body, orelse)
            yield ast.If(ast.Constant(value=False), body, orelse)
        case ast.match_case(guard=guard) if guard is not None:
            yield ast.match_case(node.pattern, None, node.body)
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue():
            yield ast.Pass()
        case ast.Return(value=value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case _:
            pass


def mutants(module: str) -> Iterator[Mutant]:
    """Yield every mutant of a module of the gate."""
    file = import_module(f"troth.gate.{module}").__file__
    tree = ast.parse(Path(str(file)).read_text(encoding="utf-8"))
    seen: dict[str, int] = {}
    for path, node, function in _nodes(tree, (), "module"):
        for change in changes(node):
            made = copy.deepcopy(tree)
            _put(made, path, change)
            before, after = _said(node), _said(change)
            base = f"{function}{before}{after}"
            seen[base] = seen.get(base, 0) + 1
            yield Mutant(module, function, before, after, seen[base], ast.fix_missing_locations(made))


def _said(node: ast.AST) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    if isinstance(node, ast.match_case):
        return f"case guard {ast.unparse(node.guard) if node.guard else 'none'}"
    if isinstance(node, ast.comprehension):
        return " ".join(["for", ast.unparse(node.iter), *(f"if {ast.unparse(each)}" for each in node.ifs)])
    return " ".join(ast.unparse(node).split())


Path_ = tuple[tuple[str, int | None], ...]


def _nodes(node: ast.AST, path: Path_, function: str) -> Iterator[tuple[Path_, ast.AST, str]]:
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list"}:
            continue
        several = value if isinstance(value, list) else [value]
        for n, each in enumerate(several):
            if not isinstance(each, ast.AST):
                continue
            here = (*path, (name, n if isinstance(value, list) else None))
            inside = each.name if isinstance(each, (ast.FunctionDef, ast.ClassDef)) else function
            yield here, each, inside
            yield from _nodes(each, here, inside)


def _put(tree: ast.AST, path: Path_, change: ast.AST) -> None:
    *way, (name, n) = path
    at: Any = tree
    for step, k in way:
        at = getattr(at, step) if k is None else getattr(at, step)[k]
    if n is None:
        setattr(at, name, change)
    else:
        getattr(at, name)[n] = change


def corpus(size: int, *, versions_only: bool = False) -> list[Case]:
    """Return the golden cases, then generated ones, each with the answer of the specification."""
    found: list[Case] = []
    policies = {}
    for file in gate_json.files().values():
        for name in gate_json.names(file):
            policies[name] = gate_json.policy(name)
        versions = {policies[name].version: policies[name] for name in gate_json.names(file)}
        tables = {version: compile_policy(policy) for version, policy in versions.items()}
        for case in file["cases"]:
            standing, ask = gate_json.question(file, case)
            if len(versions) == 1:
                found.append((tables, standing, ask, spec.gate.decide(versions[1], standing, ask)))
            else:
                found.append((tables, standing, ask, spec.versions.answer(versions, standing, ask)))
    chance = random.Random(size)  # noqa: S311
    while len(found) < size:
        dice = generate.Dice(chance.randbytes(generate.BYTES))
        turn = 0 if versions_only else chance.randrange(4)
        if turn == 0:
            for versions, standing, ask in test_versions_agree.cases(dice):
                tables = {version: generate.compiled(each) for version, each in versions.items()}
                found.append((tables, standing, ask, spec.versions.answer(versions, standing, ask)))
            continue
        policy = generate.policy(dice, arbitrary=turn == 1)
        standing = generate.standing(dice, policy, arbitrary=turn == 1)
        for _ in range(4):
            ask = generate.ask(dice, policy, arbitrary=turn == 1)
            found.append(
                ({1: generate.compiled(policy)}, standing, ask, spec.gate.decide(policy, standing, ask))
            )
    return found


def answers_alike(
    cases: list[Case],
    decide: Callable[..., Any],
    answer: Callable[..., Any],
    alone: Callable[..., int | None],
) -> bool:
    """Return whether all cases are answered as the specification does."""
    for tables, standing, ask, expected in cases:
        if len(tables) == 1:
            try:
                said = decide(tables[1], standing, ask)
            except Exception:  # noqa: BLE001  # it may never raise
                return False
        else:
            said = answer(tables, standing, ask).decision
            one = None if standing is None else alone(standing, ask)
            if one is None and one_version_accepted(standing, ask):
                return False
            if one is not None and decide(tables[one], standing, ask) != expected:
                return False
        if said != expected:
            return False
    return True


def one_version_accepted(standing: Any, ask: Any) -> bool:
    """Return whether the person accepted a version by now and did nothing under another."""
    acts = () if standing is None else [act for act in standing.acts if act.policy == ask.policy]
    accepted = any(act.kind is ActKind.ACCEPTED and act.version and act.at <= ask.at for act in acts)
    return accepted and len({act.version for act in acts} - {None}) == 1


def loaded(mutant: Mutant | None) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., int | None]]:
    """Load the gate's modules afresh, one of them changed; return what decides."""
    kept = {name: sys.modules[f"troth.gate.{name}"] for name in MODULES}
    package = sys.modules["troth.gate"]
    names = {name: getattr(package, name, None) for name in MODULES}
    try:
        for name in MODULES:
            fresh = types.ModuleType(f"troth.gate.{name}")
            fresh.__file__ = kept[name].__file__
            sys.modules[fresh.__name__] = fresh
            source = Path(str(fresh.__file__)).read_text(encoding="utf-8")
            tree = mutant.tree if mutant is not None and mutant.module == name else ast.parse(source)
            exec(compile(tree, str(fresh.__file__), "exec"), fresh.__dict__)  # noqa: S102
        versions = sys.modules["troth.gate.versions"]
        return sys.modules["troth.gate.decide"].decide, versions.answer, versions.alone
    finally:
        sys.modules.update({f"troth.gate.{name}": module for name, module in kept.items()})
        for name, value in names.items():
            if value is not None:
                setattr(package, name, value)


def argued() -> dict[str, str]:
    """Return the mutants that can't be told apart, and why."""
    found: dict[str, str] = {}
    for line in EQUIVALENT.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            key, _, why = line.partition(" -- ")
            if not why.strip():
                raise SystemExit(f"{EQUIVALENT.name}: no reason is given for: {key}")
            found[key] = why
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="mutants of the gate")
    parser.add_argument("--cases", type=int, default=6000, help="how many cases each must answer")
    parser.add_argument("--module", choices=MODULES, help="only this one")
    parser.add_argument("--again", action="store_true", help="only those that equivalent.txt has")
    given = parser.parse_args()
    known, began = argued(), time.monotonic()
    killed, survivors = 0, list[str]()
    for module in MODULES if given.module is None else (given.module,):
        cases = corpus(given.cases, versions_only=module == "versions")
        if not answers_alike(cases, *loaded(None)):
            raise SystemExit("the gate itself disagrees with its specification: run `make spec` first")
        for mutant in mutants(module):
            if given.again and mutant.key not in known:
                continue
            try:
                alive = answers_alike(cases, *loaded(mutant))
            except Exception:  # noqa: BLE001  # it does not even load
                alive = False
            killed += not alive
            if alive:
                survivors.append(mutant.key)
                if mutant.key not in known:
                    print("survived:", mutant.key, flush=True)  # noqa: T201
    new = [key for key in survivors if key not in known]
    spent = time.monotonic() - began
    print(f"{killed} killed, {len(survivors)} equivalent as argued or new ({len(new)}), {spent:.0f} s")  # noqa: T201
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
