"""The copy as a page to read: every line is in it, as text and nothing else, and its end says it is whole."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser

import pytest

from troth.edges.web.readable import Called, pieces
from troth.edges.web.words import LANGUAGES, Language, Words
from troth.terms import FunctionName

APART = {"profile", "bytes", "end"}
NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(2)></style>"
OURS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "h1",
    "h2",
    "h3",
    "p",
    "article",
    "footer",
    "strong",
}
OURS |= {"details", "summary", "pre", "img", "header", "section", "nav", "ul", "li", "a", "span", "time"}
STILL = base64.b64encode(b"a picture").decode()
OF = {"functions": [f"shop/{NASTY}"], "at": "2026-03-02T01:00:00+00:00"}
LINES: tuple[Mapping[str, object], ...] = (
    {"kind": "profile", "form": 1, "made": "2026-03-02T01:00:00+00:00", "controller": {"name": NASTY}},
    {"kind": "document", "id": "1", "item": "store_name", "value": {"value": f"one {NASTY}"}, **OF},
    {"kind": "document", "id": "2", "item": "password", "value": {"withheld": "a hash"}, **OF},
    {"kind": "reading", "id": "3", "item": "motion_event", "value": {"zone": f"two {NASTY}"}, **OF},
    {"kind": "media", "id": "4", "item": "cloud_video", "value": {"type": "image/jpeg"}, "bytes": 9, **OF},
    {"kind": "bytes", "of": "4", "first": 0, "base64": STILL},
    {"kind": "media", "id": "5", "item": "cloud_video", "value": {"type": NASTY}, "bytes": 9, **OF},
    {"kind": "bytes", "of": "5", "first": 0, "base64": STILL},
    {"kind": "device", "device": "6", "model": f"three {NASTY}", "bound": "2026-03-02"},
    {"kind": "act", "act": "chosen", "policy": "shop", "at": OF["at"], "function": NASTY},
    {"kind": "entry", "entry": "7", "text": {"kind": NASTY, "details": {"document": f"four {NASTY}"}}},
    {"kind": "receipt", "entry": "8", "act": "accepted", "receipt": f"five {NASTY}"},
    {"kind": "request", "right": "access", "at": OF["at"], "said": f"six {NASTY}", "reply": f"seven {NASTY}"},
    {"kind": "recipient", "recipient": f"eight {NASTY}", "function": "x", "items": ["store_name"]},
    {"kind": "end", "lines": 14, "of_each": {}},
)  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.closed: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.closed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


async def told(language: Language, lines: tuple[Mapping[str, object], ...] = LINES) -> Seen:
    async def coming() -> AsyncIterator[Mapping[str, object]]:
        for line in lines:
            yield line

    seen = Seen()
    called = Called({FunctionName(NASTY): f"nine {NASTY}"}, {}, {})
    seen.feed(b"".join([piece async for piece in pieces(coming(), Words(language), called)]).decode())
    return seen


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_was_written_is_text_and_all_of_it_is_there(language: Language) -> None:
    seen = await told(language)
    assert {tag for tag, _ in seen.tags} <= OURS
    assert not [name for _, said in seen.tags for name in said if name.startswith("on")]
    for word in ("one", "two", "three", "six", "seven", "eight", "nine"):
        assert f"{word} {NASTY}" in seen.text, word
    assert "</section>" not in seen.text
    assert "</details>" not in seen.text
    for word in ("four", "five"):  # as programs have it
        assert f"{word} \\\"'><script>" in seen.text, word
    (picture,) = [said for tag, said in seen.tags if tag == "img"]
    assert picture["src"] == f"data:image/jpeg;base64,{STILL}"
    policy = next(said["content"] for tag, said in seen.tags if "http-equiv" in said)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_its_last_words_are_missing_where_it_was_cut_short(language: Language) -> None:
    end = Words(language)("readable_end", count=Words(language).number(14))
    assert end in (await told(language)).text
    assert end not in (await told(language, LINES[:-1])).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_contents_count_every_part_and_lead_to_it(language: Language) -> None:
    t, seen = Words(language), await told(language)
    kinds = [kind for kind in dict.fromkeys(str(line["kind"]) for line in LINES) if kind not in APART]
    links = [said["href"] for tag, said in seen.tags if tag == "a"]
    assert links == [f"#{kind}" for kind in kinds]
    ids = [said["id"] for tag, said in seen.tags if tag in {"section", "details"} and "id" in said]
    assert ids == kinds
    for kind in kinds:
        count = sum(line["kind"] == kind for line in LINES)
        assert f"{t('readable.' + kind)} {count}" in seen.text, kind
    assert not [said for tag, said in seen.tags if tag == "details" and "open" in said]


async def test_readings_are_folded_by_function_and_day_and_say_what_they_are_once() -> None:
    def measured(day: int, item: str, function: str) -> Mapping[str, object]:
        at = f"2026-03-0{day}T01:00:00+00:00"
        return {
            "kind": "reading",
            "id": "1",
            "item": item,
            "value": {"zone": "door"},
            "at": at,
            "functions": [function],
        }

    flow, guard = "shop/flow", "shop/guard"
    lines = [
        measured(1, "motion_event", flow),
        measured(1, "motion_event", flow),
        measured(1, "visit_count", flow),
    ]
    lines += [measured(2, "motion_event", flow), measured(2, "motion_event", guard)]
    seen = await told("zh", (LINES[0], *lines, LINES[-1]))
    assert [said.get("class") for tag, said in seen.tags if tag == "details"] == ["part", "day", "day", "day"]
    assert seen.closed.count("details") == 4
    assert seen.text.count("画面中有移动的时间：") == 3
    assert seen.text.count("每日到店次数：") == 1


async def test_an_amount_has_its_sign_and_words_are_the_readers() -> None:
    at = {"functions": ["shop/till"], "at": "2026-03-02T01:00:00+00:00"}
    sold = {"amount": 48, "currency": "CNY", "act": "refund", "number": "A:1"}
    line = {"kind": "reading", "id": "1", "item": "store_transactions", "value": sold, **at}
    text = (await told("zh", (LINES[0], line, LINES[-1]))).text
    assert "09:00 门店交易记录：金额：¥48.00，操作：退款，小票单号：A:1" in text
    assert "CNY" not in text
