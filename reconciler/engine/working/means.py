"""What a worker works with: everything of the world that it touches is passed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.claims import Worker
from reconciler.model.fleet import Fleet
from reconciler.model.packages import Package
from reconciler.model.schedule import Schedule
from reconciler.model.settings import Workers
from reconciler.model.sites import Address
from reconciler.model.working import PackingProgress, SendProgress, Working
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import Author, State


class FleetReader(Protocol):
    """Gives the fleet as the manifests are now."""

    def __call__(self, *, behind: bool = False) -> Fleet:
        """With `behind` there are sends of revisions that the last one did not know: sources may have changed, too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """`open_state` is called in each thread that needs one, `fleet` whenever the manifests may have changed.

    `depot_folder` is where origins without an address keep their parcels, `forget_source` drops what is remembered of
    the digests of a package's source, `verifier` names this worker in receipts. `tell` is given
    each event, `show` once in a while how far everything is. `clock` counts seconds and never goes back, `wall` is the
    time of day, `draw` a random number in [0, 1).
    """

    worker: Worker
    open_state: Callable[[], State]
    fleet: FleetReader
    open_sender: Callable[[Address], Sender]
    depot_folder: str
    forget_source: Callable[[Package], None]
    verifier: str
    settings: Workers
    author: Callable[[], Author]
    tell: Callable[[Working], None]
    show: Callable[[Sequence[SendProgress], Schedule, Sequence[PackingProgress]], None]
    clock: Callable[[], float]
    wall: Callable[[], float]
    draw: Callable[[], float]
