"""What a worker would do now, without doing it."""

from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.schedule import Schedule
from reconciler.model.snapshot import Wanted
from reconciler.planning.scheduling import make_schedule
from reconciler.state.protocol import State


def schedule_now(fleet: Fleet, state: State, *, at: Instant) -> Schedule:
    """Which open sends may be claimed now, and why the others wait."""
    holds = state.snapshot(Wanted(sites=(), packages=())).holds
    return make_schedule(fleet, state.sends(), holds=holds, claims=state.claims(), packed=frozenset(), at=at)
