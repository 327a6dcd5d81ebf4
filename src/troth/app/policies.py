"""The policies that come with Troth: where their texts lie, and how one is read and compiled.

The only place that reads policy files. In a wheel they lie inside the package; in a checkout, at its root.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from troth.policy.compile import compile_policy
from troth.policy.compiled import Compiled
from troth.policy.load import decode, load
from troth.policy.problems import unknown
from troth.terms import PolicyName, TrothError

_SUFFIX = ".yaml"


class NoSuchPolicy(TrothError):
    """no policy of this name comes with Troth"""


class NoPolicies(TrothError):
    """there is no policy in this folder: put one there as a file that ends in .yaml"""


def names() -> tuple[PolicyName, ...]:
    """Return the names of all policies that come with Troth, sorted."""
    found = (each.name for each in _folder().iterdir() if each.name.endswith(_SUFFIX))
    return tuple(sorted(PolicyName(name.removesuffix(_SUFFIX)) for name in found))


def builtin(name: str) -> tuple[str, str]:
    """Return the text of a policy and the name of its file. Raises `NoSuchPolicy` or `PolicyRejected`."""
    if name not in names():
        raise NoSuchPolicy(_unknown(name))
    file = f"policies/{name}{_SUFFIX}"
    return decode((_folder() / f"{name}{_SUFFIX}").read_bytes(), file), file


def compiled(name: str) -> Compiled:
    """Load, check and compile a policy that comes with Troth."""
    return compile_policy(load(*builtin(name)))


def from_file(path: Path) -> Compiled:
    """Load, check and compile a maker's own policy file. Raises `PolicyRejected` or `OSError`."""
    return compile_policy(load(decode(path.read_bytes(), str(path)), str(path)))


def told(name: str) -> tuple[str, str]:
    """Return the text of the policy that a command names, and where it lies: one of ours, else a file.

    Raises `NoSuchPolicy`, `PolicyRejected`, `OSError`.
    """
    path = Path(name)
    if name in names() or not path.is_file():
        return builtin(name)
    return decode(path.read_bytes(), name), name


def named(name: str) -> Compiled:
    """Load, check and compile the policy that a command names. Raises as `told` does."""
    return compile_policy(load(*told(name)))


def in_force(folder: Path | None) -> Mapping[PolicyName, Mapping[int, Compiled]]:
    """Return every policy version there is, by name and version: the maker's own, or those of Troth.

    Raises `NoPolicies`, `PolicyRejected`.
    """
    if folder is None:
        texts = [compiled(name) for name in names()]
    else:
        texts = [from_file(path) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
    found: dict[PolicyName, dict[int, Compiled]] = {}
    for each in texts:
        versions = found.setdefault(each.policy.name, {})
        if each.policy.version in versions:
            raise NoPolicies(
                f"{folder}: two files say that they are {each.policy.name} version {each.policy.version}; "
                "give the later one the next version"
            )
        versions[each.policy.version] = each
    if not found:
        raise NoPolicies(f"{folder}: {NoPolicies.__doc__}")
    return found


def beside(file: str) -> str:
    """Return the text of another file that lies with the policies."""
    return (_folder() / file).read_text(encoding="utf-8")


def _unknown(name: str) -> str:
    what, instead = unknown("policy", name, names())
    return f"{what}; write {instead}, or a file"


def _folder() -> Traversable:
    package = resources.files("troth")
    inside = package / "policies"
    if inside.is_dir():
        return inside
    return Path(str(package)).parents[1] / "policies"
