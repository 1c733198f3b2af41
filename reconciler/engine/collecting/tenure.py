"""Having a site for oneself: while it lasts, no send is claimed there (sending.md 7)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.model.claims import Worker
from reconciler.model.faults import StateError
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.state.protocol import Author, State


class Busy(Exception):
    """A send is on its way to the site, or somebody else has it for himself; or it was lost meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How sites are taken: by `worker`, for a lease that a thread of its own renews. `clock` never goes back."""

    worker: Worker
    open_state: Callable[[], State]
    author: Callable[[], Author]
    lease: Seconds
    clock: Callable[[], float]


@dataclass(slots=True)
class Tenure:
    """`still` raises Busy once the lease may have run out: whatever was found before counts no more."""

    taking: Taking
    site: SiteName
    renewed: float
    lost: bool = False
    closed: threading.Event = field(default_factory=threading.Event)

    def still(self) -> None:
        """Called before each step."""
        if self.lost or self.taking.clock() - self.renewed > self.taking.lease:
            raise Busy(f"site {self.site} was held no longer, as its lease ran out; the rest is left for the next time")

    def keep(self) -> None:
        """Renew until it is closed; in a thread of its own, so that no slow store costs the lease."""
        state = self.taking.open_state()
        try:
            while not self.closed.wait(self.taking.lease / 4):
                began = self.taking.clock()
                try:
                    if not take(state, self.taking, self.site):
                        self.lost = True
                        return
                except StateError:
                    continue  # It may come back before the lease is over.
                self.renewed = began
        finally:
            state.close()


def take(state: State, taking: Taking, site: SiteName) -> bool:
    """Take or renew."""
    return state.take(taking.worker, f"site/{site}", taking.author(), lease=taking.lease)


@contextmanager
def tenure(state: State, taking: Taking, site: SiteName) -> Iterator[Callable[[], None]]:
    """The site is ours while the block runs; raises Busy. What it gives is to be called before each step."""
    began = taking.clock()
    if not take(state, taking, site):
        raise Busy("a send is on its way there, or another process has the site for itself")
    tenure = Tenure(taking, site, began)
    thread = threading.Thread(target=tenure.keep, name="lease", daemon=True)
    thread.start()
    try:
        yield tenure.still
    finally:
        tenure.closed.set()
        thread.join(timeout=taking.lease)
        state.give_back(taking.worker, f"site/{site}")
