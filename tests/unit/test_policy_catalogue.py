"""Every structured field of the catalogue of promises against the compiled clause that carries the promise."""

# ruff: noqa: E501 - tables of the catalogue's own words
from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.unit.promise_catalogue import FILES, entries, folder, norms
from troth.app import policies
from troth.policy.clauses import (
    AudienceClause,
    Clause,
    ExemptClause,
    FunctionClause,
    ItemClause,
    RecipientClause,
    RightClause,
    SwitchClause,
)
from troth.policy.promises import carried, decided
from troth.policy.statements import (
    CaseClause,
    ChangeClause,
    ContactClause,
    ControllerClause,
    DatesClause,
    DeadlineClause,
    DefinitionClause,
    DeleteGroundClause,
    HoldClause,
    LawClause,
    MajorChangeClause,
    MinorClause,
    PermissionClause,
    PrinciplesClause,
    ProtectionClause,
    PublicNoticeClause,
    RefuseGroundClause,
    RequestClause,
    ScopeClause,
    TrackerClause,
)
from troth.policy.vocabulary import VOCABULARY, Sensitivity

pytestmark = pytest.mark.skipif(folder() is None, reason="no catalogue beside the repository")

NORMS = norms()
COMPILED = {name: policies.compiled(name) for name in FILES}
EVERY = [(name, entry) for name in FILES for entry in entries(name)]
PROMISES = [(name, entry) for name, entry in EVERY if entry["mod"] != "gap"]
GAPS = [(name, entry) for name, entry in EVERY if entry["mod"] == "gap"]
TELLS = {"id", "where", "src", "text", "testable", "cap", "section", "default"}


@dataclass
class Case:
    """One promise with the clauses that carry it."""

    policy: str
    entry: dict

    @property
    def compiled(self):
        return COMPILED[self.policy]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return carried(self.compiled.policy)[self.entry["id"]]

    def of(self, *kinds):
        return [each for each in self.clauses if isinstance(each, kinds)]

    def one(self, *kinds):
        found = self.of(*kinds)
        assert found, f"no {kinds} carries {self.entry['id']}"
        return found[0]

    @property
    def table(self):
        return self.compiled.functions[self.one(FunctionClause).function]


def slug(text) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(text).lower()).strip("_")


def words(text) -> set[str]:
    return set(slug(text).split("_"))


# Words of the catalogue where ours differ. One word for one thing is enough in a policy.
CHANNELS = {"mail": "email", "telephone": "phone", "push notification": "push", "special tip on page": "page_tip",
            "individual delivery": "individual", "SMS": "sms", "pop-up": "pop_up", "phone call": "phone",
            "system message": "push", "KME Smart websites": "web"}  # fmt: skip
EVENTS = {"question received": "received", "request received": "received", "access request": "received", "request": "received",
          "identity verified": "identity_verified", "application": "applied", "checked": "checked"}  # fmt: skip
CONDITIONS = {"on-site verification": "on_site_verification", "national rules": "national_rules"}
UNREASONABLE = {"unnecessarily repeated": "repeated", "very impractical (e.g. backup tapes)": "impractical",
                "repeated for no reason": "repeated", "unreasonably repeated": "repeated",
                "too many technical means": "excessive_means", "excessive technical means": "excessive_means",
                "very unrealistic": "impractical", "highly impractical": "impractical"}  # fmt: skip
REGULATORS = {"cyberspace": "cybersecurity", "industry and commerce": "market_regulation"}
PARTS = {"measures taken or planned": "measures"}
PAGES = {"personal data": "basic", "change password": "password", "close account": "account_closure"}
CONTENT = {"personal basic data": "basic", "personal identity information": "identity"}
PRINCIPLES = {"权责一致": "rights_and_duties", "目的明确": "clear_purpose", "选择同意": "consent", "最少够用": "least_sufficient",
              "确保安全": "security", "主体参与": "participation", "公开透明": "openness"}  # fmt: skip
