"""Fleet and state at an instant to a plan: pure, deterministic (L7)."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.model.diagnostics import Diagnostic
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.keys import plan_id
from reconciler.model.names import PackageName
from reconciler.model.plan import Plan, PlannedPair, PlanSource, PlanState
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Snapshot
from reconciler.planning.cancellations import cancellations
from reconciler.planning.deadlines import late_jobs
from reconciler.planning.estimates import Estimates
from reconciler.planning.guards import Guarded, check
from reconciler.planning.holds import Holds
from reconciler.planning.known_plan import KnownPlan
from reconciler.planning.outside import outside
from reconciler.planning.pairs import Differing, differing, pairs_of
from reconciler.planning.planned_jobs import pairs_by_job, planned_jobs
from reconciler.planning.planned_pairs import planned_pairs, ready_pairs
from reconciler.planning.removals import removals
from reconciler.planning.requirements import Requirement, requirements
from reconciler.planning.scope import ALL, Scope
from reconciler.planning.sends import send_only_jobs
from reconciler.planning.spent import spent
from reconciler.planning.summary import summarise
from reconciler.planning.updates import updates
from reconciler.planning.verdicts import Judged, judge


def make_plan(
    fleet: Fleet,
    snapshot: Snapshot,
    *,
    at: Instant,
    guards: Guards,
    scope: Scope = ALL,
    tool_version: str,
    diagnostics: tuple[Diagnostic, ...] = (),
    source: PlanSource | None = None,
    include_ready: bool = False,
    known: KnownPlan | None = None,
) -> Plan:
    """The plan that closes the gap between the fleet and what the state knows.

    `snapshot` is the state's answer to `wanted_pairs(fleet)`. `diagnostics` are those of the manifests; the plan's own
    warnings are added. With `include_ready` ready pairs are listed, otherwise only counted. `known` is what an earlier
    plan filled, whichever.
    """
    required = requirements(fleet, scope)
    judged = _judged(fleet, snapshot, required, at=at, known=known)
    guarded = Guarded(
        fleet=fleet,
        snapshot=snapshot,
        required=required,
        judged=judged,
        sends=send_only_jobs(judged),
        cancellations=cancellations(fleet, snapshot.open_sends, required=required, judged=judged, scope=scope),
        removals=removals(fleet, snapshot.departed, scope=scope),
    )
    changes = updates(judged)
    estimates = Estimates(at)
    pairs = tuple(planned_pairs(judged, guarded.sends, estimates, known))
    if known is not None:
        known.turn()
    waiting = pairs_by_job(pairs)
    arrivals = estimates.arrivals(judged)
    warnings = late_jobs(fleet, waiting, arrivals)
    beyond = outside(fleet, required, scope)
    left_out = planned_pairs(_judged(fleet, snapshot, beyond, at=at), (), estimates) if beyond else ()
    of_jobs = pairs_by_job((*pairs, *left_out)) if beyond else waiting
    ready = tuple(ready_pairs(fleet, required, judged)) if include_ready else ()
    plan = Plan(
        id=plan_id(
            sends=guarded.sends,
            cancellations=guarded.cancellations,
            updates=changes,
            removals=guarded.removals,
        ),
        tool_version=tool_version,
        created_at=at,
        source=source or PlanSource(fleet_digest=fleet.digest),
        state=PlanState(kind=snapshot.kind, version=snapshot.version, oldest_verification=snapshot.oldest_verification),
        filters=scope.filters,
        summary=summarise(fleet, required, pairs=pairs, sends=guarded.sends, cancellations=guarded.cancellations),
        send_only_jobs=guarded.sends,
        pairs=tuple(sorted((*pairs, *ready), key=_place)) if ready else pairs,
        jobs=tuple(planned_jobs(fleet, required, of_jobs, arrivals, scope=scope)),
        cancellations=guarded.cancellations,
        updates=changes,
        removals=guarded.removals,
        guards=check(guarded, guards, at=at),
        diagnostics=tuple(sorted((*diagnostics, *warnings), key=lambda diagnostic: diagnostic.order)),
    )
    if scope.is_partial or not fleet.whole or plan.refused:
        return plan
    return replace(plan, spent=spent(guarded, at=at))


def _judged(
    fleet: Fleet,
    snapshot: Snapshot,
    required: Mapping[PackageName, Requirement],
    *,
    at: Instant,
    known: KnownPlan | None = None,
) -> tuple[Judged, ...]:
    """The pairs that differ, by package, then site. What was known holds while nobody holds anything."""
    holds = Holds(snapshot.holds, at=at)

    def judge_one(one: Differing) -> tuple[Judged, ...]:
        return judge(pairs_of(one, holds))

    packages = differing(fleet, snapshot, required)
    if known is not None and not holds:
        return known.judged(packages, judge_one)
    return tuple(judged for one in packages for judged in judge_one(one))


def _place(pair: PlannedPair) -> tuple[str, str]:
    return pair.package, pair.site
