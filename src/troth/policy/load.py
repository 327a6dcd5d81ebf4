"""Text to policy, or every problem that it has. A malformed policy never loads in part.

Shape and words only: whether the parts fit together is for `check`.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from troth.policy import grammar, nodes
from troth.policy.build import sayings, whole_policy
from troth.policy.build_functions import functions
from troth.policy.build_statements import statements
from troth.policy.canonical import digest
from troth.policy.clauses import Policy
from troth.policy.kinds import Place
from troth.policy.nodes import decode
from troth.policy.problems import PolicyRejected, Problem
from troth.policy.records import Fields
from troth.terms import PolicyName

__all__ = ["PolicyRejected", "Problem", "decode", "load"]


def load(text: str, file: str) -> Policy:
    """Read one policy. Raises `PolicyRejected`, with all that is wrong, and nothing else."""
    root = nodes.parse(text, file)
    problems: list[Problem] = []
    fields = grammar.POLICY.read(root, Place(_name(root), problems))
    if fields is None or problems:
        raise PolicyRejected(problems)
    return _policy(fields)


def _policy(fields: Fields) -> Policy:
    name = fields.need(grammar.NAME_OF_POLICY)
    controller = fields.need(grammar.CONTROLLER)
    told = ((each.key, _told(controller.get(each))) for each in grammar.CONTROLLER_FIELDS)
    policy = Policy(
        name=PolicyName(name),
        version=fields.need(grammar.VERSION),
        published=fields.need(grammar.PUBLISHED),
        effective=fields.need(grammar.EFFECTIVE),
        title=MappingProxyType(sayings(fields.need(grammar.TITLE))),
        languages=tuple(each.value.value for each in fields.need(grammar.LANGUAGES)),
        controller=MappingProxyType({key: text for key, text in told if text is not None}),
        clauses=(*whole_policy(fields, name), *functions(fields, name), *statements(fields, name)),
        digest="",
    )
    return replace(policy, digest=digest(policy))


def _told(value: object) -> str | None:
    """Return a text of the controller's record, written alone or in a record of its own."""
    given = value.plain().get("value") if isinstance(value, Fields) else value
    return None if given is None else str(given)


def _name(root: nodes.Node) -> str:
    """Return the policy's name for addresses, as far as it can be told before anything is checked."""
    if isinstance(root, nodes.Mapping):
        for key, value in root.entries:
            if key.text == grammar.NAME_OF_POLICY.key:
                return grammar.POLICY_NAME.read(value, Place("", [])) or ""
    return ""
