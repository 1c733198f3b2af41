"""A pair that is damaged as often as it is healed: somebody, or a failing disk, works against us (sending.md 6)."""

from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.snapshot import Hold, Wanted
from reconciler.planning.holds import Holds
from reconciler.state.protocol import Author, State

HEALS = 3
WITHIN = Seconds(3600)

ACTOR = "reconciler"
"""Who holds such a pair."""

_LOST = ("damaged", "absent", "record-only")
"""What an `observed` event says first (docs/reference/state.md)."""


def hold_if_flapping(state: State, package: PackageName, site: SiteName, *, at: Instant) -> bool:
    """Suspend the pair, whose copy was just found lost, if it healed three times within the hour; True if it did."""
    if heals(state, package, site, at=at) < HEALS:
        return False
    holds = state.snapshot(Wanted(sites=(), packages=())).holds
    if any((hold.package, hold.site) == (package, site) for hold in Holds(holds, at=at).on(package, site)):
        return False
    reason = f"it healed {HEALS} times within an hour and is lost again: see to the store, then resume"
    state.hold(Hold(site=site, package=package, actor=ACTOR, reason=reason, since=at), Author(actor=ACTOR, at=at))
    return True


def heals(state: State, package: PackageName, site: SiteName, *, at: Instant) -> int:
    """How often within the hour an arrival followed a loss; what lies before a hold was lifted is forgiven."""
    count, arrived = 0, False
    for event in state.history(subject=f"pair/{package}@{site}", limit=200):
        if event.at < at - WITHIN or event.action == "released":
            break
        if event.action == "received":
            arrived = True
        elif event.action == "observed" and event.detail.startswith(_LOST) and arrived:
            count, arrived = count + 1, False
    return count
