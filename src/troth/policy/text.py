"""A compiled policy told to the person it is about: what, why, whether it must be, and what refusing costs.

Written from the clauses alone, so that nobody is shown anything else than what is enforced. The order does
not depend on the order of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from troth.policy import statement_text
from troth.policy.clauses import (
    Clause,
    ItemClause,
    Keep,
    Need,
    RecipientClause,
    RightClause,
    Starts,
    SwitchClause,
)
from troth.policy.compiled import Compiled, FunctionTable
from troth.policy.kinds import Periods
from troth.policy.notice import Line, Notice, Section
from troth.policy.phrases import JOINT, PHRASES, SEPARATOR
from troth.policy.statement_grammar import SECTIONS
from troth.policy.statement_grammar import Section as Of
from troth.policy.statement_words import Act, Emphasis, Freedom
from troth.policy.statements import (
    AimClause,
    CaseClause,
    ContactClause,
    ControllerClause,
    EmphasisClause,
    PermissionClause,
    Statement,
)
from troth.policy.vocabulary import NEEDS, VOCABULARY, Sensitivity
from troth.policy.words import Language, Right
from troth.terms import ActorKind, ClauseId, ItemName

__all__ = ["Line", "Notice", "Section", "notice"]

_OPENING = ("dates", "scope")
_FIRST = tuple(each for each in SECTIONS if each.key in _OPENING)
"""What a reader wants to know before anything else: who, and about what."""
_REST = tuple(each for each in SECTIONS if each.key not in _OPENING)
_NEEDS_IN_ORDER = {need: place for place, need in enumerate(Need)}
_RIGHTS_IN_ORDER = {right.value: place for place, right in enumerate(Right)}
_REMEMBERED = 32
_TOLD: dict[tuple[int, Language], tuple[Compiled, Notice]] = {}
"""What was told last: everybody who signs up is shown the same, and is held to it."""


def notice(compiled: Compiled, lang: str) -> Notice:
    """Tell a policy in one language (``zh`` or ``en``; ValueError otherwise)."""
    key = id(compiled), Language(lang)
    found = _TOLD.get(key)
    if found is None or found[0] is not compiled:
        found = _TOLD[key] = compiled, _Teller(compiled, key[1]).notice()
        if len(_TOLD) > _REMEMBERED:
            _TOLD.pop(next(iter(_TOLD)), None)
    return found[1]


class _Teller:
    """Tells one policy in one language."""

    def __init__(self, compiled: Compiled, language: Language) -> None:
        self._compiled = compiled
        self._language = language
        self._phrases = PHRASES[language]
        self._titles = {name: self._pick(each.clause.title) for name, each in compiled.functions.items()}

    def notice(self) -> Notice:
        """Put the sections together; those without a line are left out."""
        policy = self._compiled.policy
        tables = sorted(self._compiled.functions.values(), key=_reading_order)
        sections = (
            self._who(),
            *self._statements(_FIRST),
            *(self._function(table) for table in tables if self._told(table.clause)),
            self._part("switches", self._switches()),
            self._part("minors", self._minors()),
            self._part("storage", self._storage()),
            self._part("law", self._law()),
            self._part("rights", self._rights()),
            *self._statements(_REST),
        )
        opening = self._say(
            "version", version=policy.version, published=policy.published, effective=policy.effective
        )
        return Notice(
            policy.name,
            policy.version,
            self._language,
            self._pick(policy.title),
            opening,
            tuple(section for section in sections if section.lines),
            frozenset(self._standing_out()),
        )

    def _say(self, phrase: str, **values: object) -> str:
        return self._phrases[phrase].format_map(values)

    def _line(self, clause: Clause, label: str, text: str) -> Line:
        return Line(self._say(label), text, clause.id)

    def _told(self, clause: Clause) -> bool:
        return clause.lang in (None, self._language)

    def _pick(self, said: Mapping[str, str]) -> str:
        return in_language(said, self._language)

    def _list(self, parts: Iterable[str]) -> str:
        return SEPARATOR[self._language].join(parts)

    def _join(self, parts: Iterable[str]) -> str:
        return JOINT[self._language].join(parts)

    def _label(self, item: ItemName) -> str:
        return VOCABULARY[item].label[self._language]

    def _part(self, kind: str, lines: Iterator[tuple[Clause, Line]]) -> Section:
        told = tuple(line for clause, line in lines if self._told(clause))
        return Section(kind, self._say(kind), None, told)

    def _who(self) -> Section:
        told = self._compiled.policy.controller
        stated = [each for each in self._compiled.all(ControllerClause) if self._told(each)]
        contacts = [each for each in self._compiled.all(ContactClause) if self._told(each)]
        more = [line for each in stated if (line := self._statement(each)).label]
        lines = (
            []
            if any(each.legal_name for each in stated)
            else [Line(self._say("controller"), told["name"], None)]
        )
        lines += more
        if "address" in told:
            lines.append(Line(self._say("address"), told["address"], None))
        lines += [self._statement(each) for each in contacts]
        return Section("who", self._say("who"), None, tuple(lines))

    def _function(self, table: FunctionTable) -> Section:
        told = (*self._frame(table), *self._items(table), *self._purposes(table), *self._limits(table))
        lines = tuple(line for clause, line in told if self._told(clause))
        return Section("function", self._pick(table.clause.title), table.clause.id, lines)

    def _frame(self, table: FunctionTable) -> Iterator[tuple[Clause, Line]]:
        clause = table.clause
        yield clause, self._line(clause, "gives", self._pick(clause.gives))
        yield clause, self._line(clause, "basis", self._say(f"basis.{clause.basis}"))
        yield clause, self._line(clause, "starts", self._say(f"starts.{clause.starts}"))
        if clause.choice is not None:
            chosen = clause.choice == Freedom.DEFAULT_ON and clause.starts is Starts.WHEN_CHOSEN
            freedom = "default_on.when_chosen" if chosen else clause.choice
            yield clause, self._line(clause, "choice", self._say(f"freedom.{freedom}"))
        for each in clause.constraints:
            yield clause, self._line(clause, "constraint", self._say(f"constraint.{each}"))
        for need in table.needs.values():
            yield need, self._line(need, "needs", NEEDS[need.need][self._language])

    def _items(self, table: FunctionTable) -> Iterator[tuple[Clause, Line]]:
        for clause in sorted(table.items.values(), key=lambda each: (_NEEDS_IN_ORDER[each.need], each.item)):
            yield clause, self._line(clause, clause.need, self._item(clause))

    def _item(self, clause: ItemClause) -> str:
        told = [
            self._say("item.sensitive" if _is_sensitive(clause) else "item", item=self._label(clause.item))
        ]
        if clause.basis is not None:
            told.append(self._say("item.basis"))
        if clause.keep is Keep.NONE:
            told.append(self._say("item.not_kept"))
        if clause.permission is not None:
            told.append(self._say("item.permission", permission=self._permission(clause.permission)))
        if clause.about is not None:
            told.append(self._say("item.about", about=self._say(f"role.{clause.about}")))
        if clause.only_while is not None:
            title = self._pick(self._compiled.functions[clause.only_while].clause.title)
            told.append(self._say("item.only_while", function=title))
        return self._join(told)

    def _permission(self, name: str) -> str:
        permission = self._compiled.one(PermissionClause, name)
        return self._pick(permission.title) if permission else name

    def _purposes(self, table: FunctionTable) -> Iterator[tuple[Clause, Line]]:
        for clause in table.purposes.values():
            title = self._pick(clause.title)
            aim = self._compiled.one(AimClause, clause.serves) if clause.serves else None
            if aim is not None:
                title = self._say("purpose.serves", purpose=title, aim=self._pick(aim.title))
            staff = ActorKind.STAFF in clause.by
            yield (
                clause,
                self._line(clause, "purpose", self._say("purpose.staff", purpose=title) if staff else title),
            )
        for clause in table.recipients.values():
            items = self._list(self._label(item) for item in sorted(clause.items))
            name = self._pick(clause.title) or clause.recipient
            told = [self._say("recipient.gets", recipient=name, items=items)]
            told += self._about_recipient(clause)
            yield clause, self._line(clause, "recipient", self._join(told))

    def _about_recipient(self, clause: RecipientClause) -> Iterator[str]:
        if clause.kind is not None:
            yield self._say("recipient.kind", kind=self._say(f"receiver.{clause.kind}"))
        if clause.scope:
            yield self._say("recipient.scope", scope=self._pick(clause.scope))
        if clause.own_devices:
            yield self._say("recipient.own_devices")
        if clause.link is not None:
            yield self._say("recipient.link", link=clause.link)
        for language in sorted(set(clause.only_if_shown.values())):
            names = sorted(item for item, shown in clause.only_if_shown.items() if shown == language)
            items = self._list(self._label(ItemName(item)) for item in names)
            named = self._say(f"language.{language}")
            yield self._say("recipient.only_if_shown", items=items, language=named)

    def _limits(self, table: FunctionTable) -> Iterator[tuple[Clause, Line]]:
        for clause in table.never_about.values():
            yield clause, self._line(clause, "never", self._say(f"role.{clause.role}"))
        for clause in table.closed.values():
            grounds = (self._say(f"ground.{each}") for each in sorted(clause.unless))
            told = self._join((self._label(clause.item), *grounds))
            yield clause, self._line(clause, "closed", told)
        for hold in table.holds.values():
            grounds = (self._say(f"ground.{each}") for each in sorted(hold.opens_for))
            told = self._join((self._label(hold.item), *grounds))
            yield hold, self._line(hold, "kept_for", told)
        refusal = table.refusal
        told = self._say(f"effect.{refusal.effect}")
        if refusal.also:
            titles = (
                self._pick(self._compiled.functions[each].clause.title) for each in sorted(refusal.also)
            )
            told = self._join((told, self._say("effect.also", functions=self._list(titles))))
        yield refusal, self._line(refusal, "refusal", told)

    def _switches(self) -> Iterator[tuple[Clause, Line]]:
        for clause in self._compiled.switches.values():
            state = "on" if clause.default_on else "off"
            told = self._join((self._say(f"switch.{state}.{clause.scope}"), *self._about_switch(clause)))
            yield clause, Line(self._pick(clause.title), told, clause.id)

    def _about_switch(self, clause: SwitchClause) -> Iterator[str]:
        if clause.items:
            yield self._say("switch.items", items=self._list(self._label(i) for i in sorted(clause.items)))
        if clause.verbs:
            verbs = (self._say(f"law.{each}") for each in sorted(clause.verbs))
            yield self._say("switch.verbs", verbs=self._list(verbs))

    def _minors(self) -> Iterator[tuple[Clause, Line]]:
        if (clause := self._compiled.audience) is not None:
            yield clause, self._line(clause, "age", self._say("age.text", age=clause.minimum_age))
            yield clause, self._line(clause, "found_minor", self._say(f"found_minor.{clause.found_minor}"))

    def _storage(self) -> Iterator[tuple[Clause, Line]]:
        for clause in self._compiled.regions.values():
            yield clause, self._line(clause, "place", place(self._compiled, clause.region, self._language))
        for kept in self._compiled.retention:
            told = self._say(f"then.{kept.then}")
            if kept.keep is not None:
                period = statement_text.worded(Periods(), kept.keep, self._language)
                told = self._say("then.period", then=told, period=period)
            yield kept, self._line(kept, f"after.{kept.after}", told)

    def _law(self) -> Iterator[tuple[Clause, Line]]:
        for clause in (*self._compiled.duties.values(), *self._compiled.exempt.values()):
            yield clause, self._line(clause, f"without.{clause.verb}", self._say(f"ground.{clause.ground}"))

    def _rights(self) -> Iterator[tuple[Clause, Line]]:
        for clause in sorted(self._compiled.rights.values(), key=lambda each: _RIGHTS_IN_ORDER[each.right]):
            channels = self._list(self._say(f"channel.{each}") for each in clause.by)
            days = clause.deadline_days
            told = self._say("right.soon" if days is None else "right.text", channels=channels, days=days)
            if clause.irreversible:
                told = self._join((told, self._say("right.irreversible")))
            told = self._join((told, *self._about_right(clause)))
            yield clause, self._line(clause, f"right.{clause.right}", told)

    def _standing_out(self) -> Iterator[ClauseId]:
        emphasis = self._compiled.one(EmphasisClause)
        of = () if emphasis is None else emphasis.of
        if Emphasis.RIGHTS in of:
            yield from (clause.id for clause in self._compiled.rights.values())
        if Emphasis.SENSITIVE in of:
            items = (each for table in self._compiled.functions.values() for each in table.items.values())
            yield from (clause.id for clause in items if _is_sensitive(clause))

    def _about_right(self, clause: RightClause) -> Iterator[str]:
        if clause.path:
            yield self._say("right.path", path=self._pick(clause.path))
        for key, words in RIGHT_WORDS:
            values: tuple[str, ...] = getattr(clause, key)
            if values:
                told = self._list(self._say(f"{words}.{each}") for each in values)
                yield self._say(f"right.{key}", **{key: told})
        if clause.locked:
            yield self._say("right.locked", items=self._list(self._label(ItemName(i)) for i in clause.locked))

    def _statements(self, sections: Iterable[Of]) -> Iterator[Section]:
        """Tell the statements of these sections; who is responsible, and the contacts, stand first of all."""
        for section in sections:
            lines = tuple(
                self._statement(each) for each in self._compiled.all(section.makes) if self._told(each)
            )
            yield Section(section.key, self._say(f"section.{section.key}"), None, lines)

    def _statement(self, clause: Statement) -> Line:
        """Return what a statement says; one whose name says it all is a line without a label."""
        label = statement_text.label(clause, self._language)
        said = statement_text.told(clause, self._language, self._titles)
        return Line(label, said, clause.id) if said else Line("", label, clause.id)


def in_language(said: Mapping[str, str], language: Language) -> str:
    """Return what the policy says in ``language``, or in the one that it has."""
    return said.get(language) or next(iter(said.values()), "")


def place(compiled: Compiled, region: str, language: Language) -> str:
    """Say where data lies; "and nowhere else" only where no case lets it go abroad."""
    phrases = PHRASES[language]
    goes = any(each.act == Act.ABROAD for each in compiled.all(CaseClause))
    abroad = phrases.get(f"abroad.{region}") if goes else None
    return abroad or phrases.get(f"region.{region}", region)


RIGHT_WORDS = (
    ("parts", "part"),
    ("ways", "way"),
    ("effects", "consequence"),
    ("proofs", "proof"),
    ("opens", "right"),
)
"""The lists of a right, with the closed list that each is of."""


def _is_sensitive(clause: ItemClause) -> bool:
    return VOCABULARY[clause.item].sensitivity is Sensitivity.SENSITIVE


def _reading_order(table: FunctionTable) -> tuple[bool, bool, str]:
    clause = table.clause
    return clause.starts is not Starts.WITH_ACCEPTANCE, clause.basis != "contract", clause.function
