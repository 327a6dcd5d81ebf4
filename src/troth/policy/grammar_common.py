"""The pieces of the grammar that every part uses: what each clause may carry, texts, names and addresses."""

from __future__ import annotations

from troth.policy.kinds import Choice, Known, ListOf, MapOf, Pattern, Text
from troth.policy.records import Field, Record
from troth.policy.vocabulary import NAME, VOCABULARY
from troth.policy.words import Language, Mod, Strength

_PROMISE = Pattern("the id of a promise, such as sunmi-camera.fn.bind", r"[a-z][a-z0-9-]*(\.[a-z0-9_]+)+")
_DECISION = Pattern("the id of a contradiction, gap or law, such as S12", r"[A-Za-z][A-Za-z0-9._-]{1,79}")
_RULE = Pattern("the name of a rule, such as basis_closed_list", r"[a-z][a-z_]{1,39}")
email = Pattern("an e-mail address", r"[^@\s]{1,64}@[^@\s]{1,190}")
phone = Pattern("a telephone number", r"\+?[0-9][0-9 -]{3,30}")
url = Pattern("a web address", r"(https?://)?[A-Za-z0-9.-]+\.[a-z]{2,}(/[!-~]*)?")
ITEM_NAMES = Known("an item", frozenset(VOCABULARY))
NEW_NAME = NAME

# What every clause may carry.
PROMISES = Field("promises", ListOf(_PROMISE), "the promises of the published text that this clause carries")
STATED = Field("stated", Text(), "what the text says, where we enforce something stricter")
DECIDED_BY = Field("decided_by", ListOf(_DECISION, or_one=True), "the contradiction, gap or law that decided")
MOD = Field("mod", Choice(Mod), "the force of the clause in the text")
STRENGTH = Field("strength", Choice(Strength), "how firmly the text binds itself")
LANG = Field("lang", Choice(Language), "the one language version that has this clause")
WAIVE = Field("waive", MapOf(_RULE, Text()), "rules whose finding is accepted here, each with the reason")
COMMON = (PROMISES, STATED, DECIDED_BY, MOD, STRENGTH, LANG, WAIVE)

# A text for people, in each language.
SAYINGS = {each: Field(each.value, Text(), f"the text in {each.value}") for each in Language}
SAID = Record("a text", tuple(SAYINGS.values()))
TITLE = Field("title", SAID, "its name for people, by language", must=True)
