"""The policy language as a table: every record, its keys, and what each key says.

The loader reads by it and the reference page is written from it. It says what may stand where; whether the
parts fit together is `check`'s business.
"""

from __future__ import annotations

from typing import Any

from troth.policy import statement_grammar
from troth.policy.clauses import Keep, Scope, Starts
from troth.policy.grammar_common import (
    COMMON,
    DECIDED_BY,
    ITEM_NAMES,
    LANG,
    MOD,
    PROMISES,
    SAID,
    SAYINGS,
    STATED,
    STRENGTH,
    TITLE,
    WAIVE,
    url,
)
from troth.policy.kinds import Choice, Day, Days, Known, ListOf, MapOf, Pattern, Periods, Text, Truth, Whole
from troth.policy.records import Field, Record
from troth.policy.statement_words import Consequence, Constraint, Freedom, Part, Proof, Receiver, Way
from troth.policy.vocabulary import NAME, NEEDS
from troth.policy.words import Channel, Effect, FoundMinor, Ground, Language, Moment, Outcome, Right
from troth.terms import ActorKind, Basis, Role, Verb

__all__ = [
    "COMMON",
    "DECIDED_BY",
    "LANG",
    "MOD",
    "POLICY",
    "PROMISES",
    "SAYINGS",
    "STATED",
    "STRENGTH",
    "WAIVE",
]

POLICY_NAME = Pattern("a name of small letters, digits and -", r"[a-z][a-z0-9-]{0,63}")
_REGION = Pattern("a country code of two capitals, such as CN", r"[A-Z]{2}")

GIVES = Field("gives", SAID, "what the person gets from it, by language", must=True)

# Functions.
ITEM_NAME = Field("item", ITEM_NAMES, "a word of the vocabulary", must=True)
ITEM_BASIS = Field(
    "basis",
    Choice(Basis, frozenset({Basis.CONSENT, Basis.SEPARATE_CONSENT})),
    "a basis of the item's own, on top of the function's",
)
ITEM_KEEP = Field("keep", Choice(Keep), "'none': used and not kept; 'history': earlier versions stay too")
ITEM_PERMISSION = Field("permission", NAME, "the permission of the phone through which alone it comes")
ITEM_ABOUT = Field("about", Choice(Role), "whom it is about, if not the user")
ITEM_ONLY_WHILE = Field("only_while", NAME, "the function that must be running for it to pass")
KEPT_FOR_GROUNDS = Field(
    "grounds", ListOf(Choice(Ground)), "the grounds that open it, each with its document", must=True
)
KEPT_FOR = Field(
    "kept_for",
    Record("a hold", (KEPT_FOR_GROUNDS, *COMMON)),
    "it outlives the account, for these grounds alone",
)
ITEM = Record(
    "an item",
    (ITEM_NAME, ITEM_BASIS, ITEM_KEEP, ITEM_PERMISSION, ITEM_ABOUT, ITEM_ONLY_WHILE, KEPT_FOR, *COMMON),
    head=ITEM_NAME,
)

NEED_NAME = Field("need", Known("a need", frozenset(NEEDS)), "what must be there first", must=True)
NEED = Record("a need", (NEED_NAME, *COMMON), head=NEED_NAME)

PURPOSE_BY = Field("by", ListOf(Choice(ActorKind)), "who may act for it", must=True)
PURPOSE_VERBS = Field("verbs", ListOf(Choice(Verb)), "what they may do", must=True)
PURPOSE_SERVES = Field("serves", NAME, "the aim of the policy that it serves")
PURPOSE_ONLY_ON = Field(
    "only_on",
    ListOf(Choice(Basis, frozenset({Basis.LEGAL_DUTY, Basis.EXEMPTION}))),
    "the bases without which it is nothing, each with its document",
)
PURPOSE = Record("a purpose", (TITLE, PURPOSE_BY, PURPOSE_VERBS, PURPOSE_SERVES, PURPOSE_ONLY_ON, *COMMON))

EFFECT = Field("effect", Choice(Effect), "what refusing costs", must=True)
ALSO = Field("also", ListOf(NAME), "functions lost with it")
REFUSAL = Record("a refusal", (EFFECT, ALSO, *COMMON), head=EFFECT)

_LAPSE = (
    "a prohibition may not depend on anything that can go away: when it goes, the prohibition would lapse",
    "the prohibition without a condition, or a permission with one",
)
_LAPSES: dict[str, tuple[str, str]] = dict.fromkeys(
    ("while", "only_while", "when", "if", "until", "basis"), _LAPSE
)
ROLE = Field("role", Choice(Role), "whom the function is never about", must=True)
NEVER_ABOUT = Record("a prohibition", (ROLE, *COMMON), head=ROLE, never=_LAPSES)

CLOSED_VERBS = Field("verbs", ListOf(Choice(Verb)), "what the controller may not do", must=True)
CLOSED_UNLESS = Field("unless", ListOf(Choice(Ground)), "the grounds that open it, each with its document")
CLOSED = Record("a prohibition", (CLOSED_VERBS, CLOSED_UNLESS, *COMMON), never=_LAPSES)
CLOSED_TO_CONTROLLER = Field(
    "closed_to_controller", CLOSED, "kept for the person, closed to staff and services"
)
HOLD = Record("a held item", (ITEM_NAME, CLOSED_TO_CONTROLLER, KEPT_FOR, *COMMON), head=ITEM_NAME)