CONSTRAINTS = {
    "faces of Shot Targets may be recorded; the user bears the duty to them (disclaimer annex)": "duty_to_people_filmed",
    "vendor may not collect, use or share stored video": "closed_to_maker",
    "profile covers camera users only, not Shot Targets": "users_only",
    "data items named under operate/register": "data_of_other_functions",
    "according to the specific permissions granted": "permissions_granted",
    "not used to identify any specific individual": "identify_nobody",
    "sharing only with consent": "shared_only_with_consent",
    "user is asked to handle with care": "care_asked_for",
    "opt out by not clicking or unsubscribing": "avoided_by_not_clicking",
    "microphone permission can be disabled to opt out": "permissions_granted",
    "items not itemised by the seed: only what the user picks": "only_what_is_picked",
    "data of people other than the user": "data_of_others",
}
SWITCHED = "user-controlled setting"
REMARKS = {
    "items not itemised",
    "list missing in the seed",
}  # gaps of the text, decided by clauses of their own
ALIASES = {"account": "register"}  # what our doors call it
UNITS = {"business_days": "working_days"}
GROUNDS = {"legal": "criminal", "lifesaving": "life", "legal_duty": "duty"}
GROUPS = {"affiliates, partners (e.g. device agents)": {"affiliate", "partner", "agents"}}
NO_ENTITY = " (no legal entity given)"
WAYS = {"turn off device functions": "turn_off_device_functions", "delete data": "delete_information",
        "disable feature": "turn_off_device_functions", "privacy settings": "privacy_page"}  # fmt: skip
MAJOR = {"handling": "model", "sharing": "objects"}
CALLED_FOR = {"login": {"login"}, "sharing": {"share_wechat"}, "payment": {"purchase"},
              "push": {"push", "push_of_phone_maker"}}  # fmt: skip
SENSITIVE = {
    "video: inferred": {"cloud_video"}, "mobile number declared sensitive (L42/L331)": {"phone_number"},
    "app list, base station: inferred": {"app_list", "base_station"}, "inferred": {"geolocation"},
    "audio/video: inferred": {"audio_video_info"},
    "ID number and bank card: sensitive": {"id_number", "bank_card_number"}, "images: inferred": {"ml_images"},
    "declared sensitive by the clause": {"mailing_address", "contact_info", "bank_account", "real_name"},
    "fingerprint and ID card treated as sensitive (separate explicit consent)": {"fingerprint", "id_number"},
    "real-name authentication treated as sensitive": {"real_person_check"},
    "voice: treated as sensitive": {"intercom_audio"},
    "images of people: treated as sensitive": {"camera_screenshot"},
    "location: inferred": {"geolocation"}, "height and weight: inferred health data": {"height", "weight"},
    "may hold customers' data: inferred": {"print_info", "print_business_data"},
    "health data: inferred": {"sensor_data", "sleep_pattern", "movement_data"},
}  # fmt: skip
NEEDS = {"required", "optional", "when_used"}
DEFAULTS = {"service_unavailable", "function_unavailable", "no_effect"}


def channels(case: Case, told) -> list[str]:
    """The catalogue names a channel, gives a number, which the contacts know, or ways into a product."""
    if case.of(ScopeClause):
        assert {slug(each) for each in told} == {slug(each) for each in case.one(ScopeClause).products}
        return []
    known = {each.value: each.name for each in case.compiled.all(ContactClause)}
    return [known.get(each) or CHANNELS.get(each, slug(each)) for each in told]


def items(case: Case, told) -> None:
    needs = {each["item"]: "either" if "either" in each.get("note", "") else each["need"] for each in told}
    stated = {item if item in VOCABULARY else NORMS[item]: need for item, need in needs.items()}
    name = case.entry["id"].split(".")[-1]
    if case.of(FunctionClause) and case.of(FunctionClause)[0].function == ALIASES.get(name, name):
        # Besides the catalogue's items only such as say that they come from elsewhere.
        ours = {each.item: each for each in case.table.items.values()}
        extra = set(ours) - set(stated)
        assert all(ours[each].stated or ours[each].decided_by for each in extra), extra
        if not stated:
            return
        same_needs(ours, stated)
    elif case.of(DefinitionClause):
        assert set(case.one(DefinitionClause).items) == set(stated)
    elif case.of(PermissionClause, TrackerClause, ProtectionClause, CaseClause):
        assert set(case.one(PermissionClause, TrackerClause, ProtectionClause, CaseClause).items) == set(
            stated
        )
    else:
        same_needs({each.item: each for each in case.of(ItemClause)}, stated)


