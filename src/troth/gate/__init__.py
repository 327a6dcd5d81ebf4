"""Ask + standing + compiled policy → permit, or `Denied`. Never touches a cipher, never writes SQL."""

from troth.gate._mint import Forged, Lapsed, genuine
from troth.gate.admit import Gate
from troth.gate.decide import accepted_version, decide
from troth.gate.policies import NoSuchPolicy, Policies

__all__ = [
    "Forged",
    "Gate",
    "Lapsed",
    "NoSuchPolicy",
    "Policies",
    "accepted_version",
    "decide",
    "genuine",
]
