"""A second pair of eyes on every plan before it is recorded.

States the laws of domain.md 4 over the finished plan, the fleet and the snapshot, with code of its own: it shares the
model with the planner and nothing else, so that one mistake does not hide another.
"""

from reconciler.model.fleet import Fleet
from reconciler.model.plan import Plan
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Snapshot
from reconciler.planning.audit.changes import cancellations_hold, removals_hold, updates_hold
from reconciler.planning.audit.evidence import gather
from reconciler.planning.audit.guards import acknowledgements_hold, guards_hold
from reconciler.planning.audit.jobs import jobs_hold
from reconciler.planning.audit.sends import grouping_holds, sends_hold
from reconciler.planning.audit.totals import order_holds, totals_hold
from reconciler.planning.audit.verdicts import verdicts_hold

LAWS = (
    verdicts_hold,
    sends_hold,
    grouping_holds,
    cancellations_hold,
    updates_hold,
    removals_hold,
    jobs_hold,
    totals_hold,
    order_holds,
    guards_hold,
    acknowledgements_hold,
)


def audit(plan: Plan, fleet: Fleet, snapshot: Snapshot, *, guards: Guards | None = None) -> tuple[str, ...]:
    """What the plan breaks, one sentence each, naming the law; empty if every law holds.

    `guards` are the limits of the settings: with them it is also checked that a guard that should trip did.
    """
    evidence = gather(plan, fleet, snapshot, guards)
    return tuple(sentence for law in LAWS for sentence in law(evidence))