def same_needs(ours, stated) -> None:
    assert set(stated) <= set(ours)
    for item, need in stated.items():
        clause = ours[item]
        says = clause.stated if clause.stated in NEEDS | {"unstated"} else clause.need.value
        assert says == need, (item, says, need)
        assert clause.decided_by or clause.stated is None, item


def choice(case: Case, told) -> None:
    clause = case.one(FunctionClause)
    assert clause.choice == told
    if told == "opt_in":
        assert case.table.waits
    if told == "opt_out":
        assert clause.basis.value in {"consent", "separate_consent"}
    if told == "default_on":
        assert case.table.switches or case.table.stops


def refusal(case: Case, told) -> None:
    clause = case.table.refusal
    says = clause.stated if clause.stated in DEFAULTS | {"not_stated"} else clause.effect
    assert says == told["effect"]


def purposes(case: Case, told) -> None:
    """Each stated purpose has a purpose of ours, by the words of its name or of the aim that it serves."""
    if case.of(TrackerClause):
        assert len(case.one(TrackerClause).uses) == len(told)
        return
    if case.of(FunctionClause):
        clauses = case.table.purposes.values()
        names = [words(each.purpose) for each in clauses] + [
            words(each.serves) for each in clauses if each.serves
        ]
    else:
        names = [words(each.name) for each in case.clauses if hasattr(each, "name")]
    given = [words(each.purpose) for each in case.of(RecipientClause)]
    for each in told:
        theirs = words(each)
        assert any(
            name <= theirs | {w + "s" for w in theirs} | {w.rstrip("s") for w in theirs} for name in names
        ) or any(theirs <= name for name in given), (each, names)


def sdk(case: Case, told) -> None:
    """One party may stand in several clauses, each for one purpose; together they get the items."""
    clauses = case.of(RecipientClause)
    if "functions" in told:  # a text without items and addresses: ours stand where the gap says so
        assert {c.function for c in clauses} <= set().union(*(CALLED_FOR[each] for each in told["functions"]))
        assert all(any(CALLED_FOR[each] & {c.function for c in clauses}) for each in told["functions"])
        assert told["name"] in {clause.title["en"] for clause in clauses}
        assert all(c.link and c.scope and c.items and c.stated and "K05" in c.decided_by for c in clauses)
        return
    for clause in clauses:
        assert dict(clause.title) == told["name"]
        assert clause.link == told["link"]
        assert clause.scope
        assert clause.kind == "sdk"
    assert {item for clause in clauses for item in clause.items} == {each["item"] for each in told["items"]}
    shown = {item: lang for clause in clauses for item, lang in clause.only_if_shown.items()}
    assert {each["item"]: "zh" for each in told["items"] if each.get("note") == "zh only"} == shown


def permission(case: Case, told) -> None:
    clause = case.one(PermissionClause)
    assert (clause.number, clause.title["en"], clause.android) == (
        told.get("n"), told["en"], told["android_hint"]
    )  # fmt: skip
    assert clause.title["zh"] == told.get("zh", clause.title["zh"])


def ground(case: Case, told) -> None:
    told = GROUNDS.get(told, told)
    if case.of(ExemptClause):
        listed = {"collect": {"collect", "use"}, "share": {"share", "disclose"}}
        part = case.entry["id"].split(".")[2]
        part = "collect" if len(part) == 1 else part  # a list that is lettered is about collecting alone
        verbs = listed.get(part, {"collect", "use", "share", "disclose"})
        assert {each.verb.value for each in case.clauses} == verbs
        assert {(verb, told) for verb in verbs} <= {(each.verb.value, each.ground) for each in case.clauses}
    else:
        assert told in {each.name for each in case.of(DeleteGroundClause, RefuseGroundClause)}


