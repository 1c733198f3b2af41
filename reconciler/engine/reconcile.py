"""One pass: fleet and state to a plan, and the plan, audited, into the state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler import __version__
from reconciler.engine.manifests import FleetRead
from reconciler.engine.scope import Narrowing
from reconciler.model.acknowledgements import Acknowledgement, GuardName
from reconciler.model.commits import Provenance
from reconciler.model.faults import AuditError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant, Seconds
from reconciler.model.plan import Plan, PlanSource
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Snapshot
from reconciler.planning.audit import audit
from reconciler.planning.guards import acknowledge
from reconciler.planning.planner import make_plan
from reconciler.planning.wanted import wanted_pairs
from reconciler.state.journal import pass_of
from reconciler.state.protocol import Author, State, Submission

ACKNOWLEDGED_FOR = Seconds(24 * 3600)
"""An acknowledgement is void after a day (cli.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan and what it was made from."""

    plan: Plan
    read: FleetRead
    snapshot: Snapshot
    guards: Guards

    def audit(self) -> None:
        """Raise AuditError if the second pair of eyes finds a law broken."""
        broken = audit(self.plan, self.read.fleet, self.snapshot, guards=self.guards)
        if broken:
            raise AuditError(
                f"plan {self.plan.id} breaks {'; '.join(broken)}; nothing was recorded, please report this"
            )


def plan_fleet(
    read: FleetRead,
    state: State,
    *,
    guards: Guards,
    at: Instant,
    narrowing: Narrowing | None = None,
    include_ready: bool = False,
) -> Planned:
    """The plan that closes the gap between the fleet and the state at this instant. Writes nothing.

    Depots are asked for what cannot be read here, before the plan, which is pure.
    """
    read = read.with_packed(state)
    snapshot = state.snapshot(wanted_pairs(read.fleet), None if read.remembered is None else read.remembered.pairs)
    return plan_of(read, snapshot, guards=guards, at=at, narrowing=narrowing, include_ready=include_ready)


def plan_of(
    read: FleetRead,
    snapshot: Snapshot,
    *,
    guards: Guards,
    at: Instant,
    narrowing: Narrowing | None = None,
    include_ready: bool = False,
) -> Planned:
    """The same of a look at the state that was taken before; it is of what this fleet wants."""
    fleet, commit = read.fleet, read.commit()
    plan = make_plan(
        fleet,
        snapshot,
        at=at,
        guards=guards,
        scope=(narrowing or Narrowing()).scope(fleet),
        tool_version=__version__,
        diagnostics=read.diagnostics,
        source=_source(fleet, commit),
        include_ready=include_ready,
        known=None if read.remembered is None else read.remembered.plan,
    )
    return Planned(plan=plan, read=read, snapshot=snapshot, guards=guards)


def record(planned: Planned, state: State, author: Author) -> Submission:
    """Audit the plan and record what it does; a refused one leaves only the pass behind.

    Every event names the commit that the plan was made from.
    """
    planned.audit()
    author = because_of(planned.plan, author)
    if planned.plan.refused:
        state.record_pass(pass_of(planned.plan, author))
        return Submission()
    return state.submit(planned.plan, author)


def because_of(plan: Plan, author: Author) -> Author:
    """The author, acting because of the plan's commit; files that are not as it has them are of no commit."""
    return author if plan.source.dirty else replace(author, commit=plan.source.commit)


def _source(fleet: Fleet, commit: Provenance | None) -> PlanSource:
    if commit is None:
        return PlanSource(fleet_digest=fleet.digest)
    return PlanSource(fleet_digest=fleet.digest, commit=commit.commit, branch=commit.branch, dirty=commit.dirty)


def with_acknowledgements(plan: Plan, held: Sequence[Acknowledgement], *, at: Instant) -> Plan:
    """A saved plan, its guards looked at again in the light of what may pass now."""
    return replace(plan, guards=tuple(acknowledge(result, held, at=at) for result in plan.guards))


def acknowledgement(plan: Plan, guard: GuardName, *, reason: str, author: Author) -> Acknowledgement:
    """What lets exactly the actions of this plan pass this guard."""
    result = next(result for result in plan.guards if result.name is guard)
    return Acknowledgement(
        plan=plan.id,
        guard=guard,
        actions=result.actions,
        actor=author.actor,
        reason=reason,
        at=author.at,
        expires=Instant(author.at + ACKNOWLEDGED_FOR),
    )
