"""Forms of values: what fits and what does not, and that no field or word of a stranger's passes."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from timeit import timeit
from uuid import UUID

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from troth.policy import forms
from troth.policy.forms import Form
from troth.policy.problems import PolicyRejected
from troth.policy.shapes import Is, Shape
from troth.policy.values import VALUES
from troth.policy.vocabulary import VOCABULARY
from troth.terms import Reading

NOW = datetime(2026, 3, 2, 4, 5, 6, tzinfo=UTC)
ITEMS = sorted(VOCABULARY)
MADE = [item for item in ITEMS if VOCABULARY[item].form.name != "a_certificate"]
DEVICE = "6f1c2d3e-0000-4000-8000-000000000001"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
PLAIN = st.characters(categories=("L", "N", "P", "Zs"))


def text(shape: Shape) -> st.SearchStrategy:
    if shape.like is None:
        return st.text(PLAIN, min_size=1, max_size=min(shape.most, 50))
    some = st.from_regex(re.sub(r"\(\?![^)]*\)", "", shape.like), fullmatch=True, alphabet=ASCII)
    return some.filter(lambda t: 0 < len(t) <= shape.most and re.fullmatch(shape.like, t))


FITTING = {
    Is.TEXT: text,
    Is.PROSE: text,
    Is.ONE_OF: lambda shape: st.sampled_from(shape.words),
    Is.WHOLE: lambda shape: st.integers(shape.least, shape.most),
    Is.DECIMAL: lambda shape: st.integers(shape.least, shape.most) | st.floats(shape.least, shape.most),
    Is.YES_NO: lambda _shape: st.booleans(),
    Is.DAY: lambda _shape: st.dates().map(lambda day: day.isoformat()),
    Is.MOMENT: lambda _shape: st.datetimes().map(lambda at: at.replace(tzinfo=UTC).isoformat()),
    Is.IP: lambda _shape: st.ip_addresses().map(str),
    Is.LIST: lambda shape: st.lists(fitting(shape.of), max_size=min(shape.most, 4)),
}


def fitting(shape: Shape) -> st.SearchStrategy:
    """Values of a shape, made from what it says and not from how it is checked."""
    return FITTING[shape.kind](shape)


def values(item: str) -> st.SearchStrategy:
    form = VOCABULARY[item].form
    must = {name: fitting(shape) for name, shape in form.must.items()}
    may = {name: fitting(shape) for name, shape in form.may.items()}
    if form.by_device is not None:
        may[DEVICE] = fitting(form.by_device)
    return st.fixed_dictionaries(must, optional=may)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(MADE), st.data())
def test_what_has_the_form_fits_and_one_field_more_does_not(item, data):
    value = data.draw(values(item))
    assert VALUES.misfit(item, value) is None
    more = data.draw(st.text(max_size=12))
    assume(more not in {**VOCABULARY[item].form.must, **VOCABULARY[item].form.may})
    assert VALUES.misfit(item, {**value, more: data.draw(ANYTHING)}) is not None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([item for item in MADE if VOCABULARY[item].form.must]), st.data())
def test_what_lacks_a_field_does_not_fit(item, data):
    form = VOCABULARY[item].form
    value = data.draw(values(item))
    gone = data.draw(st.sampled_from(sorted(form.must)))
    found = VALUES.misfit(item, {key: part for key, part in value.items() if key != gone})
    assert found is not None
    assert found.field == gone


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([*MADE, "never_heard_of"]), st.data())
def test_many_fit_when_each_of_them_does(item, data):
    some = values(item) if item in VOCABULARY else ANYTHING
    sent = data.draw(st.lists(some, min_size=1, max_size=8))
    if data.draw(st.booleans()):
        sent = [
            {**sent[0]} if isinstance(sent[0], dict) else sent[0] for _ in range(8)
        ]  # alike in all fields
    spoilt = data.draw(st.integers(0, 2 * len(sent)))
    if spoilt < len(sent) and isinstance(sent[spoilt], dict) and sent[spoilt]:
        field = data.draw(st.sampled_from(sorted(sent[spoilt])))
        sent[spoilt] = data.draw(st.just(sent[spoilt] | {field: data.draw(ANYTHING)}) | ANYTHING)
    readings = [Reading(UUID(int=n), item, NOW, value) for n, value in enumerate(sent)]
    each = all(VALUES.misfit(item, value) is None for value in sent)
    event("all fit" if each else "not all fit")
    assert VALUES.fit(readings) == each


def test_a_truth_is_no_number_among_numbers():
    whole = Form("n", {"n": Shape(kind=Is.WHOLE, least=0, most=5)}, {})
    assert whole.fit([{"n": 1} for _ in range(8)])
    assert not whole.fit([*({"n": 1} for _ in range(8)), {"n": True}])
    assert not whole.fit([*({"n": 1} for _ in range(8)), {"m": 1}])


@given(st.sampled_from([*ITEMS, "never_heard_of"]), ANYTHING)
@settings(max_examples=200)
def test_anything_at_all_gets_an_answer_without_the_senders_words(item, value):
    found = VALUES.misfit(item, value)
    event("fits" if found is None else "does not fit")
    if found is not None:
        form = VOCABULARY[item].form if item in VOCABULARY else None
        assert found.field in {"", "each device", *(form.must if form else ()), *(form.may if form else ())}


CROSSING = {"direction": "in", "count": 2, "line": "door 1", "zone": "till"}


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("line_crossing", CROSSING | {"face": "x"}),
        ("line_crossing", CROSSING | {"direction": "up"}),
        ("line_crossing", CROSSING | {"direction": ["in"]}),
        ("line_crossing", CROSSING | {"count": True}),
        ("line_crossing", CROSSING | {"count": 1.0}),
        ("line_crossing", CROSSING | {"count": 0}),
        ("line_crossing", CROSSING | {"count": 10**9}),
        ("line_crossing", CROSSING | {"line": "call 13800138000"}),
        ("line_crossing", CROSSING | {"line": "owner@example.com"}),
        ("line_crossing", CROSSING | {"line": "x" * 41}),
        ("line_crossing", CROSSING | {"line": "two\nlines"}),
        ("line_crossing", CROSSING | {"line": {"nested": "x"}}),
        ("line_crossing", {}),
        ("line_crossing", None),
        ("line_crossing", "in"),
        ("line_crossing", [("direction", "in")]),
        ("phone_number", {"value": "13800138000"}),
        ("phone_number", {"value": "+8613800138000", "name": "Li"}),
        ("email_address", {"value": "a@b"}),
        ("password", {"value": "hunter2hunter2"}),
        ("password", {"argon2id": "hunter2hunter2"}),
        ("ip_address", {DEVICE: "13800138000"}),
        ("mac_address", {DEVICE: "not a mac"}),
        ("mac_address", {"owner": "02:00:5e:10:00:01"}),
        ("mac_address", {"": "02:00:5e:10:00:01"}),
        ("mac_address", {"value": "02:00:5e:10:00:01", DEVICE: "Li Lei"}),
        ("geolocation", {"latitude": 91, "longitude": 0}),
        ("geolocation", {"latitude": math.nan, "longitude": 0}),
        ("geolocation", {"latitude": 10**400, "longitude": 0}),
        ("birth_date", {"value": "2020-02-30"}),
        ("timestamp", {"value": "2020-02-20T25:00:00Z"}),
        ("timestamp", {"value": "2020-02-20T05:00:00"}),
        ("real_name", {"value": "half a \ud800 character"}),
        ("real_name", {"value": b"Li"}),
        ("business_hours", {"opens": "24:30", "closes": "25:00"}),
        ("app_list", {"apps": ["com.example.shop", "Li Lei"]}),
        ("face_template", {"value": "x"}),
    ],
)
def test_what_does_not_have_the_form_does_not_fit(item, value):
    assert VALUES.misfit(item, value) is not None
    assert VALUES.unfit({item: value}) == {item}


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ("line_crossing", CROSSING),
        ("line_crossing", {"direction": "out"}),
        ("motion_event", {}),
        ("geolocation", {"latitude": 31.2, "longitude": 121}),
        ("mac_address", {DEVICE: "02:00:5E:10:00:01"}),
        ("mac_address", {"value": "02:00:5E:10:00:01", DEVICE: "02-00-5E-10-00-01"}),
        ("ip_address", {DEVICE: "2001:db8::1"}),
        ("business_hours", {"opens": "00:00", "closes": "24:00"}),
        ("digital_certificate", {"value": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}),
    ],
)
def test_what_has_the_form_fits(item, value):
    assert VALUES.misfit(item, value) is None


def test_the_words_of_a_misfit_say_what_to_write():
    assert str(VALUES.misfit("line_crossing", CROSSING | {"count": 0})) == (
        "count: write whole number from 1 to 1000"
    )
    assert "Li Lei" not in str(VALUES.misfit("line_crossing", CROSSING | {"Li Lei": 1}))


def test_small_values_are_checked_quickly():
    times = 5_000
    taken = min(timeit(lambda: VALUES.misfit("line_crossing", CROSSING), number=times) for _ in range(5))
    assert times / taken > 100_000


@pytest.mark.parametrize(
    "text",
    [
        "shapes: {}",
        "shapes: {a: {is: text}}\nforms: {}",  # without bounds
        "shapes: {a: {is: whole, most: 3}}\nforms: {}",
        "shapes: {a: {is: text, most: 3, like: '('}}\nforms: {}",
        "shapes: {a: {is: list, most: 3, of: b}, b: {is: yes_no}}\nforms: {}",
        "shapes: {a: {is: yes_no, most: 3}}\nforms: {}",
        "shapes: {a: {is: yes_no}}\nforms: {f: {must: {x: b}}}",
        "shapes: {a: {is: yes_no}}\nforms: {f: {by_device: b}}",
        "shapes: {a: {is: yes_no}}\nforms: {f: {must: {x: a}, may: {x: a}}}",
        "shapes: {a: {is: yes_no}}\nforms: {f: {}}",
    ],
)
def test_a_file_of_forms_without_bounds_or_with_unknown_shapes_is_refused(text):
    with pytest.raises(PolicyRejected):
        forms.read(text, "forms.yaml")


def test_every_form_is_used():
    used = {item.form.name for item in VOCABULARY.values()} | {"letter"}
    assert set(forms.FORMS) == used


@given(st.binary(max_size=60))
def test_what_a_device_sends_is_answered_whatever_it_is(payload):
    try:
        value = json.loads(payload)
    except ValueError:
        return
    VALUES.misfit("line_crossing", value)