def deadline(case: Case, told) -> None:
    found = {
        (each.within.value, each.within.unit.value, each.counted_from, each.strength)
        for each in case.of(DeadlineClause)
    } | {
        (each.deadline_days, "days", each.counted_from, each.strength)
        for each in case.of(RightClause)
        if each.deadline_days
    }
    unit = UNITS.get(told["unit"], told["unit"])
    assert (told["value"], unit, EVENTS[told["starts"]], told.get("strength")) in found


def age(case: Case, told) -> None:
    if str(told).startswith("<"):
        rule = case.one(MinorClause)
        assert (rule.age, bool(rule.inclusive)) == (int(told.lstrip("<=")), told.startswith("<="))
    elif case.of(AudienceClause):
        assert case.one(AudienceClause).minimum_age == told
    else:
        rule = case.one(MinorClause)
        assert (rule.age, rule.inclusive) == (told, None)


def same_lang(case: Case, told) -> None:
    """A promise of one language binds in that one, or in both by a decision that is named."""
    if told in {"en", "zh"}:
        diffs = set(case.entry["diff"].split(", "))
        assert all(
            each.lang == told or diffs & set((each.decided_by or "").split(", ")) for each in case.clauses
        )
    else:
        assert any(each.lang is None for each in case.clauses)


def by_controller(key):
    def same(case: Case, told) -> None:
        value = getattr(case.one(ControllerClause), key)
        assert dict(value) == told if isinstance(told, dict) else value == told

    return same


def plain_controller(key):
    def same(case: Case, told) -> None:
        if isinstance(told, dict):
            by_controller({"name": "legal_name", "address": "postal_address"}[key])(case, told)
        elif " / " in str(told):
            assert case.one(ControllerClause).legal_name["en"] == told
            assert case.compiled.policy.controller[key] in told.split(" / ")
        elif str(told).endswith(NO_ENTITY):
            assert case.compiled.policy.controller[key] + NO_ENTITY == told
            assert case.one(ControllerClause).brand_only
        else:
            assert case.compiled.policy.controller[key] == told

    return same


def contact(case: Case, told) -> None:
    assert case.one(ContactClause, PublicNoticeClause).__getattribute__(
        "value" if case.of(ContactClause) else "phone"
    ) == str(told)


def some(kinds, attribute, rename=None, *, exact=True):
    """The field of the first clause of these kinds, as a set of words."""

    def same(case: Case, told) -> None:
        told = told if isinstance(told, list) else [told]
        theirs = {(rename or {}).get(each, slug(each)) for each in told}
        ours = set(getattr(case.one(*kinds), attribute))
        assert ours == theirs if exact else theirs <= ours, (ours, theirs)

    return same


def channel(case: Case, told) -> None:
    told = told if isinstance(told, list) else [told]
    theirs = set(channels(case, [re.sub(r"^我要反馈.*", "feedback", each) for each in told]))
    assert any(theirs <= set(getattr(each, "by", ())) for each in case.clauses), theirs


def dates(key):
    def same(case: Case, told) -> None:
        assert getattr(case.one(DatesClause), key) == str(told)

    return same


def constraints(case: Case, told) -> None:
    if SWITCHED in told:
        assert case.table.switches
    limits = set(told) - REMARKS - {SWITCHED}
    assert set(case.one(FunctionClause).constraints) == {CONSTRAINTS[each] for each in limits}


def path(case: Case, told) -> None:
    if isinstance(told, list):
        assert all(any(each in clause.path["en"] for clause in case.of(RightClause)) for each in told)
        return
    paths = [dict(each.path) for each in case.of(RightClause)]
    assert told in [each if isinstance(told, dict) else each.get("en") for each in paths]


def sensitivity(case: Case, told) -> None:
    items = SENSITIVE[told]
    assert items <= set(case.table.items)
    assert all(VOCABULARY[each].sensitivity is Sensitivity.SENSITIVE for each in items)


