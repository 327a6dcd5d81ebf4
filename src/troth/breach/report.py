"""The report to the authorities: a document for staff to read, complete and send. Facts, no personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from troth.policy.phrases import PHRASES
from troth.policy.vocabulary import VOCABULARY
from troth.policy.words import Language
from troth.subjects.matters import LETTER
from troth.terms import LEGAL_TIME

if TYPE_CHECKING:
    from datetime import datetime

    from troth.breach.incidents import Incident
    from troth.policy.compiled import Compiled

_HEAD: Mapping[Language, Mapping[str, str]] = {
    Language.EN: {
        "title": "Report of a personal-information security incident",
        "number": "Number",
        "controller": "Reported by",
        "policy": "Policy",
        "known": "Known since",
        "affected": "Kinds of information affected",
        "people": "People concerned",
        "told": "told one by one",
        "unreached": "not reached",
        "announced": "Announced since",
        "steps": "Steps",
        "due": "due",
        "done": "done",
        "open": "open",
    },
    Language.ZH: {
        "title": "个人信息安全事件报告",
        "number": "编号",
        "controller": "报告单位",
        "policy": "隐私政策",
        "known": "知悉时间",
        "affected": "涉及的个人信息种类",
        "people": "涉及人数",
        "told": "已逐一告知",
        "unreached": "未能告知",
        "announced": "公告时间",
        "steps": "处置步骤",
        "due": "期限",
        "done": "完成",
        "open": "未完成",
    },
}


def report(
    incident: Incident, compiled: Compiled, said: Mapping[str, Mapping[str, str]], language: Language
) -> str:
    """Return the report as far as it is known, as Markdown."""
    t, matter = _HEAD[language], incident.matter
    phrases = PHRASES[language]
    names = matter.functions or list(compiled.functions)
    items = sorted({item for name in names for item in compiled.functions[name].items})
    labels = [VOCABULARY[item].label[language] for item in items]
    unreached = incident.told.get("unreached", 0)
    people, told = sum(incident.told.values()), incident.told.get("carried", 0)
    lines = [
        f"# {t['title']}",
        "",
        f"- {t['number']}: {matter.matter}",
        f"- {t['controller']}: {compiled.policy.controller.get('name', '')}",
        f"- {t['policy']}: {matter.policy} {matter.version}",
        f"- {t['known']}: {_moment(matter.began)}",
        f"- {t['affected']}: {', '.join(labels)}",
        f"- {t['people']}: {people} ({told} {t['told']}, {unreached} {t['unreached']})",
    ]
    if matter.announced is not None:
        lines.append(f"- {t['announced']}: {_moment(matter.announced)}")
    for part, text in said.get(language.value, {}).items():
        if part == LETTER:
            continue
        lines += ["", f"## {phrases.get(f'part.{part}', part)}", "", text]
    lines += ["", f"## {t['steps']}", ""]
    for step in incident.steps:
        ended = f"{t['done']} {_moment(step.done)}" if step.done else t["open"]
        lines.append(f"- {step.step} ({step.clause}): {t['due']} {_moment(step.at)}, {ended}")
    return "\n".join(lines) + "\n"


def _moment(at: datetime) -> str:
    return at.astimezone(LEGAL_TIME).strftime("%Y-%m-%d %H:%M")
