"""What a person is told about a request of theirs, in zh and en; what a refusal must say.

Words only. A refusal names its ground, the facts, the clause, and where to complain, as far as the policy
lists ways and authorities.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from troth.policy import requests as says
from troth.policy.phrases import PHRASES, SEPARATOR
from troth.policy.statement_words import RefuseGround
from troth.policy.words import Language
from troth.terms import LEGAL_TIME

if TYPE_CHECKING:
    from troth.policy.compiled import Compiled
    from troth.rights.rows import Request


class Told(StrEnum):
    """Every occasion on which a person is written to about a request."""

    RECEIVED = "received"
    ASKED = "asked"
    QUOTED = "quoted"
    APPLIED = "applied"
    MET = "met"
    REFUSED = "refused"
    REVOKED = "revoked"


_TEXTS: Mapping[Told, Mapping[Language, str]] = {
    Told.RECEIVED: {
        Language.EN: "We have your request: {right}. Number {number}. {by}",
        Language.ZH: "我们已收到您的请求：{right}。编号 {number}。{by}",
    },
    Told.ASKED: {
        Language.EN: "Your request {number} ({right}) needs something more from you: {text}",
        Language.ZH: "您的请求 {number}（{right}）需要您补充：{text}",
    },
    Told.QUOTED: {
        Language.EN: "Your request {number} ({right}) was answered before. Doing it again would cost {fee} "
        "yuan (clause {clause}). Nothing is done before you agree. {text}",
        Language.ZH: "您的请求 {number}（{right}）此前已答复，再次处理需收取 {fee} 元（条款 {clause}）。"
        "在您同意之前不会处理。{text}",
    },
    Told.APPLIED: {
        Language.EN: "You applied: {right}. Number {number}. It takes effect on {effect} and cannot be "
        "undone then. Until then you can take it back.",
        Language.ZH: "您已申请：{right}。编号 {number}。将于 {effect} 生效，生效后不可撤销；"
        "在此之前您可以撤回。",
    },
    Told.MET: {
        Language.EN: "Your request {number} ({right}) is met. {text}",
        Language.ZH: "您的请求 {number}（{right}）已办理。{text}",
    },
    Told.REFUSED: {
        Language.EN: "Your request {number} ({right}) cannot be met: {ground} (clause {clause}). "
        "{text}{complain}",
        Language.ZH: "您的请求 {number}（{right}）无法满足：{ground}（条款 {clause}）。{text}{complain}",
    },
    Told.REVOKED: {
        Language.EN: "You took your request {number} ({right}) back. Nothing was changed.",
        Language.ZH: "您已撤回请求 {number}（{right}）。一切保持不变。",
    },
}
_BY: Mapping[Language, str] = {
    Language.EN: "You have our answer by {at}.",
    Language.ZH: "我们将在 {at} 前答复。",
}
_WAYS: Mapping[Language, str] = {
    Language.EN: " If you are not content: {ways}.",
    Language.ZH: "如您对答复不满意：{ways}。",
}
_REGULATORS: Mapping[Language, str] = {
    Language.EN: " You can also complain to the authorities for: {regulators}.",
    Language.ZH: "您也可以向以下主管部门投诉：{regulators}。",
}


def language_of(word: str) -> Language:
    """Return the language to write in; one without texts gets English."""
    return Language.ZH if word == Language.ZH.value else Language.EN


def letter(
    told: Told, compiled: Compiled, request: Request, language: Language, *, text: str = "", clause: str = ""
) -> str:
    """Return what the person is told on this occasion; ``text`` is what the desk adds."""
    phrases = PHRASES[language]
    said = {
        "right": phrases[f"right.{request.kind}"],
        "number": str(request.request),
        "by": _BY[language].format(at=moment(request.at)) if request.at else "",
        "effect": moment(request.takes_effect) if request.takes_effect else "",
        "fee": f"{(request.fee or 0) / 100:.2f}",
        "ground": ground(request.ground or "", language),
        "clause": clause,
        "text": text,
        "complain": complain(compiled, language) if told is Told.REFUSED else "",
    }
    return _TEXTS[told][language].format_map(said).strip()


def ground(word: str, language: Language) -> str:
    """Return a ground to refuse in words."""
    section = "refuse_when" if word in set(RefuseGround) else "unreasonable"
    return PHRASES[language].get(f"{section}.{word}", word)


def complain(compiled: Compiled, language: Language) -> str:
    """Return where to complain; empty when the policy names nowhere."""
    phrases, told = PHRASES[language], says.complaint(compiled)
    ways = [
        phrases[f"channel.{channel}"] + (f" {address}" if address else "")
        for channel, address in told.ways.items()
    ]
    regulators = [phrases[f"regulator.{each}"] for each in told.regulators]
    joint, found = SEPARATOR[language], ""
    if ways:
        found += _WAYS[language].format(ways=joint.join(ways))
    if regulators:
        found += _REGULATORS[language].format(regulators=joint.join(regulators))
    return found


def moment(at: datetime) -> str:
    """Return a moment in the law's time."""
    return at.astimezone(LEGAL_TIME).strftime("%Y-%m-%d %H:%M")
