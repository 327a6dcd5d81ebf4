"""Whether a value has the form of its item: the one question that every door and the vault ask.

Pure. An item that the vocabulary does not know has no form, so nothing fits it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from troth.policy.forms import FORMS, Form, Misfit
from troth.policy.vocabulary import VOCABULARY
from troth.terms import ItemName, Reading

_STRANGE = Misfit("", "name an item of the vocabulary")


@dataclass(frozen=True)
class Values:
    """The forms of a vocabulary, by item, and the form of what letters say."""

    forms: Mapping[ItemName, Form]
    letter: Form

    def misfit(self, item: ItemName, value: object) -> Misfit | None:
        """Return what is wrong with ``value`` as a value of ``item``, or None: it fits."""
        form = self.forms.get(item)
        return _STRANGE if form is None else form.misfit(value)

    def fit(self, readings: Sequence[Reading]) -> bool:
        """Return whether the value of every one of ``readings`` fits."""
        if len(readings) == 1:
            return self.misfit(readings[0].item, readings[0].value) is None
        for item in {reading.item for reading in readings}:
            form = self.forms.get(item)
            if form is None or not form.fit([each.value for each in readings if each.item == item]):
                return False
        return True

    def unfit(self, values: Mapping[ItemName, object]) -> frozenset[ItemName]:
        """Return the items whose value does not fit: what an ask to the gate says of them."""
        return frozenset(item for item, value in values.items() if self.misfit(item, value) is not None)


VALUES = Values({name: item.form for name, item in VOCABULARY.items()}, FORMS["letter"])