RECIPIENT_ITEMS = Field("items", ListOf(ITEM_NAMES), "what they get", must=True)
RECIPIENT_PURPOSE = Field("purpose", NAME, "the purpose of the function that it serves", must=True)
RECIPIENT_KIND = Field("kind", Choice(Receiver), "what they are to the controller")
RECIPIENT_TITLE = Field("title", SAID, "their name for people, by language")
RECIPIENT_SCOPE = Field("scope", SAID, "in what connection, by language")
RECIPIENT_LINK = Field("link", url, "their own policy")
ONLY_IF_SHOWN = Field(
    "only_if_shown",
    MapOf(ITEM_NAMES, Choice(Language)),
    "items that go only for people who were shown the policy in that language",
)
OWN_DEVICES = Field("own_devices", Truth(), "'true': only what is about a device that they supplied")
RECIPIENT = Record(
    "a recipient",
    (
        RECIPIENT_ITEMS, RECIPIENT_PURPOSE, RECIPIENT_KIND, RECIPIENT_TITLE, RECIPIENT_SCOPE,
        RECIPIENT_LINK, ONLY_IF_SHOWN, OWN_DEVICES, *COMMON,
    ),
)  # fmt: skip

_FUNCTION_BASES = frozenset({Basis.CONTRACT, Basis.CONSENT, Basis.SEPARATE_CONSENT, Basis.LEGAL_DUTY})
BASIS = Field("basis", Choice(Basis, _FUNCTION_BASES), "why its items may be handled", must=True)
STARTS = Field("starts", Choice(Starts), "when it begins", must=True)
CHOICE = Field("choice", Choice(Freedom), "what the text says of the freedom to refuse")
CONSTRAINTS = Field("constraints", ListOf(Choice(Constraint)), "what it must keep to besides")
FUNCTION_NEEDS = Field("needs", ListOf(NEED), "what must be there first")
REQUIRES = Field("requires", ListOf(ITEM), "items without which it is unavailable")
EITHER = Field("either", ListOf(ITEM), "items of which it needs one, whichever the person gives")
OPTIONAL = Field("optional", ListOf(ITEM), "items that the person may add, each by a choice of its own")
WHEN_USED = Field("when_used", ListOf(ITEM), "items that come into being while it is used")
HOLDS = Field("holds", ListOf(HOLD), "items kept for the person")
PURPOSES = Field("purposes", MapOf(NAME, PURPOSE), "what its items are for")
ON_REFUSAL = Field("on_refusal", REFUSAL, "what refusing or withdrawing costs")
NEVER = Field("never_about", ListOf(NEVER_ABOUT), "people whom it is never about")
RECIPIENTS = Field("recipients", MapOf(NAME, RECIPIENT), "who else gets its items")
FUNCTION = Record(
    "a function",
    (
        TITLE, GIVES, BASIS, STARTS, CHOICE, CONSTRAINTS, FUNCTION_NEEDS, REQUIRES, EITHER, OPTIONAL,
        WHEN_USED, HOLDS, PURPOSES, ON_REFUSAL, NEVER, RECIPIENTS, *COMMON,
    ),
)  # fmt: skip

# The rest of a policy.
SWITCH_FUNCTIONS = Field("functions", ListOf(NAME), "the functions whose streams it stops", must=True)
SWITCH_DEFAULT = Field("default", Truth("on", "off"), "its state before anyone touches it", must=True)
SWITCH_SCOPE = Field("scope", Choice(Scope), "whom it speaks for", must=True)
SWITCH_ITEMS = Field("items", ListOf(ITEM_NAMES), "it stops these items of them and nothing else")
SWITCH_VERBS = Field("verbs", ListOf(Choice(Verb)), "it stops what is done so and nothing else")
SWITCH = Record(
    "a switch",
    (TITLE, SWITCH_FUNCTIONS, SWITCH_ITEMS, SWITCH_VERBS, SWITCH_DEFAULT, SWITCH_SCOPE, *COMMON),
)

VERBS = {each.value: each for each in Verb}
GROUND_NAME = Field("ground", Choice(Ground), "the ground, on which a document must rest", must=True)
GROUND = Record("a ground", (GROUND_NAME, *COMMON), head=GROUND_NAME)

STORED_REGION = Field("region", _REGION, "the only place where data lies", must=True)
STORED_IN_ONE = Record("a storage place", (STORED_REGION, *COMMON), head=STORED_REGION)

MINIMUM_AGE = Field("minimum_age", Whole(1, 120), "younger people are refused", must=True)
FOUND_MINOR = Field("found_minor", Choice(FoundMinor), "what happens to a minor's data once known", must=True)
AUDIENCE_ONE = Record("an audience", (MINIMUM_AGE, FOUND_MINOR, *COMMON))

