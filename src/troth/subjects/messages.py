"""What letters to people say, in zh and en. Words only; nothing here knows whom a letter is for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from troth.subjects.names import ANSWER_REQUEST, COMPLETE_REGISTRATION, SEND_ALERTS, SIGN_IN
from troth.terms import Purpose


class LetterKind(StrEnum):
    """Every letter there is."""

    CODE = "code"
    SIGN_IN_CODE = "sign_in_code"
    ALREADY_REGISTERED = "already_registered"
    REQUEST = "request"
    NOTICE = "notice"
    ALERT = "alert"


PURPOSES: Mapping[LetterKind, Purpose] = {
    LetterKind.CODE: COMPLETE_REGISTRATION,
    LetterKind.SIGN_IN_CODE: SIGN_IN,
    LetterKind.ALREADY_REGISTERED: SIGN_IN,
    LetterKind.REQUEST: ANSWER_REQUEST,
    LetterKind.NOTICE: SIGN_IN,
    LetterKind.ALERT: SEND_ALERTS,
}
"""What the address is used for when a letter goes; the gate is asked."""

_TEXTS: Mapping[tuple[LetterKind, str], str] = {
    (LetterKind.CODE, "en"): "Your code is {code} . It works for 10 minutes. We never ask you for it.",
    (LetterKind.CODE, "zh"): "您的验证码是 {code} ，10 分钟内有效。我们不会向您索要验证码。",
    (LetterKind.SIGN_IN_CODE, "en"): (
        "Your code to sign in is {code} . It works for 10 minutes, once. We never ask you for it."
    ),
    (
        LetterKind.SIGN_IN_CODE,
        "zh",
    ): "您的登录验证码是 {code} ，10 分钟内有效，仅可使用一次。我们不会向您索要验证码。",
    (LetterKind.ALREADY_REGISTERED, "en"): (
        "Someone tried to register with this contact, which already has an account. "
        "If it was you, sign in instead. If not, you need do nothing; nothing was changed."
    ),
    (LetterKind.ALREADY_REGISTERED, "zh"): (
        "有人尝试用此联系方式注册，但该联系方式已有账号。如果是您本人，请直接登录；"
        "如果不是，您无需任何操作，账号没有任何变更。"
    ),
    (LetterKind.REQUEST, "en"): "{said}",
    (LetterKind.REQUEST, "zh"): "{said}",
    (LetterKind.ALERT, "en"): "Something moved in your shop at {said}, while it is closed. See store guard.",
    (LetterKind.ALERT, "zh"): "您的门店在非营业时间（{said}）有动静，请查看门店看护。",
    (LetterKind.NOTICE, "en"): "{said}",
    (LetterKind.NOTICE, "zh"): "{said}",
}


def text(kind: LetterKind, language: str, values: Mapping[str, str]) -> str:
    """Return the letter's text; a language without one gets English."""
    return _TEXTS.get((kind, language), _TEXTS[kind, "en"]).format_map(values)