def annex(case: Case, told) -> None:
    """What the text only announces stands in the way until it is there."""
    assert told is False
    needs = {getattr(each, "need", None) for each in case.clauses} | {
        need for each in case.of(CaseClause) for need in each.needs
    }
    assert needs & {"filming_notice", "full_entry"}


def gives(case: Case, told) -> None:
    assert told
    assert set(case.one(FunctionClause).gives) == {"en", "zh"}


def diff(case: Case, told) -> None:
    """The contradiction between the languages is named by the clause that settles it."""
    settled = {what for each in case.clauses for what in (each.decided_by or "").split(", ")}
    if case.of(FunctionClause):
        settled |= {
            what
            for each in (*case.table.items.values(), case.table.refusal, *case.table.recipients.values())
            for what in (each.decided_by or "").split(", ")
        }
    assert set(told.split(", ")) <= settled


def receiver(case: Case, told) -> None:
    """Either a kind of others in a case, or named parties in the functions that give them something."""
    if case.of(CaseClause) and told in GROUPS:
        assert {to for each in case.of(CaseClause) for to in each.to} == GROUPS[told]
        return
    if case.of(RecipientClause):
        names = {clause.title["en"].lower() for clause in case.of(RecipientClause)}
        parts = (
            {told.lower()}
            if told.lower() in names
            else {each.lower() for each in re.split(r", | and ", told)}
        )
        assert len(names) >= len(parts)
        assert parts <= names or not names & parts, (parts, names)
        return
    some((CaseClause,), "to", {"supplier / service provider / partner": "partner"})(case, told)


def handed_over(case: Case, told) -> None:
    """What a party gets, from the clauses that name it; a case may name items as well."""
    clauses = case.of(RecipientClause)
    if not clauses:
        some((CaseClause,), "items")(case, told)
    for clause in clauses:
        assert set(clause.items) == set(told)


def purpose(case: Case, told) -> None:
    """A case says its purpose in both languages; a party serves a purpose of the function."""
    assert told
    if case.of(RecipientClause):
        for clause in case.of(RecipientClause):
            assert clause.purpose in case.compiled.functions[clause.function].purposes
    else:
        assert set(case.one(CaseClause).purpose) == {"en", "zh"}


def names_of_recipients(case: Case, told) -> None:
    titles = {clause.title["en"] for clause in case.table.recipients.values() if clause.title}
    assert set(told) <= titles


def period(case: Case, told) -> None:
    hold = case.one(HoldClause)
    assert (hold.keep.value, hold.keep.unit.value, hold.bound) == (told["value"], told["unit"], told["bound"])
    assert hold.counted_from == slug(told["starts"].removesuffix(" (proposed)"))


def laws(case: Case, told) -> None:
    assert {clause.title["en"] for clause in case.of(LawClause)} == set(told)


def toggle(case: Case, told) -> None:
    (switch,) = case.of(SwitchClause)
    assert (switch.title["en"].lower(), switch.scope.value) == (told, "device")


def default(case: Case, told) -> None:
    """As the text has it; where something waits to be chosen besides, a decision says so."""
    (switch,) = case.of(SwitchClause)
    assert switch.default_on is (told == "on")
    if any(case.compiled.functions[each].waits for each in switch.functions):
        assert "sunmi-rules.gap.default_on" in switch.decided_by


def setting(case: Case, told) -> None:
    """A setting is a switch of that name, or stands where the right to set it says."""
    named = {each.title["en"] for each in case.of(SwitchClause)} | {
        path for each in case.of(RightClause) for path in each.path.values()
    }
    assert told in named


def operations(case: Case, told) -> None:
    """Each operation has a switch of its own, over all functions alike."""
    verbs = {"collection": {"collect"}, "use": {"use"}, "disclosure": {"share", "disclose"}}
    switches = case.of(SwitchClause)
    assert {frozenset(map(str, each.verbs)) for each in switches} == {frozenset(verbs[each]) for each in told}
    assert len({each.functions for each in switches}) == 1


