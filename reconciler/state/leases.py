"""How long a lease lasts, and in which order workers are told; the same for every state."""

from reconciler.model.claims import WorkerSeen
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.state.liveness import BootTime

FORGOTTEN_AFTER = 86_400
"""Seconds without a word, and the next worker that comes lets a dead one be forgotten."""


def ends(now: BootTime, lease: Seconds) -> BootTime:
    """When a lease that begins now is over."""
    return BootTime(now + lease * 1000)


def site_taken(thing: str) -> SiteName | None:
    """The site that is taken, if it is one."""
    kind, _, name = thing.partition("/")
    return SiteName(name) if kind == "site" else None


def by_life(seen: WorkerSeen) -> tuple[bool, int, str]:
    """Living ones first, then those seen last."""
    return not seen.alive, -seen.seen, seen.worker.id
