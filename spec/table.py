"""Which checks apply to which basis and verb, as data. The order of the checks is that of `spec.gate`.

Checks that are not listed here always apply: the function exists, no forbid speaks against it, the reading is
not from the future, items are declared and something is left, a recipient is listed.
"""

from __future__ import annotations

from enum import Enum, auto

from troth.terms import Basis, Role, Verb


class Check(Enum):
    """A question that only some asks must answer."""

    HERE = auto()  # the person has not been erased
    STANDING = auto()  # not cancelled, and of age or with a guardian's consent
    ACCEPTED = auto()  # accepted this version
    PURPOSE = auto()  # a purpose of the function, for this kind of actor and this verb
    OWN_BASIS = auto()  # the basis is the one that the function states
    GROUND = auto()  # a listed ground, and the reference to the document
    HELD = auto()  # once the person is gone: the item is held for this ground
    IN_PERSON = auto()  # the person themselves, or staff with the reference of their request
    CHOICE = auto()  # the function was chosen, where it must be
    SWITCHES = auto()  # no switch is off
    ITEM_CHOICE = auto()  # optional items and those with a consent of their own were chosen
    NEEDS = auto()  # what the function needs is there
    REQUIRED = auto()  # its required items are there
    REGION = auto()  # data stays where the policy says


AGREED = frozenset(
    {
        Check.STANDING,
        Check.ACCEPTED,
        Check.PURPOSE,
        Check.OWN_BASIS,
        Check.CHOICE,
        Check.SWITCHES,
        Check.ITEM_CHOICE,
        Check.NEEDS,
        Check.REQUIRED,
        Check.REGION,
    }
)

APPLIES = {
    Basis.CONTRACT: AGREED,
    Basis.CONSENT: AGREED,
    Basis.SEPARATE_CONSENT: AGREED,
    Basis.LEGAL_DUTY: frozenset({Check.GROUND, Check.HELD, Check.PURPOSE, Check.REGION}),
    Basis.EXEMPTION: frozenset({Check.GROUND, Check.HELD, Check.PURPOSE, Check.REGION}),
    Basis.OWN_RIGHT: frozenset({Check.HERE, Check.IN_PERSON, Check.REGION}),
}

LIFTED = {
    Verb.COLLECT: frozenset[Check](),
    Verb.USE: frozenset[Check](),
    Verb.SHARE: frozenset({Check.NEEDS, Check.REQUIRED}),
    Verb.DISCLOSE: frozenset({Check.NEEDS, Check.REQUIRED}),
    # Nothing that a person takes back may stand in the way of forgetting.
    Verb.FORGET: frozenset(
        {
            Check.STANDING,
            Check.ACCEPTED,
            Check.HELD,
            Check.CHOICE,
            Check.SWITCHES,
            Check.ITEM_CHOICE,
            Check.NEEDS,
            Check.REQUIRED,
            Check.REGION,
        }
    ),
}

WITHOUT_ACCOUNT = frozenset({Role.APPLICANT, Role.CALLER})
"""People with a standing of their own and nothing to accept: they must have asked for the function."""
ON_AN_ACCOUNT = frozenset({Role.HOLDER, Role.CHILD, Role.GUARDIAN, Role.GUEST})
"""People about whom an item may be that does not say whom it is about."""
