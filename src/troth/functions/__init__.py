"""What makers' functions compute, each a small plug-in that sees data only through the `use` door.

A plug-in names its function, the purpose and the items it reads; it cannot open anything by itself.
"""

from troth.functions.customer_flow import Footfall, footfall
from troth.functions.registry import PLUGINS, Plugin, UnknownPlugin, plugin
from troth.functions.store_guard import Alert, Guarded, guard
from troth.functions.use import Documents, Events, Use

__all__ = [
    "PLUGINS",
    "Alert",
    "Documents",
    "Events",
    "Footfall",
    "Guarded",
    "Plugin",
    "UnknownPlugin",
    "Use",
    "footfall",
    "guard",
    "plugin",
]
