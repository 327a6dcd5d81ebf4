"""Answers given before, given again to an ask that the gate cannot tell apart from one that was answered.

What the gate says of one standing turns on time only through comparisons with the moments that the standing
names (`spec/standing.py`). So an answer holds for every ask that is the same but for its times, as long as
these lie between the same two of these moments and nothing is said to be measured after it was asked. Only a
yes is kept, and only of someone whom one version binds. Does not decide; what is not kept, `answer` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from troth.gate.stands import FAR_OFF, LONG_AGO
from troth.gate.versions import Answer, alone, answer
from troth.policy.compiled import Compiled
from troth.terms import Allow, Ask, Deny, Reason, Standing

_KEPT = 4096
_KEPT_OF_EACH = 64
_Key = tuple[object, ...]


@dataclass(slots=True)
class _Of:
    """What was answered about one standing for times between two of its moments."""

    standing: Standing
    after: datetime
    before: datetime
    said: dict[_Key, tuple[int, Answer]] = field(default_factory=dict[_Key, tuple[int, Answer]])


_TIMELESS = [name for name in Ask.__struct_fields__ if name not in {"at", "measured", "subject"}]
_key: Callable[[Ask], _Key] = attrgetter(*_TIMELESS)
"""All of an ask but its times, and its subject, whose standing it is."""
_UNHEARD = -1, Answer(Deny(Reason.ERROR, frozenset()), None)


class Memory:
    """One process's memory of answers. Nothing depends on it but time: forgetting changes no answer."""

    def __init__(self, most: int = _KEPT) -> None:
        # By the id of a standing, which is kept beside, so that the id can't come to mean another.
        self._known: dict[int, _Of] = {}
        self._most = most

    def answer(self, versions: Mapping[int, Compiled], standing: Standing | None, ask: Ask) -> Answer:
        """Return what `answer` says."""
        of = None if standing is None else self._of(standing, ask)
        if of is None:
            return answer(versions, standing, ask)
        key = _key(ask)
        version, said = of.said.get(key, _UNHEARD)
        if said.compiled is not None and versions.get(version) is said.compiled:
            return said
        said, bound = answer(versions, standing, ask), alone(of.standing, ask)
        if isinstance(said.decision, Allow) and bound is not None:
            if len(of.said) >= _KEPT_OF_EACH:
                of.said.clear()
            of.said[key] = bound, said
        return said

    def _of(self, standing: Standing, ask: Ask) -> _Of | None:
        """Return what is kept of a standing at this time, or None: of this ask nothing can be."""
        then, of = ask.measured or ask.at, self._known.get(id(standing))
        if ask.subject != standing.subject or _zoneless(ask.at) or _zoneless(then) or then > ask.at:
            return None
        if of is None or not (of.after < then and ask.at < of.before):
            of = _between(standing, ask.at)
            if of is None or not of.after < then:
                return None
            if len(self._known) >= self._most:
                self._known.clear()
            self._known[id(standing)] = of
        return of


def _zoneless(moment: datetime) -> bool:
    return moment.tzinfo is None


def _between(standing: Standing, at: datetime) -> _Of | None:
    named = [moment for act in standing.acts for moment in (act.at, act.until) if moment is not None]
    if any(map(_zoneless, named)):
        return None
    after = max([moment for moment in named if moment <= at], default=LONG_AGO)
    return _Of(standing, after, min([moment for moment in named if moment > at], default=FAR_OFF))
