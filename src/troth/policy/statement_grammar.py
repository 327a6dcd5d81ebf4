"""The grammar of `statements`, as a table of sections: where each stands, its keys, the clause it makes.

From this table alone statements are read, built, printed and described; a new kind of statement is a row
here, a dataclass, and its phrases.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import Any

from troth.policy import statement_words as w
from troth.policy import statements as s
from troth.policy.grammar_common import COMMON, ITEM_NAMES, NEW_NAME, SAID, TITLE, email, phone, url
from troth.policy.kinds import Choice, Kind, ListOf, MapOf, Pattern, Periods, Text, Truth, Whole
from troth.policy.records import Field, Record
from troth.policy.words import Channel, Ground, Mod, Moment, Right
from troth.terms import Basis


class How(Enum):
    """How the clauses of a section stand: one alone, by name, in a list, or by name in two steps."""

    ONE = auto()
    NAMED = auto()
    LISTED = auto()
    NESTED = auto()


@dataclass(frozen=True, eq=False)
class Section:
    """One key of a policy. ``makes`` has an attribute for each key of ``record``, see `attribute`."""

    key: str
    how: How
    record: Record
    makes: type[s.Statement]
    says: str
    names: Kind[Any] = NEW_NAME
    mod: Mod = Mod.MUST

    @property
    def field(self) -> Field[Any]:
        """The key as the record of a policy has it."""
        kinds: dict[How, Kind[Any]] = {
            How.ONE: self.record,
            How.NAMED: MapOf(self.names, self.record),
            How.LISTED: ListOf(self.record),
            How.NESTED: MapOf(Choice(w.Act), MapOf(self.names, self.record)),
        }
        return Field(self.key, kinds[self.how], self.says)


RENAMED = {"from": "counted_from"}
"""Keys that Python reserves, with the attribute that holds them."""


def attribute(each: Field[Any]) -> str:
    """Return the attribute of the clause that holds a key."""
    return RENAMED.get(each.key, each.key)


def _words(key: str, words: type[StrEnum], says: str, *, must: bool = False) -> Field[Any]:
    return Field(key, ListOf(Choice(words)), says, must=must)


def _word(key: str, words: type[StrEnum], says: str, *, must: bool = False) -> Field[Any]:
    return Field(key, Choice(words), says, must=must)


def _truth(key: str, says: str, *, must: bool = False) -> Field[Any]:
    return Field(key, Truth(), says, must=must)


def _items(says: str) -> Field[Any]:
    return Field("items", ListOf(ITEM_NAMES), says)


def _functions(key: str, says: str) -> Field[Any]:
    return Field(key, ListOf(NEW_NAME), says)


_BY = _words("by", Channel, "through what")
_WITHIN = Field("within", Periods(), "how long it may take")
_ORDER = frozenset({Ground.LEGAL_ORDER})
_DUTY = Choice(Basis, frozenset({Basis.LEGAL_DUTY}))
_MONTH = Pattern("a month or a date, such as 2022-10", r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


def _record(name: str, *fields: Field[Any], head: Field[Any] | None = None) -> Record:
    return Record(name, (*fields, *COMMON), head=head)


def _listed(name: str, words: type[StrEnum], says: str, *more: Field[Any]) -> Record:
    named = _word("name", words, says, must=True)
    return _record(name, named, *more, head=named)


_VALUE = {
    "email": Field("value", email, "the address", must=True),
    "phone": Field("value", phone, "the number", must=True),
    "web": Field("value", url, "the address", must=True),
}
REACHES = _word("reaches", w.Office, "at whose desk it ends")
CONTACTS = {key: _record("a contact", value, REACHES, head=value) for key, value in _VALUE.items()}
CONTROLLER = (
    Field("legal_name", SAID, "its registered name, by language"),
    Field("postal_address", SAID, "where to write, by language"),
    _truth("brand_only", "'true': a brand; nobody is named who answers for it"),
    _truth("includes_affiliates", "'true': its affiliates are bound as well"),
    Field("platform", ListOf(Text(120)), "the sites and apps that make up the platform"),
)
CONTROLLER_CLAUSE = Section(
    "controller", How.ONE, _record("a controller", *CONTROLLER), s.ControllerClause, "who decides why and how"
)

SECTIONS: tuple[Section, ...] = (
    Section("dates", How.ONE, _record(
        "dates",
        Field("updated", _MONTH, "when the text says it was last changed", must=True),
        Field("effective", _MONTH, "since when the text says it binds"),
    ), s.DatesClause, "the dates as the text gives them"),
    Section("scope", How.NAMED, _record(
        "a scope",
        _words("of", w.Owner, "whose products", must=True),
        Field("products", ListOf(Text(120)), "which of them; absent: all"),
        Field("called", SAID, "what people call them, by language; absent: as 'products' names them"),
        _truth("own_policy", "'true': only those with a policy of their own"),
        _truth("governs", "'true': this policy governs them", must=True),
    ), s.ScopeClause, "what the policy governs"),
    Section("readings", How.NAMED, _record(
        "a reading", _word("rule", w.Reading, "how it is decided", must=True),
        head=_word("rule", w.Reading, "how it is decided", must=True),
    ), s.ReadingClause, "how doubts about the text are resolved", Choice(w.Aspect)),
    Section("definitions", How.NAMED, _record(
        "a definition",
        _items("the items that fall under it"),
        _functions("functions", "the functions that fall under it"),
        _words("tests", w.Test, "what must hold"),
    ), s.DefinitionClause, "what words of the policy mean", Choice(w.Term)),
    Section("documents", How.NAMED, _record(
        "a document", TITLE,
        _truth("agreed", "'true': it is agreed to together with the policy"),
        _truth("defines_terms", "'true': what the policy does not define, it does"),
    ), s.DocumentClause, "other documents that go with the policy"),
    Section("contents", How.ONE, _record(
        "contents", _words("topics", w.Topic, "what the text announces", must=True)
    ), s.ContentsClause, "topics that a reader may look up; each is told of"),
    Section("emphasis", How.ONE, _record(
        "an emphasis", _words("of", w.Emphasis, "what stands out", must=True)
    ), s.EmphasisClause, "what stands out wherever the policy is shown"),
    Section("principles", How.ONE, _record(
        "principles", _words("names", w.Principle, "which", must=True)
    ), s.PrinciplesClause, "principles that the policy is checked against"),
    Section("public_notices", How.NAMED, _record(
        "a public notice", TITLE, Field("phone", phone, "a number to call")
    ), s.PublicNoticeClause, "notices of others, shown apart from the promises"),
    Section("laws", How.NAMED, _record(
        "a law", TITLE, _words("of", w.Matter, "in which matters", must=True)
    ), s.LawClause, "laws that the text relies upon"),
    Section("aims", How.NAMED, _record("an aim", TITLE), s.AimClause, "what all purposes serve"),
    Section("repurposing", How.NAMED, _record(
        "a further use",
        _word("needs", w.Ask, "whether the person is asked first", must=True),
        _functions("linked", "functions with which a new one may be linked"),
    ), s.RepurposeClause, "use beyond the purpose of collection", Choice(w.Repurposed)),
    Section("permissions", How.NAMED, _record(
        "a permission",
        Field("number", Whole(1, 999), "its number in the text, if it has one"),
        TITLE,
        Field("android", Pattern("a name in capitals", r"[A-Z][A-Z_/]{1,60}"), "its name on Android"),
        _items("items that come through it"),
    ), s.PermissionClause, "the only permissions that may be asked for", mod=Mod.MAY),
    Section("trackers", How.NAMED, _record(
        "a tracker",
        _words("techs", w.Tech, "by what", must=True),
        _words("set_by", w.Owner, "who may set it; absent: the controller alone"),
        _words("uses", w.TrackerUse, "what for"),
        _truth("only_stated", "'true': for nothing else"),
        _items("what it holds"),
        _truth("encrypted", "'true': nobody can read what it holds"),
        _words("manage", w.Manage, "how it is kept away"),
        Field("link", url, "where to read more"),
        _words("costs", w.Cost, "what keeping it away may cost; told once"),
        _words("stopped_by", w.Stop, "what ends it; each alone does"),
    ), s.TrackerClause, "cookies and the like", mod=Mod.MAY),
    Section("cases", How.NESTED, _record(
        "a case",
        _words("needs", w.Condition, "what must be on record; all of it"),
        _words("to", w.Receiver, "who may receive"),
        _items("nothing but these items"),
        _words("documents", w.Document, "papers of which one is shown"),
        Field("purpose", SAID, "what for, by language"),
    ), s.CaseClause, "the only cases of an act; 'always' holds in each", mod=Mod.MAY),
    Section("deadlines", How.NAMED, _record(
        "a deadline",
        _words("of", Right, "for which rights", must=True),
        Field("within", Periods(), "how long it may take", must=True),
        Field("at_most", Periods(), "a second period, where it ends earlier"),
        _word("from", Moment, "the event that starts the clock", must=True),
        _truth("revocable", "'true': until then it can be taken back, and takes effect only then"),
    ), s.DeadlineClause, "by when; of several that run, the earliest"),
    Section("delete_when", How.LISTED, _listed(
        "a ground to delete", w.DeleteGround, "the ground",
        _truth("stop_at_once", "'true': what caused it stops at once"),
        _truth("tell_recipients", "'true': whoever got the data is told to delete it"),
    ), s.DeleteGroundClause, "when a person may have data deleted"),
    Section("refuse_when", How.LISTED, _listed(
        "a ground to refuse", w.RefuseGround, "the ground"
    ), s.RefuseGroundClause, "the only grounds on which a request is not met", mod=Mod.MAY),
    Section("requests", How.NAMED, _record(
        "a rule for requests",
        _words("grounds", w.Unreasonable, "the only grounds"),
        _words("regulators", w.Regulator, "who hears complaints"),
        _words("proofs", w.Proof, "what is shown first"),
        _words("rights", Right, "for which rights"),
        _BY,
        _words("unless", w.Condition, "what frees from it, with proof"),
    ), s.RequestClause, "what holds for every request", Choice(w.RequestRule)),
    Section("protection", How.NAMED, _record(
        "a measure", _items("items named with it"), _words("risks", w.Risk, "against what")
    ), s.ProtectionClause, "how data is kept safe, by software", Choice(w.Measure)),
    Section("legal_holds", How.NAMED, _record(
        "a hold",
        Field("items", ListOf(ITEM_NAMES), "the records", must=True),
        Field("keep", Periods(), "how long the law wants them", must=True),
        _word("from", Moment, "the event that starts the clock, of each record", must=True),
        _word("bound", w.Bound, "the law's minimum is our maximum", must=True),
        _word("per", w.Per, "what is held: one record, never an account", must=True),
        Field("opens_for", _DUTY, "the only basis on which it opens", must=True),
        _word("survives", w.Survives, "what it outlives", must=True),
    ), s.HoldClause, "records that a law wants kept, each by itself"),
    Section("kept_on_order", How.ONE, _record(
        "an order's hold",
        Field("grounds", ListOf(Choice(Ground, _ORDER)), "the paper it takes", must=True),
        _word("per", w.Per, "what is held: one record, never an account", must=True),
        Field("opens_for", _DUTY, "the only basis on which it opens", must=True),
        _word("survives", w.Survives, "what it outlives", must=True),
    ), s.OrderedHoldClause, "what an authority may have kept from its deletion, until a day"),
    Section("backups", How.ONE, _record(
        "backups",
        Field("within", Periods(), "how long deleted data may live on in them", must=True),
        _truth("restore_repeats_deletions", "'true': a restore deletes again what was deleted", must=True),
    ), s.BackupClause, "deleted data in backups"),
    Section("breach", How.NAMED, _record(
        "a duty after a breach", _words("parts", w.Part, "what is told; none may be empty"), _BY, _WITHIN
    ), s.BreachClause, "what is done after a breach", Choice(w.BreachStep)),
    Section("minors", How.NAMED, _record(
        "a rule about minors",
        Field("age", Whole(1, 120), "the age"),
        _truth("inclusive", "'true': up to and with that age"),
        _words("only_on", w.MinorGround, "what use of their data may rest on; one is enough"),
    ), s.MinorClause, "what holds for people under age", Choice(w.MinorRule)),
    Section("changes", How.NAMED, _record(
        "a rule of change",
        _BY,
        _words("shown_at", w.Occasion, "when it is shown"),
        _word("needs", w.Condition, "what a person must give before it binds them"),
    ), s.ChangeClause, "what holds when the policy changes", Choice(w.ChangeRule)),
    Section("major_changes", How.LISTED, _listed(
        "a major change", w.Touched, "what it touches"
    ), s.MajorChangeClause, "what makes a change a major one"),
    Section("cessation", How.NAMED, _record(
        "a duty at the end", _BY, _WITHIN
    ), s.CessationClause, "what is done when the service ends", Choice(w.CessationStep)),
    Section("user_duties", How.NAMED, _record(
        "a person's part", _word("response", w.Response, "what we do about it", must=True)
    ), s.UserDutyClause, "what the text asks of the person", Choice(w.UserDuty)),
)  # fmt: skip

BY_TYPE = {each.makes: each for each in (CONTROLLER_CLAUSE, *SECTIONS)}
"""The section that makes each type of statement."""
