"""Verifying: each site's store is read, and the state learns how it differs from what it knew (sending.md 6)."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.engine.verifying.look import Known, look_at, not_read
from reconciler.engine.verifying.patrol import AT_ONCE, PATIENCE, Pulse, Question, Shown, patrol
from reconciler.engine.verifying.recording import record
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Address, Site
from reconciler.model.stores import StoreFault
from reconciler.model.verification import SiteLook
from reconciler.senders.bucket import Bucket
from reconciler.senders.protocol import Sender
from reconciler.senders.recorded import Recorded
from reconciler.senders.stoppable import Stoppable
from reconciler.senders.throttled import Throttled
from reconciler.state.protocol import Author, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a look at the stores works with. `rate` is for each site, which may have a lower one of its own (L22)."""

    open_sender: Callable[[Address], Sender]
    now: Callable[[], Instant]
    author: Callable[[], Author]
    shown: Shown
    deep: bool = False
    rate: BitsPerSecond | None = None
    patience: float = PATIENCE
    at_once: int = AT_ONCE


def verify(sites: Sequence[Site], fleet: Fleet, state: State, means: Means, *, write: bool) -> Iterator[SiteLook]:
    """Look at each site that has an address; the looks as they come, recorded if `write`."""

    def question(site: Site) -> Question:
        known = known_of(site.name, fleet, state)
        return lambda pulse: asked(
            site, known, means, pulse, lambda way: look_at(site, way, known, at=means.now(), deep=means.deep)
        )

    looks = patrol(sites, question, shown=means.shown, patience=means.patience, at_once=means.at_once)
    for look in looks:
        yield record(look, state, means.author()) if write else look.without_effect()


def known_of(site: SiteName, fleet: Fleet, state: State) -> Known:
    """What the state knows of a site, asked just before the site is: the marks are those of then."""
    return Known(
        state=state.identity,
        pinned=state.stores().get(site),
        pairs=tuple(state.pairs(site=site)),
        in_flight=frozenset(send.package for send in state.sends_to(site)),
        packages=tuple(package.name for package in fleet.packages),
    )


def asked(site: Site, known: Known, means: Means, pulse: Pulse, look: Callable[[Sender], SiteLook]) -> SiteLook:
    """The look through the way to the site: counted, throttled, beating at each step."""
    if site.address is None:
        raise ValueError(f"site {site.name} has no address to be asked at")
    try:
        sender = means.open_sender(site.address)
    except StoreFault as fault:
        return not_read(site.name, fault, known)
    try:
        bucket = Bucket(lambda: _bytes_per_second(site, means.rate), clock=time.monotonic, sleep=time.sleep)
        way = Throttled(Stoppable(Recorded(sender, pulse.traffic), pulse.beat), up=bucket, down=bucket)
        return replace(look(way), bytes=pulse.traffic.down)
    finally:
        sender.close()


def _bytes_per_second(site: Site, rate: BitsPerSecond | None) -> float | None:
    rates = [given for given in (rate, site.limits.rate) if given is not None]
    return min(rates) / 8 if rates else None
