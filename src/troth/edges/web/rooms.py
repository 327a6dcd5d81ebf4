"""Which rooms of the privacy centre not everybody has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troth.functions.registry import PLUGINS

if TYPE_CHECKING:
    from troth.app.views import Me


def has_shop(me: Me) -> bool:
    """Tell whether a function of this person's policy shows them something, day by day."""
    return any(state.function in PLUGINS for state in me.functions)
