"""The closed words of the language: a policy may use these and no others.

Items are in the vocabulary, because makers add to them; these are not, because each has a meaning in code.
"""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Languages that a policy may be written in."""

    EN = "en"
    ZH = "zh"


class Mod(StrEnum):
    """The force of a clause, as the text states it."""

    MUST = "must"
    MUST_NOT = "must_not"
    MAY = "may"


class Effect(StrEnum):
    """What refusing a function costs."""

    FUNCTION_UNAVAILABLE = "function_unavailable"
    SERVICE_UNAVAILABLE = "service_unavailable"
    NO_EFFECT = "no_effect"
    HIGHER_RISK = "higher_risk"
    DEGRADED = "degraded"


class FoundMinor(StrEnum):
    """What happens to the data of a minor who should not have been a subject."""

    DELETE_PROMPTLY = "delete_promptly"


class Right(StrEnum):
    """What a person may ask for. ``reply`` is the answer to any question or opinion."""

    ACCESS = "access"
    COPY = "copy"
    CORRECT = "correct"
    DELETE = "delete"
    SCOPE = "scope"
    WITHDRAW = "withdraw"
    REFUSE_MARKETING = "refuse_marketing"
    CANCEL = "cancel"
    REPLY = "reply"
    EXPLAIN = "explain"
    COMPLAIN = "complain"
    RELATIVES = "relatives"
    POLICY_VIEW = "policy_view"


class Channel(StrEnum):
    """Ways in which people reach the controller, or it reaches them."""

    PRIVACY_PAGE = "privacy_page"
    SETTINGS = "settings"
    FEEDBACK = "feedback"
    PHONE = "phone"
    EMAIL = "email"
    SMS = "sms"
    LETTER = "letter"
    PUSH = "push"
    POP_UP = "pop_up"
    PAGE_TIP = "page_tip"
    INDIVIDUAL = "individual"
    ANNOUNCEMENT = "announcement"
    WEB = "web"


class Moment(StrEnum):
    """Events from which a deadline or a period is counted."""

    RECEIVED = "received"
    PURPOSE_ENDED = "purpose_ended"
    ACCOUNT_CANCELLED = "account_cancelled"
    COLLECTED = "collected"
    IDENTITY_VERIFIED = "identity_verified"
    APPLIED = "applied"
    CHECKED = "checked"
    SERVICE_ENDED = "service_ended"
    DELETED = "deleted"
    ORDER_COMPLETED = "order_completed"


class Outcome(StrEnum):
    """What happens to data when its time is over."""

    DELETE = "delete"
    ANONYMISE = "anonymise"


class Strength(StrEnum):
    """How firmly the text binds itself where it says so; we enforce it firmly either way."""

    FIRM = "firm"
    GENERALLY = "generally"
    BEST_EFFORT = "best_effort"


class Ground(StrEnum):
    """What an exceptional basis may rest on, as listed by policies; PIPL Art. 13 knows fewer."""

    EXPRESS_LAW = "express_law"
    LEGAL_ORDER = "legal_order"
    AGREEMENT = "agreement"
    SECURITY = "security"
    EMERGENCY_PUBLIC = "emergency_public"
    PUBLIC = "public"
    CRIMINAL = "criminal"
    LIFE = "life"
    SELF_PUBLIC = "self_public"
    PUBLIC_SOURCES = "public_sources"
    CONTRACT = "contract"
    STABLE = "stable"
    DUTY = "duty"
    ACADEMIC = "academic"
    NEWS = "news"
    LAW = "law"
