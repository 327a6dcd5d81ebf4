"""Which functions have a plug-in, and what each may be asked.

A function without a plug-in here computes nothing; the policy alone does not make one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType

from troth.functions import audit, customer_flow, store_guard, visits
from troth.functions.audit import Audited
from troth.functions.customer_flow import Footfall
from troth.functions.store_guard import Guarded
from troth.functions.use import Use
from troth.functions.visits import Visited
from troth.terms import FunctionName, ItemName, Purpose, TrothError

Compute = Callable[[Use, datetime, datetime], Awaitable[Footfall | Guarded | Visited | Audited]]


class UnknownPlugin(TrothError):
    """no plug-in computes this function"""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A function's computation: the purpose it asks for, the items it reads, and the computation itself."""

    function: FunctionName
    purpose: Purpose
    items: frozenset[ItemName]
    compute: Compute


PLUGINS: Mapping[FunctionName, Plugin] = MappingProxyType(
    {
        customer_flow.FUNCTION: Plugin(
            customer_flow.FUNCTION, customer_flow.PURPOSE, customer_flow.ITEMS, customer_flow.footfall
        ),
        store_guard.FUNCTION: Plugin(
            store_guard.FUNCTION, store_guard.PURPOSE, store_guard.ITEMS, store_guard.guard
        ),
        visits.FUNCTION: Plugin(visits.FUNCTION, visits.PURPOSE, visits.ITEMS, visits.visits),
        **{
            function: Plugin(function, audit.PURPOSE, audit.ITEMS, partial(audit.audit, function=function))
            for function in audit.FUNCTIONS
        },
    }
)


def plugin(function: FunctionName) -> Plugin:
    """Return the plug-in of ``function``; raises `UnknownPlugin`."""
    found = PLUGINS.get(function)
    if found is None:
        raise UnknownPlugin(f"{function}: {UnknownPlugin.__doc__}")
    return found
