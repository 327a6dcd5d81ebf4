"""Values as people read them: every field and listed word of every form has words in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from troth.edges.web import values
from troth.edges.web.words import LANGUAGES, Words, catalogue
from troth.policy.forms import FORMS
from troth.policy.shapes import Is, Shape
from troth.policy.vocabulary import VOCABULARY, Counts

EN, ZH = Words("en"), Words("zh")
ONE, OTHER = str(UUID(int=1)), str(UUID(int=2))
SHAPES = [
    (form.name, name, shape) for form in FORMS.values() for name, shape in {**form.must, **form.may}.items()
]


def leaf(shape: Shape) -> Shape:
    return leaf(shape.of) if shape.of else shape


@pytest.mark.parametrize("group", ["field", "word"])
def test_every_field_and_listed_word_of_every_form_is_said_in_both_languages(group: str) -> None:
    fields = {name for _, name, _ in SHAPES}
    listed = {word for _, _, shape in SHAPES if leaf(shape).kind is Is.ONE_OF for word in leaf(shape).words}
    wanted = {"field": fields, "word": listed | {"yes", "no"}}[group]
    assert {f"{group}.{name}" for name in wanted} <= catalogue().keys()
    names = {f"{form}.{name}" for form, name, _ in SHAPES} | {
        f"{form}.{word}" for form in FORMS for word in listed
    }
    known = {key.partition(".")[2] for key in catalogue() if key.startswith(f"{group}.")}
    assert known <= wanted | names  # nothing is said that no form has


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_counted_or_measured_has_a_word(language: str) -> None:
    t = Words(language)
    for counts in Counts:
        assert t.counted(counts.value, 1) != t.counted(counts.value, 2) or language == "zh"
    units = {leaf(shape).unit for _, _, shape in SHAPES} - {None}
    assert {f"unit.{unit}" for unit in units} <= catalogue().keys()


@pytest.mark.parametrize(
    ("item", "value", "en", "zh"),
    [
        ("store_name", {"value": "Out"}, "Out", "Out"),
        ("business_hours", {"opens": "09:00", "closes": "21:00"},
         "Opens: 09:00, closes: 21:00", "开门：09:00，关门：21:00"),
        ("line_crossing", {"direction": "in", "count": 2, "zone": "door"},
         "Direction: in, people: 2, place: door", "方向：进，人数：2，区域：门口"),
        ("motion_event", {"zone": "Till"}, "till", "收银台"),
        ("motion_event", {"zone": "under the stairs"}, "under the stairs", "under the stairs"),
        ("motion_event", {"zone": "till", "device": ONE},
         "Place: till, device: Camera 1", "区域：收银台，设备：Camera 1"),
        ("store_transactions", {"amount": -48, "currency": "CNY", "act": "void", "undoes": "A:1"},
         "Amount: -\u2060CN¥48.00, what was done: sale cancelled, number of the sale undone: A:1",
         "金额：-\u2060¥48.00，操作：撤销，原交易的小票单号：A:1"),
        ("till_presence", {"behind": 1, "before": 0, "seconds": 90.0},
         "People behind the till: 1, people before the till: 0, lasted: 1 min 30 sec",
         "收银台后人数：1，收银台前人数：0，时长：1分钟 30秒"),
        ("sms_content", {"direction": "in", "at": "2026-03-02T04:05:00Z"},
         "Direction: received, time: Mar 2, 2026 12:05\u202fPM", "方向：收到，时间：2026年3月2日 12:05"),
        ("device_serial", {ONE: "SS-10", OTHER: "SS-11"}, "SS-10, SS-11", "SS-10、SS-11"),
        ("education", {"level": "master"}, "master", "硕士"),
        ("nobody_knows", {"some_thing": [True, None, 1234.5], "x": "y"},
         "Some thing: yes, nothing, 1,234.5, sideways: y", "Some thing：是、无、1,234.5，横向：y"),
    ],
)  # fmt: skip
def test_a_value_reads_in_both_languages(item: str, value: dict[str, object], en: str, zh: str) -> None:
    names = {ONE: "Camera 1"}
    assert (values.told(EN, item, value, names), values.told(ZH, item, value, names)) == (en, zh)


def test_one_entry_may_tell_of_several_people() -> None:
    crossing, presence = VOCABULARY["line_crossing"], VOCABULARY["till_presence"]
    assert [crossing.many(value) for value in ({"count": 5}, {}, {"count": True})] == [5, 1, 1]
    assert presence.many({"count": 5}) == 1
    assert (values.counted(ZH, "line_crossing", 51), values.counted(ZH, "till_presence", 8)) == (
        "51 人",
        "8 条",
    )
    assert values.counted(EN, "store_transactions", 1) == "1 transaction"


def test_a_length_is_told_in_minutes_and_seconds() -> None:
    assert [EN.length(seconds) for seconds in (0, 59.4, 60, 95)] == [
        "0 sec",
        "59 sec",
        "1 min",
        "1 min 35 sec",
    ]
    assert ZH.length(95) == "1分钟 35秒"
    assert EN.moment(datetime(2026, 3, 2, 4, 5, tzinfo=UTC)).startswith("Mar 2, 2026 12:05")
