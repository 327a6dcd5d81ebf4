"""`troth diff`: what the step from one version of a policy to the next changes and asks for. Offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from troth.edges.cli.policy import named
from troth.policy.words import Language

if TYPE_CHECKING:
    from troth.policy.difference import Difference, Different

_MARKS = {"new": "+", "gone": "-", "changed": "~"}


def diff(
    old: Annotated[str, typer.Argument(help="The older version: a file, or a name such as kaiconn.")],
    new: Annotated[str, typer.Argument(help="The later version: a file, or a name.")],
    *,
    lang: Annotated[Language, typer.Option(help="Words in zh or en.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two versions clause by clause, in words, and say what the step from one to the other asks for.

    What is owed, and to whom, says the older version, which people agreed to: nothing, a notice, or explicit
    consent. Status 0, whatever differs; 1: one of the two is no policy, or they are not two versions of one.
    """
    from troth.policy.difference import NotTwoVersions, difference
    from troth.policy.problems import PolicyRejected

    try:
        found = difference(named(old), named(new))
    except (NotTwoVersions, PolicyRejected) as refused:
        typer.echo(str(refused), err=True)
        raise typer.Exit(1) from refused
    if as_json:
        typer.echo(json.dumps(_json(found), indent=1, ensure_ascii=False))
        return
    for line in _told(found, lang):
        typer.echo(line)


def _told(found: Difference, lang: Language) -> Iterator[str]:
    from troth.policy.phrases import PHRASES

    t = PHRASES[lang]
    old, new = found.before.policy, found.after.policy
    values = {"policy": old.name, "before": old.version, "after": new.version, "count": len(found.clauses)}
    yield t["diff.head"].format_map(values)
    if old.version == new.version and found.clauses:
        yield t["diff.same_version"]
    for each in found.clauses:
        yield ""
        yield from _clause(each, t, lang)
    yield ""
    yield from _owed(found, t, lang)


def _clause(one: Different, t: Mapping[str, str], lang: Language) -> Iterator[str]:
    remarks = [t[f"diff.{one.how}"]]
    if one.touches is not None:
        remarks.append(t["diff.touches"].format(touched=t[f"major_changes.{one.touches}"]))
    if one.lessens:
        remarks.append(t["diff.lessens"])
    yield f"{_MARKS[one.how]} {one.clause}  ({'; '.join(remarks)})"
    if one.before[lang] != one.after[lang]:
        yield from (f"    {t['diff.was']}  {line}" for line in one.before[lang])
        yield from (f"    {t['diff.now']}  {line}" for line in one.after[lang])
    if one.how == "changed":
        for key, (was, now) in one.fields.items():
            yield f"    {key}: {_short(was)} -> {_short(now)}"


def _owed(found: Difference, t: Mapping[str, str], lang: Language) -> Iterator[str]:
    from troth.policy.phrases import SEPARATOR

    def listed(*keys: str) -> str:
        return SEPARATOR[lang].join(keys)

    told, before = found.told, found.before.policy.version
    yield t["diff.major"].format(clauses=listed(*found.major_by)) if found.major_by else t["diff.not_major"]
    less = len(found.change.lessens)
    yield t["diff.rights"].format(count=less) if less else t["diff.no_rights"]
    because = f"  [{listed(*sorted(told.clauses))}]" if found.clauses and told.clauses else ""
    yield t[f"diff.{found.consequence}"] + because
    ways = [t[f"channel.{each}"] for each in told.channels] + [
        t[f"occasion.{each}"] for each in told.shown_at
    ]
    if ways:
        yield "  " + t["diff.told"].format(before=before, channels=listed(*ways))
    if told.asks:
        yield "  " + t["diff.asked"].format(before=before)
    for function, clauses in found.chosen_again.items():
        title = found.before.functions[function].clause.title
        words = t["diff.chosen_again"].format(function=title.get(lang) or function)
        yield f"  {words}  [{listed(*clauses)}]"
    if told.goes_on and found.clauses:
        yield "  " + t["diff.goes_on"]
    if told.places and found.clauses:
        yield "  " + t["diff.published"].format(
            places=listed(*(t[f"channel.{each}"] for each in told.places))
        )
    if told.archive and found.clauses:
        yield "  " + t["diff.archive"].format(before=before)


def _short(value: object) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)


def _json(found: Difference) -> dict[str, object]:
    told = found.told
    return {
        "policy": found.before.policy.name,
        "from": found.before.policy.version,
        "to": found.after.policy.version,
        "clauses": [
            {
                "clause": each.clause,
                "how": each.how.value,
                "type": each.kind,
                "touches": each.touches and each.touches.value,
                "lessens": each.lessens,
                "fields": {key: {"before": was, "after": now} for key, (was, now) in each.fields.items()},
                "before": {language.value: list(said) for language, said in each.before.items()},
                "after": {language.value: list(said) for language, said in each.after.items()},
            }
            for each in found.clauses
        ],
        "major": bool(found.major_by),
        "major_by": list(found.major_by),
        "lessens": sorted(found.change.lessens),
        "consequence": found.consequence.value,
        "everybody": {
            "told_by": list(told.channels),
            "shown_at": list(told.shown_at),
            "asked": told.asks,
            "goes_on": told.goes_on,
            "published": list(told.places),
            "archive": told.archive,
        },
        "chosen_again": {function: list(clauses) for function, clauses in found.chosen_again.items()},
        "because": sorted(told.clauses),
    }
