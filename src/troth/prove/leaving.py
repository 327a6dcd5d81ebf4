"""How someone of a trial leaves: applies to cancel, waits as long as the policy says, and is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.prove.world import Someone, World

JUST = timedelta(minutes=2)
EPOCH = timedelta(days=1, hours=1)
"""After which deleted rows can be opened by no key any more, and are swept."""


async def applied(who: Someone) -> Mapping[str, object]:
    """Cancel in two steps; return what was answered: done, or when it takes effect."""
    offer = (await who.ask("POST", "/v1/me/cancel", {})).require()
    return (await who.ask("POST", "/v1/me/cancel/confirm", {"confirm": offer["confirm"]})).require()


async def cancelled(world: World, who: Someone) -> bool:
    """Cancel and let the policy's time pass; return whether the account is closed."""
    done = await applied(who)
    if done.get("takes_effect"):
        await world.pace.until(datetime.fromisoformat(str(done["takes_effect"])) + JUST)
    return await gone(world, who)


async def gone(world: World, who: Someone) -> bool:
    """Return whether the account is closed, once the worker had its time."""
    query = "SELECT count(*) FROM subject WHERE subject = %(subject)s AND state <> 'erased'"
    return await world.seen(0, query, whose(who)) == 0


async def keys(world: World, who: Someone) -> int:
    """Return how many keys are left that open anything of this person, but for what a law wants kept."""
    query = "SELECT count(*) FROM vault_key WHERE subject = %(subject)s AND class <> 'hold'"
    return await world.seen(0, query, whose(who))


def whose(who: Someone) -> dict[str, object]:
    """Return the person as a parameter of a query."""
    return {"subject": who.account}
