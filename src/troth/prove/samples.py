"""A fitting value for any item, made from its form. Each has a mark, so that it can be found again."""

from __future__ import annotations

from collections.abc import Iterator

from troth.policy.shapes import Is, Shape
from troth.policy.vocabulary import VOCABULARY
from troth.terms import ItemName, TrothError

_TEXTS = (
    "{mark}",
    "+8613{digits9}",
    "{mark}@proof.example",
    "{digits9}",
    "{digits9}012345",
    "{digits9}0123456789",
    "{digits6}",
    "02:00:5e:{d1}:{d2}:{d3}",
    "00000000-0000-4000-8000-000{digits9}",
    "0000000{digits9}",
    "{hex64}",
    "app.{mark}",
    "P{digits9}",
    "/{mark}",
    "ABCDEFGH",
    "CNY",
    "CN",
    "zh",
    "Asia/Shanghai",
    "09:00",
    "$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHQ$aGFzaA",
)


class NoSample(TrothError):
    """no sample fits the form of this item: add one to prove/samples.py"""


def sample(item: ItemName, number: int) -> dict[str, object]:
    """Return a value of ``item`` with the mark of ``number``. Raises `NoSample`."""
    form = VOCABULARY[item].form
    if form.by_device is not None:
        return {f"00000000-0000-4000-8000-{number:012d}": _part(item, form.by_device, number)}
    return {name: _part(item, shape, number) for name, shape in form.must.items()}


def _part(item: ItemName, shape: Shape, number: int) -> object:
    check = shape.check()
    for candidate in _candidates(item, shape, number):
        if check(candidate):
            return candidate
    raise NoSample(f"{item}: {NoSample.__doc__}; it takes a {shape.says()}")


def _candidates(item: ItemName, shape: Shape, number: int) -> Iterator[object]:
    match shape.kind:
        case Is.TEXT | Is.PROSE:
            digits = f"{number:09d}"
            marks = {
                "mark": f"m{number}x",
                "digits9": digits,
                "digits6": digits[-6:],
                "d1": digits[-6:-4],
                "d2": digits[-4:-2],
                "d3": digits[-2:],
                "hex64": digits.rjust(64, "0"),
            }
            yield from (text.format(**marks)[: shape.most] for text in _TEXTS)
        case Is.ONE_OF:
            yield shape.words[0]
        case Is.WHOLE | Is.DECIMAL:
            yield shape.least
            yield 1
        case Is.YES_NO:
            yield True
        case Is.DAY:
            yield "2020-03-03"
        case Is.MOMENT:
            yield "2020-03-03T09:00:00+08:00"
        case Is.IP:
            yield f"198.51.100.{number % 250 + 1}"
        case Is.LIST:
            yield [_part(item, shape.of, number)] if shape.of else []


def unfit(item: ItemName, number: int) -> dict[str, object]:
    """Return a value of ``item`` with a field too many."""
    return sample(item, number) | {"and_more": f"m{number}x"}
