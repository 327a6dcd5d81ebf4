"""A standing told on the command line: a file of acts, or one act in a word, to terms.

Times without a zone are in legal time. What an act leaves out is filled in as the ordinary case has it: the
version and text of the policy asked about, and ``before``, the day before the ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from troth.policy import nodes
from troth.policy.clauses import PERMISSION
from troth.policy.compiled import Compiled
from troth.policy.kinds import Choice, Pattern, Place, Truth, Whole
from troth.policy.problems import PolicyRejected, Problem, problem, unknown
from troth.policy.records import Field, Fields, Record
from troth.policy.words import Language
from troth.terms import (
    LEGAL_TIME,
    Act,
    ActKind,
    DeviceId,
    FunctionName,
    ItemName,
    PolicyName,
    SwitchName,
    TrothError,
)

_WORD = Pattern("a name, such as bind", r"[A-Za-z0-9_.-]{1,80}")
_WHEN = Pattern("a time such as 2026-03-02 or 2026-03-02T09:00+08:00", r"[0-9T:.+Z-]{10,40}")
_KIND = Field("act", Choice(ActKind), "what was done", must=True)
_AT = Field("at", _WHEN, "when")
_POLICY = Field("policy", _WORD, "under which policy")
_VERSION = Field("version", Whole(1, 999_999), "which version was shown or accepted")
_FUNCTION = Field("function", _WORD, "which function was chosen or withdrawn")
_ITEM = Field("item", _WORD, "which item of it")
_SWITCH = Field("switch", _WORD, "which switch")
_DEVICE = Field("device", _WORD, "for which device")
_NEED = Field("need", _WORD, "which need was supplied")
_SEPARATE = Field("separate", Truth(), "whether consent was asked apart from all else")
_LANGUAGE = Field("language", Choice(Language), "the language of the text")
_TEXT = Field("text", _WORD, "the hash of the text")
_KEYS = (
    _KIND, _AT, _POLICY, _VERSION, _FUNCTION, _ITEM, _SWITCH, _DEVICE, _NEED, _SEPARATE, _LANGUAGE, _TEXT
)  # fmt: skip
_ACT = Record("an act", _KEYS, head=_KIND)
_NAMED_BY = {
    ActKind.CHOSEN: "function",
    ActKind.WITHDRAWN: "function",
    ActKind.SWITCHED_ON: "switch",
    ActKind.SWITCHED_OFF: "switch",
    ActKind.SUPPLIED: "need",
    ActKind.REMOVED: "need",
}
_SHOWS = {ActKind.SHOWN, ActKind.ACCEPTED}


class NoTime(TrothError):
    """this is no time: write 2026-03-02, 2026-03-02T09:00 or 2026-03-02T09:00+08:00"""


class NoSuchAct(TrothError):
    """this is no act: write it as chosen:cloud, withdrawn:cloud, switched_off:alarm or cancelled"""


def moment(text: str) -> datetime:
    """Read a time; without a zone it is in legal time. Raises `NoTime`."""
    try:
        told = datetime.fromisoformat(text)
    except ValueError as why:
        raise NoTime(f"'{text[:40]}': {NoTime.__doc__}") from why
    return (told if told.tzinfo else told.replace(tzinfo=LEGAL_TIME)).astimezone(UTC)


def device(word: str) -> DeviceId:
    """Return the id that is meant; any word will do for a device that is only spoken of."""
    try:
        return DeviceId(UUID(word))
    except ValueError:
        return DeviceId(uuid5(NAMESPACE_URL, word))


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes acts under one policy; ``before`` is when, where an act does not say."""

    compiled: Compiled
    before: datetime

    def from_file(self, file: Path) -> tuple[Act, ...]:
        """Read a list of acts in YAML or JSON, oldest first. Raises `PolicyRejected` or `NoTime`."""
        return self._read(nodes.decode(file.read_bytes(), str(file)), str(file))

    def from_word(self, word: str) -> Act:
        """Read ``kind[:name[/more]][@time]``, such as ``withdrawn:cloud`` or ``switched_off:alarm/door``."""
        told, _, at = word.partition("@")
        kind, _, name = told.partition(":")
        name, _, more = name.partition("/")
        keys = {"act": kind, "at": at}
        named = _NAMED_BY.get(ActKind(kind)) if kind in set(ActKind) else None
        if named is not None:
            keys[named] = name
            keys[{"function": "item", "switch": "device", "need": "function"}[named]] = more
        elif kind not in set(ActKind):
            what, instead = unknown("act", kind, ActKind)
            raise NoSuchAct(f"{what}; write {instead}")
        elif name:
            raise NoSuchAct(f"'{word[:60]}' names something after {kind}: write {kind} alone")
        pairs = ", ".join(f"{key}: {value!r}" for key, value in keys.items() if value)
        return self._read(f"[{{{pairs}}}]", "--did")[0]

    def agreed(self) -> tuple[Act, ...]:
        """Return what someone of age did who was shown the policy and agreed to it."""
        return tuple(map(self._did, (ActKind.DECLARED_ADULT, ActKind.SHOWN, ActKind.ACCEPTED)))

    def everything(self, function: FunctionName) -> tuple[Act, ...]:
        """Return what someone did who also chose a function, and supplied all that it needs."""
        return (*self.agreed(), *self._all_of(function))

    def _all_of(self, function: FunctionName) -> Iterator[Act]:
        table = self.compiled.functions.get(function)
        if table is None:
            return
        yield self._did(ActKind.CHOSEN, function=function, separate=True)
        for item, clause in table.items.items():
            yield self._did(ActKind.CHOSEN, function=function, item=item, separate=True)
            if clause.permission is not None:
                yield self._did(ActKind.SUPPLIED, function=function, need=PERMISSION + clause.permission)
        for need in table.needs:
            yield self._did(ActKind.SUPPLIED, function=function, need=need)

    def _read(self, text: str, name: str) -> tuple[Act, ...]:
        problems: list[Problem] = []
        root, place = nodes.parse(text, name), Place("standing", problems)
        if not isinstance(root, nodes.Sequence):
            raise PolicyRejected([problem(root.at, "standing", "no list", f"a list, each {_ACT.shape()}")])
        found = [_ACT.read(each, place) for each in root.items]
        if problems:
            raise PolicyRejected(problems)
        return tuple(self._act(each) for each in found if each is not None)

    def _act(self, told: Fields) -> Act:
        kind, at, device_named = told.need(_KIND), told.get(_AT), told.get(_DEVICE)
        function, item, switch = told.get(_FUNCTION), told.get(_ITEM), told.get(_SWITCH)
        act = self._did(
            kind,
            policy=PolicyName(told.get(_POLICY) or self.compiled.policy.name),
            at=self.before if at is None else moment(at),
            function=None if function is None else FunctionName(function),
            item=None if item is None else ItemName(item),
            switch=None if switch is None else SwitchName(switch),
            device=None if device_named is None else device(device_named),
            need=told.get(_NEED),
            separate=bool(told.get(_SEPARATE)),
        )
        self._refuse_unknown(act)
        version, language, text = told.get(_VERSION), told.get(_LANGUAGE), told.get(_TEXT)
        return replace(
            act,
            version=version or act.version,
            language=act.language if language is None else language.value,
            text_hash=text or act.text_hash,
        )

    def _refuse_unknown(self, act: Act) -> None:
        """Refuse a name that the policy does not have: a misspelt one would change nothing, silently."""
        if act.policy != self.compiled.policy.name:
            return
        tables = self.compiled.functions.values()
        needs = {need for table in tables for need in table.needs}
        permissions = {each.permission for table in tables for each in table.items.values()}
        known = {
            "function": set(self.compiled.functions),
            "item": {item for table in tables for item in table.items},
            "switch": set(self.compiled.switches),
            "need": needs | {PERMISSION + each for each in permissions if each is not None},
        }
        for key, names in known.items():
            name = getattr(act, key)
            if name is not None and name not in names:
                what, instead = unknown(key, name, names)
                raise NoSuchAct(f"{what}; write {instead}")

    def _did(self, kind: ActKind, **more: Any) -> Act:
        """Make an act; what shows or accepts a text is about the whole text of this version."""
        text: dict[str, Any] = {
            "version": self.compiled.policy.version,
            "language": "zh",
            "text_hash": "as-shown",
        }
        given: dict[str, Any] = {"policy": self.compiled.policy.name, "at": self.before, **more}
        return Act(kind=kind, **given, **(text if kind in _SHOWS else {}))