SHOWN_FIRST = Field(
    "shown_first", Truth(), "'true': agreeing counts only after the text was shown", must=True
)
ACCEPTANCE_ONE = Record("an acceptance", (SHOWN_FIRST, *COMMON))

AFTER = Field("after", Choice(Moment), "the event that starts the clock", must=True)
THEN = Field("then", Choice(Outcome), "what happens at the end", must=True)
KEEP = Field("keep", Periods(), "how long after the event; absent: no longer than it takes")
RETAIN = Record("a retention", (AFTER, THEN, KEEP, *COMMON))

BY = Field("by", ListOf(Choice(Channel)), "the channels through which it is reached", must=True)
WITHIN = Field("within", Days(), "by when it is answered")
FROM = Field("from", Choice(Moment), "the event that starts the clock; 'received' where absent")
IRREVERSIBLE = Field("irreversible", Truth(), "'true': it cannot be undone, and the person is told so first")
PATH = Field("path", SAID, "where it stands in the app, by language")
PARTS = Field("parts", ListOf(Choice(Part)), "what it covers")
WAYS = Field("ways", ListOf(Choice(Way)), "how it is used")
EFFECTS = Field("effects", ListOf(Choice(Consequence)), "what follows")
PROOFS = Field("proofs", ListOf(Choice(Proof)), "what is shown first")
OPENS = Field("opens", ListOf(Choice(Right)), "other rights that it opens")
LOCKED = Field("locked", ListOf(ITEM_NAMES), "items that only staff change, after the proof")
RIGHT = Record(
    "a right", (BY, WITHIN, FROM, IRREVERSIBLE, PATH, PARTS, WAYS, EFFECTS, PROOFS, OPENS, LOCKED, *COMMON)
)

EVIDENCE = Field("evidence", SAID, "what the maker attaches to show it, by language", must=True)
ATTEST = Record("an attested clause", (EVIDENCE, *COMMON))

CONTROLLER_FIELDS: tuple[Field[Any], ...] = (
    Field("name", Text(200), "its registered name", must=True),
    Field("address", Text(300), "its registered address"),
    Field("email", statement_grammar.CONTACTS["email"], "where to write"),
    Field("phone", statement_grammar.CONTACTS["phone"], "where to call"),
    Field("web", statement_grammar.CONTACTS["web"], "where to read"),
)

NAME_OF_POLICY = Field("policy", POLICY_NAME, "the policy's name", must=True)
VERSION = Field("version", Whole(1, 100_000), "its version, counted up", must=True)
PUBLISHED = Field("published", Day(), "when it was published", must=True)
EFFECTIVE = Field("effective", Day(), "since when it binds", must=True)
LANGUAGES = Field("languages", ListOf(Choice(Language)), "languages of the published text", must=True)
CONTROLLER = Field(
    "controller",
    Record("a controller", (*CONTROLLER_FIELDS, *statement_grammar.CONTROLLER, *COMMON)),
    "who decides why and how",
    must=True,
)
STORED_IN = Field("stored_in", ListOf(STORED_IN_ONE, or_one=True), "where data lies")
ACCEPTANCE = Field("acceptance", ACCEPTANCE_ONE, "nothing runs before the text was agreed to")
AUDIENCE = Field("audience", AUDIENCE_ONE, "who may be a subject")
FUNCTIONS = Field("functions", MapOf(NAME, FUNCTION), "what the person gets, and what it takes", must=True)
ALL_PURPOSES = Field("purposes", MapOf(NAME, PURPOSE), "purposes that stand in every function")
EVERYWHERE = Record(
    "a recipient of every function",
    (
        RECIPIENT_PURPOSE, RECIPIENT_KIND, RECIPIENT_TITLE, RECIPIENT_SCOPE, RECIPIENT_LINK, *COMMON,
    ),
)  # fmt: skip
ALL_RECIPIENTS = Field(
    "recipients", MapOf(NAME, EVERYWHERE), "recipients that stand in every function, for any of its items"
)
SWITCHES = Field("switches", MapOf(NAME, SWITCH), "on and off, by the person or for a device")
RETENTION = Field("retention", ListOf(RETAIN), "how long, from when, and what then")
EXEMPT = Field("exempt", MapOf(Choice(Verb), ListOf(GROUND)), "grounds that stand in for consent, by verb")
DUTIES = Field("duties", MapOf(Choice(Verb), ListOf(GROUND)), "legal duties that open a verb")
RIGHTS = Field("rights", MapOf(Choice(Right), RIGHT), "what the person may ask for")
ATTESTED = Field("attested", MapOf(NAME, ATTEST), "what lies outside software, with its evidence")
STATEMENTS = {each.key: each.field for each in statement_grammar.SECTIONS}
POLICY = Record(
    "a policy",
    (
        NAME_OF_POLICY, VERSION, PUBLISHED, EFFECTIVE, TITLE, LANGUAGES, CONTROLLER, STORED_IN, ACCEPTANCE,
        AUDIENCE, FUNCTIONS, ALL_PURPOSES, ALL_RECIPIENTS,
        SWITCHES, RETENTION, EXEMPT, DUTIES, RIGHTS, ATTESTED,
        *STATEMENTS.values(),
    ),
)  # fmt: skip
