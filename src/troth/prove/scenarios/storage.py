"""How long things are kept: until what the policy says is over, not a moment longer, and not shorter."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troth.policy.clauses import RetentionClause
from troth.policy.period import Period, Unit
from troth.policy.statements import BackupClause
from troth.policy.words import Moment, Outcome
from troth.prove.case import Case, NotTried
from troth.prove.holding import holding
from troth.prove.leaving import EPOCH, cancelled, whose
from troth.prove.seen import lasting
from troth.prove.trial import Scenario, Trial, always

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troth.prove.holding import Holding
    from troth.prove.world import World

_SPAN: Mapping[Unit, timedelta] = {
    Unit.HOURS: timedelta(hours=1),
    Unit.DAYS: timedelta(days=1),
    Unit.WORKING_DAYS: timedelta(days=2),
    Unit.MONTHS: timedelta(days=31),
    Unit.YEARS: timedelta(days=366),
}
_LONGEST = timedelta(days=60)
"""As far ahead as a scratch system has room for what comes in then."""


async def gone_when_it_is_over(world: World, case: Case, trial: Trial) -> None:
    """Show that what a function holds is there while it runs, and is gone when the policy says so."""
    clause = case.said(RetentionClause)
    over, kept = await holding(world, case), await holding(world, case)
    before = await over.rows(world, case)
    anonymous = await _anonymous(world, case, over)
    (await world.withdraw(over.who, over.function)).require()
    if clause.keep is not None:
        await world.pace.until(world.levers.now() + span(clause.keep) - EPOCH)
        early = await over.rows(world, case)
        trial.control(
            f"keep it for {clause.keep}",
            f"保留 {lasting(clause.keep)}",
            f"{early} rows",
            held=early == before,
        )
        await world.pace.until(world.levers.now() + 2 * EPOCH)
    after = await over.emptied(world, case)
    counted = await _anonymous(world, case, over) - anonymous
    trial.attempt(
        f"keep what {over.function} held once its purpose is over",
        f"目的结束后仍保留 {over.function} 的信息",
        f"{before} rows before, {after} after; {counted} counted without a name",
        held=before > 0 and after == 0,
    )
    if clause.then == Outcome.ANONYMISE:
        trial.control("count what is over, without a name", "匿名计数", f"{counted}", held=counted > 0)
    entries = await world.entries("time_over")
    still = await kept.rows(world, case)
    trial.control(
        f"keep what {kept.function} holds while it runs",
        f"{kept.function} 运行期间保留其信息",
        f"{still} rows; {entries} ends on record",
        held=still > 0 and entries > 0,
    )


async def _anonymous(world: World, case: Case, of: Holding) -> int:
    return await world.evidence.value(
        "SELECT coalesce(sum(readings), 0) FROM anonymous WHERE function = %(function)s",
        {"function": f"{case.policy}/{of.function}"},
    )


async def out_of_every_backup(world: World, case: Case, trial: Trial) -> None:
    """Show that an erasure waits for the backups, says so, and is over when the policy says."""
    clause = case.said(BackupClause)
    if clause.within is None or span(clause.within) > _LONGEST:
        raise NotTried("too_long_to_wait")
    who = await world.person(case)
    await cancelled(world, who)
    await world.pace.until(world.levers.now() + EPOCH)
    certified = await world.seen(
        1, "SELECT count(*) FROM erasure WHERE subject = %(subject)s AND certified_at IS NOT NULL", whose(who)
    )
    early = await world.evidence.value(
        "SELECT count(*) FROM erasure WHERE subject = %(subject)s AND backups_at IS NOT NULL", whose(who)
    )
    trial.attempt(
        "say that no backup holds it while one may",
        "备份可能仍存有数据时声称已清除",
        f"{certified} certificates, {early} of them about backups",
        held=certified == 1 and early == 0,
    )
    await world.pace.until(world.levers.now() + span(clause.within) + EPOCH)
    late = await world.seen(
        1,
        "SELECT count(*) FROM erasure WHERE subject = %(subject)s AND backups_at IS NOT NULL"
        " AND horizon <= certified_at + %(within)s AND addendum IS NOT NULL",
        whose(who) | {"within": span(clause.within)},
    )
    trial.control(
        f"have it gone from every backup within {clause.within}",
        f"在 {lasting(clause.within)} 内从所有备份中清除",
        f"{late} addenda to the certificate",
        held=late == 1,
    )


def span(period: Period) -> timedelta:
    """Return how long a period lasts at most."""
    return period.value * _SPAN[period.unit]


def _purpose(case: Case) -> bool:
    return case.said(RetentionClause).after == Moment.PURPOSE_ENDED


SCENARIOS = (
    Scenario("gone when it is over", RetentionClause, gone_when_it_is_over, _purpose),
    Scenario("out of every backup", BackupClause, out_of_every_backup, always),
)
