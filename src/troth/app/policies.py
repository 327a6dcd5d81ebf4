"""The policies that come with Troth: where their texts lie, and how one is read and compiled.

The only place that reads policy files. In a wheel they lie inside the package; in a checkout, at its root.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.load import decode, load
from troth.terms import PolicyName, TrothError

_SUFFIX = ".yaml"


class NoSuchPolicy(TrothError):
    """no policy of this name comes with Troth"""


def names() -> tuple[PolicyName, ...]:
    """Return the names of all policies that come with Troth, sorted."""
    found = (each.name for each in _folder().iterdir() if each.name.endswith(_SUFFIX))
    return tuple(sorted(PolicyName(name.removesuffix(_SUFFIX)) for name in found))


def builtin(name: str) -> tuple[str, str]:
    """Return the text of a policy and the name of its file. Raises `NoSuchPolicy` or `PolicyRejected`."""
    known = names()
    if name not in known:
        raise NoSuchPolicy(f"no policy '{name}' comes with Troth; choose one of: {', '.join(known)}")
    file = f"policies/{name}{_SUFFIX}"
    return decode((_folder() / f"{name}{_SUFFIX}").read_bytes(), file), file


def compiled(name: str) -> Compiled:
    """Load, check and compile a policy that comes with Troth."""
    return compile_policy(load(*builtin(name)))


def from_file(path: Path) -> Compiled:
    """Load, check and compile a maker's own policy file. Raises `PolicyRejected` or `OSError`."""
    return compile_policy(load(decode(path.read_bytes(), str(path)), str(path)))


def beside(file: str) -> str:
    """Return the text of another file that lies with the policies."""
    return (_folder() / file).read_text(encoding="utf-8")


def _folder() -> Traversable:
    package = resources.files("troth")
    inside = package / "policies"
    if inside.is_dir():
        return inside
    return Path(str(package)).parents[1] / "policies"
