"""Which checks apply, by basis and verb, as one row of yes and no.

Held to `spec/table.py` by test. Does not check anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from troth.terms import Basis, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The checks that one pair of basis and verb must pass; what is not named always applies."""

    here: bool = False
    standing: bool = False
    accepted: bool = False
    purpose: bool = False
    own_basis: bool = False
    ground: bool = False
    held: bool = False
    in_person: bool = False
    choice: bool = False
    switches: bool = False
    item_choice: bool = False
    needs: bool = False
    required: bool = False
    region: bool = True


AGREED = Row(
    standing=True,
    accepted=True,
    purpose=True,
    own_basis=True,
    choice=True,
    switches=True,
    item_choice=True,
    needs=True,
    required=True,
)
LISTED = Row(ground=True, held=True, purpose=True)
IN_PERSON = Row(here=True, in_person=True)

_LIFTED_TO_FORGET = (
    "standing",
    "accepted",
    "held",
    "choice",
    "switches",
    "item_choice",
    "needs",
    "required",
    "region",
)
_BASES = {
    Basis.CONTRACT: AGREED,
    Basis.CONSENT: AGREED,
    Basis.SEPARATE_CONSENT: AGREED,
    Basis.LEGAL_DUTY: LISTED,
    Basis.EXEMPTION: LISTED,
    Basis.OWN_RIGHT: IN_PERSON,
}


def _for(row: Row, verb: Verb) -> Row:
    match verb:
        case Verb.COLLECT | Verb.USE:
            return row
        case Verb.SHARE | Verb.DISCLOSE:
            return replace(row, needs=False, required=False)
        case Verb.FORGET:  # nothing that a person takes back may stand in the way of forgetting
            return replace(row, **dict.fromkeys(_LIFTED_TO_FORGET, False))


ROWS: Mapping[Basis, Mapping[Verb, Row]] = {
    basis: {verb: _for(row, verb) for verb in Verb} for basis, row in _BASES.items()
}