def whole_list(case: Case, told) -> None:
    assert told is False
    assert all("gap.purposes" in each.decided_by for each in case.clauses)


def role(case: Case, told) -> None:
    assert case.one(ContactClause).reaches == slug(told)


def examples_only(case: Case, told) -> None:
    assert told in {clause.stated for clause in case.of(CaseClause)}


def mod(case: Case, told) -> None:
    """The force of the text: a promise of ours is never weaker. Facts, disclaimers and duties have none."""
    if told in {"must", "must_not"}:
        assert any(each.mod != "may" for each in case.clauses)
    if told == "may":
        assert case.clauses


FIELDS = {
    "value": plain_controller("name"), "address": plain_controller("address"),
    "includes_affiliates": by_controller("includes_affiliates"),
    "platform": lambda case, told: list(case.one(ControllerClause).platform) == told or pytest.fail(str(told)),
    "products": lambda case, told: list(case.one(ScopeClause).products) == told or pytest.fail(str(told)),
    "updated": dates("updated"), "effective": dates("effective"),
    "phone": contact, "email": contact, "url": contact,
    "deadline": deadline, "principles": some((PrinciplesClause,), "names", PRINCIPLES),
    "items": items, "purposes": purposes, "gives": gives, "choice": choice, "refusal": refusal,
    "constraints": constraints, "sensitivity": sensitivity, "annex_present": annex, "permission": permission,
    "techs": some((TrackerClause,), "techs"), "link": lambda case, told: case.one(TrackerClause).link == told,
    "sdk": sdk, "recipient": receiver, "recipients": names_of_recipients, "purpose": purpose,
    "data": handed_over, "completeness": examples_only, "setting": setting, "toggle": toggle, "default": default, "operations": operations, "complete": whole_list, "role": role, "laws": laws, "period": period, "documents": some((CaseClause,), "documents"),
    "conditions": some((CaseClause,), "needs", CONDITIONS), "ground": ground,
    "grounds": some((RequestClause,), "grounds", UNREASONABLE), "regulators": some((RequestClause,), "regulators", REGULATORS),
    "parts": some((Clause,), "parts", PARTS),
    "channels": channel, "channel": channel, "kinds": some((RightClause,), "parts"),
    "content": some((RightClause,), "parts", CONTENT),
    "ways": some((RightClause,), "ways", WAYS),
    "path": path, "pages": some((RightClause,), "parts", PAGES, exact=False), "age": age, "major": lambda case, told: MAJOR.get(told, told) in {each.name for each in case.of(MajorChangeClause)},
    "triggers": some((ChangeClause,), "shown_at", {"login": "sign_in", "version update": "update"}),
    "lang": same_lang, "diff": diff, "mod": mod,
}  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "entry"), PROMISES, ids=lambda each: each["id"] if isinstance(each, dict) else ""
)
def test_a_promise_is_carried_and_its_fields_are_equal(policy, entry):
    case = Case(policy, entry)
    assert entry["id"] in carried(case.compiled.policy)
    for key in sorted(set(entry) - TELLS):
        assert FIELDS[key](case, entry[key]) in {None, True}, key


@pytest.mark.parametrize(
    ("policy", "entry"), GAPS, ids=lambda each: each["id"] if isinstance(each, dict) else ""
)
def test_a_gap_is_decided_by_a_clause_that_says_so(policy, entry):
    assert decided(COMPILED[policy].policy)[entry["id"]]


def test_no_clause_carries_a_promise_that_the_catalogue_does_not_have():
    known = {entry["id"] for _, entry in EVERY}
    for compiled in COMPILED.values():
        assert set(carried(compiled.policy)) <= known


def test_each_policy_has_all_its_promises():
    assert {name: sum(policy == name for policy, _ in PROMISES) for name in FILES} == {
        "sunmi-camera": 97, "kaiconn": 214, "kamoer": 139, "kmuun": 104, "kme-smart": 39, "sunmi-rules": 38,
        "sunmi-device": 67,
    }  # fmt: skip
