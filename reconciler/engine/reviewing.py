"""A review: the plans of two fleets, from one look at the state."""

from reconciler.engine.manifests import FleetRead
from reconciler.engine.reconcile import plan_fleet
from reconciler.engine.scope import Narrowing
from reconciler.model.instants import Instant
from reconciler.model.review import Base, Review
from reconciler.model.settings import Guards
from reconciler.planning.review import review
from reconciler.state.protocol import State

LOOKS = 5
"""How often both plans are made before a state that workers keep changing is said to move too much."""


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
    for _ in range(LOOKS):
        was, becomes = (plan_fleet(read, state, guards=guards, at=at, narrowing=narrowing) for read in (before, after))
        if was.plan.state.version == becomes.plan.state.version:
            return review(base, before=was.plan, after=becomes.plan)
    raise Unsteady("the state changed between the two plans, time and again")
