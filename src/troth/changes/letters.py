"""What people read about a next version, in zh and en: from when, what it touches, what that asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from troth.policy.phrases import PHRASES, SEPARATOR
from troth.policy.words import Language
from troth.terms import LEGAL_TIME

if TYPE_CHECKING:
    from troth.policy.changes import Change, Telling
    from troth.policy.compiled import Compiled

_TEXTS: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {
        "head": "{title}: version {version} is published. It takes effect on {at}.",
        "touched": "It changes: {touched}.",
        "asks": "It may take rights from you. It binds you only if you agree; "
        "until then version {before} stays yours.",
        "goes_on": "Going on after that day means agreeing. "
        "If you do not agree, stop; you can cancel your account.",
        "revised": "From that day it is part of the policy; "
        "what happened before is judged by version {before}.",
        "archive": "Version {before} stays readable.",
    },
    Language.ZH: {
        "head": "《{title}》第 {version} 版已发布，自 {at} 起生效。",
        "touched": "变更内容：{touched}。",
        "asks": "本次变更可能减损您的权利，仅在您明示同意后对您生效；在此之前第 {before} 版继续适用于您。",
        "goes_on": "在该日之后继续使用即表示同意；如不同意，请停止使用，您可以注销账号。",
        "revised": "自该日起，新版为隐私政策的组成部分；此前发生的事项适用第 {before} 版。",
        "archive": "第 {before} 版仍可查阅。",
    },
}


def letter(  # noqa: PLR0917 - everything that it says
    before: Compiled, after: Compiled, change: Change, told: Telling, at: datetime, language: Language
) -> str:
    """Return the notice: only what the clauses of the older version make true."""
    t, title = _TEXTS[language], after.policy.title
    touched = [PHRASES[language][f"major_changes.{each}"] for each in sorted(change.touched)]
    values = {
        "title": title.get(language) or next(iter(title.values()), after.policy.name),
        "version": after.policy.version,
        "before": before.policy.version,
        "at": at.astimezone(LEGAL_TIME).strftime("%Y-%m-%d"),
        "touched": SEPARATOR[language].join(touched),
    }
    said = ["head"] + [
        name
        for name, holds in {
            "touched": touched,
            "asks": told.asks,
            "goes_on": told.goes_on,
            "revised": told.revised,
            "archive": told.archive,
        }.items()
        if holds
    ]
    return "\n\n".join(t[name].format_map(values) for name in said)
