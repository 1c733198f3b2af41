"""A review: the plans of two fleets, from one look at the state."""

from collections.abc import Sequence

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import plan_of
from reconciler.engine.scope import Narrowing
from reconciler.model.instants import Instant
from reconciler.model.review import Base, Review
from reconciler.model.settings import Guards
from reconciler.model.snapshot import Snapshot
from reconciler.planning.review import review
from reconciler.planning.wanted import wanted_pairs
from reconciler.state.protocol import State

LOOKS = 5
"""How often it is tried to see the same version of the state twice, while workers keep changing it."""


class Unsteady(Exception):
    """The state never was the same for both plans."""


def review_fleets(
    before: FleetRead,
    after: FleetRead,
    state: State,
    *,
    base: Base,
    guards: Guards,
    at: Instant,
    narrowing: Narrowing,
) -> Review:
    """What the change from one fleet to the other does to the plan of this instant. Writes nothing.

    Raises Unsteady, and NothingMatches for a filter that neither fleet knows.
    """
    narrowing = narrowing.of_either(before.fleet, after.fleet)
    reads = before.with_packed(state), after.with_packed(state)
    snapshots = _at_rest(state, reads)
    was, becomes = (
        plan_of(
            read, snapshot, guards=guards, at=at, narrowing=narrowing, include_ready=narrowing.selector is not None
        ).plan
        for read, snapshot in zip(reads, snapshots, strict=True)
    )
    return review(base, before=was, after=becomes)


def _at_rest(state: State, reads: Sequence[FleetRead]) -> Sequence[Snapshot]:
    """What the state knows of what each fleet wants, of one version of it; raises Unsteady."""
    for _ in range(LOOKS):
        snapshots = [state.snapshot(wanted_pairs(read.fleet)) for read in reads]
        if len({snapshot.version for snapshot in snapshots}) == 1:
            return snapshots
    raise Unsteady("the state changed between the two looks at it, time and again")
