"""`gc`: one store after the other, each while no send can start there; one that is out of reach holds up no other."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.engine.collecting.places import Place, entered
from reconciler.engine.collecting.stock import Reader, Still
from reconciler.engine.collecting.sweep import Sweep, Swept
from reconciler.engine.collecting.tenure import Busy, Taking, tenure
from reconciler.engine.collecting.wishing import in_use, is_packing, wishes_of
from reconciler.model.collection import Collected, Outcome
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant, Seconds
from reconciler.model.sites import Address
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Hostile, Missing, Sender
from reconciler.state.protocol import State

GRACE = Seconds(24 * 3600)
"""So long something lies condemned: longer than anybody sends who may not have known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """What `gc` works with; `taking` is None if nothing is to be written. `tell` is told of each place, before it."""

    fleet: Fleet
    state: State
    open_sender: Callable[[Address], Sender]
    now: Callable[[], Instant]
    taking: Taking | None
    grace: Seconds = GRACE
    tell: Callable[[int, int, str], None] = lambda _done, _total, _name: None


def collect(places: Sequence[Place], work: Collecting) -> Iterator[Collected]:
    """What lies there unreferred; with `taking`, swept away."""
    for done, place in enumerate(places):
        work.tell(done, len(places), place.site.name)
        yield _collected(place, work)
    work.tell(len(places), len(places), "")


def _collected(place: Place, work: Collecting) -> Collected:
    try:
        return _of_place(place, work)
    except Busy as busy:
        return _without(place, Outcome.BUSY, str(busy))
    except StoreFault as fault:
        return _without(place, Outcome.FAILED, f"{fault.cause.value}: {fault.detail}")
    except (Hostile, Missing) as fault:
        return _without(place, Outcome.FAILED, str(fault))


def _of_place(place: Place, work: Collecting) -> Collected:
    site, state = place.site, work.state
    pinned = None if place.beside else state.stores().get(site.name)
    with entered(place, open_sender=work.open_sender, state=state.identity, pinned=pinned) as store:
        if store is None:
            return _without(place, Outcome.EMPTY, "")

        def sweep(still: Still, packing: Callable[[], bool]) -> Sweep:
            return Sweep(
                reader=Reader(store, still),
                wishes=wishes_of(site, work.fleet, state),
                at=work.now(),
                grace=work.grace,
                in_use=in_use(site.name, state, packing=packing),
            )

        taking = work.taking
        if taking is None:
            require_quiet(place, state)
            return _told(place, sweep(lambda: None, lambda: False).look(), work)
        with tenure(state, taking, site.name) as still:
            return _told(place, sweep(still, lambda: is_packing(site.name, work.fleet, state, taking)).run(), work)


def require_quiet(place: Place, state: State) -> None:
    """Raise Busy while a send is on its way: what it writes looks as if nothing referred to it."""
    if any(claim.send.site == place.site.name for claim in state.claims()):
        raise Busy("a send is on its way there")


def _told(place: Place, swept: Swept, work: Collecting) -> Collected:
    since = min((waiting.since for waiting in swept.waiting), default=None)
    return Collected(
        site=place.site.name,
        beside=place.beside,
        outcome=Outcome.READ,
        steps=swept.steps,
        failures=swept.failures,
        waiting=len(swept.waiting),
        waiting_bytes=sum(waiting.bytes for waiting in swept.waiting),
        due=None if since is None else Instant(since + work.grace),
        unsure=swept.unsure,
        strangers=swept.strangers,
    )


def _without(place: Place, outcome: Outcome, detail: str) -> Collected:
    return Collected(site=place.site.name, beside=place.beside, outcome=outcome, detail=detail)
