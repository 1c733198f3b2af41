"""Attempts, each in a thread: the way to the store is laid, the send carried out, and every ending put into words."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from reconciler.engine.depots import Depots, Packed, of_depot, packed_in
from reconciler.engine.sending.assignment import Assignment
from reconciler.engine.sending.attempt import ParcelDamaged, attempt_id, carry_out
from reconciler.engine.sending.course import Interrupted
from reconciler.engine.sending.knowledge import Knowledge
from reconciler.engine.stores.pins import Pins
from reconciler.engine.working.buckets import Buckets
from reconciler.engine.working.means import Means
from reconciler.engine.working.running import Ended, Running
from reconciler.model.claims import BackedOff, Failed, Outcome, PutBack
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.protocol import Hostile, Missing, Sender
from reconciler.senders.recorded import Recorded
from reconciler.senders.retrying import backoff
from reconciler.senders.stoppable import Stoppable
from reconciler.senders.throttled import Throttled
from reconciler.state.protocol import HeldPair, State

ASK_AGAIN = 10
"""Seconds after which a send goes on that the state did not answer: it is no fault of the store."""

_STORE_IS_BACK = PutBack(bytes_done=Bytes(0), detail="the enrolled store is there again; the next pass plans anew")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Begins attempts in `pool`; each gives `ended` exactly one ending, whatever happens."""

    means: Means
    pins: Pins
    depots: Depots
    buckets: Buckets
    pool: Executor
    ended: Callable[[Ended], None]
    knowledge: Knowledge = field(default_factory=Knowledge)

    def begin(self, running: Running, fleet: Fleet) -> None:
        self.pool.submit(self._run, running, fleet)

    def _run(self, running: Running, fleet: Fleet) -> None:
        outcome: Outcome | None = None
        fault: Exception | None = None
        try:
            with ExitStack() as closing:
                assignment = self._assignment(running, fleet, closing)
                outcome = carry_out(assignment) if running.is_wanted else _STORE_IS_BACK
        except Interrupted as interrupted:
            outcome = interrupted.outcome
        except StoreFault as error:
            outcome = self._waits(running, error)
        except ParcelDamaged as error:
            outcome = self._waits(running, StoreFault(Cause.SOURCE_MISSING, str(error)))
        except (Hostile, Missing) as error:
            outcome = self._waits(running, StoreFault(Cause.CORRUPT, f"not as a store should be: {error}"))
        except StateError as error:
            done, until = Bytes(running.course.bytes_done), Instant(self._now() + ASK_AGAIN)
            outcome = PutBack(bytes_done=done, detail=str(error), until=until)
        except Exception as error:  # noqa: BLE001 - a fault of ours stops this send, not its neighbours (L35)
            fault = error
            outcome = self._waits(running, StoreFault(Cause.CORRUPT, f"a fault of reconcile: {error!r}"))
        self.ended(Ended(running=running, outcome=outcome, fault=fault))

    def _waits(self, running: Running, fault: StoreFault) -> BackedOff | Failed:
        seconds = backoff(
            fault.cause,
            running.claim.send.attempts,
            self.means.settings.retry,
            draw=self.means.draw(),
            permanent=fault.permanent,
        )
        if seconds is None:
            return Failed(cause=fault.cause, detail=fault.detail)
        return BackedOff(cause=fault.cause, detail=fault.detail, until=Instant(self._now() + seconds))

    def _assignment(self, running: Running, fleet: Fleet, closing: ExitStack) -> Assignment:
        """The way to the site's store: counted, throttled, and asked at each step whether to go on."""
        site = running.site
        if site.address is None:
            raise StoreFault(Cause.NETWORK, f"site {site.name} has no spec.address")
        sender: Sender = self.means.open_sender(site.address)
        closing.callback(sender.close)
        up, down = self.buckets.of(site.name)
        way = Throttled(Stoppable(Recorded(sender, running.traffic), running.course.checkpoint), up=up, down=down)
        return Assignment(
            course=running.course,
            package=running.package,
            site=site,
            store=self.pins.enter(way, site.name),
            held=running.held,
            at_site=lambda: self._pairs(running),
            living=self._living,
            reserved=lambda: running.reserved,
            packed=lambda: self._packed(running, fleet, closing),
            knowledge=self.knowledge,
            rate=running.rate,
            verifier=self.means.verifier,
            now=self._now,
        )

    def _packed(self, running: Running, fleet: Fleet, closing: ExitStack) -> Packed:
        package, content = running.package, running.claim.send.revision.content
        try:
            depot = self.depots.open(fleet, package.origin)
            closing.callback(depot.sender.close)
            packed = packed_in(depot, package.name, content)
        except (StoreFault, Missing, Hostile) as fault:
            raise StoreFault(Cause.SOURCE_MISSING, of_depot(package.origin, fault)) from fault
        if packed is None:
            raise ParcelDamaged(f"the parcel of {package.name} is no longer in the depot of {package.origin}")
        return packed

    def _pairs(self, running: Running) -> Sequence[HeldPair]:
        with self._state() as state:
            return tuple(state.pairs(site=running.site.name))

    def _living(self) -> frozenset[str]:
        with self._state() as state:
            return frozenset(map(attempt_id, state.claims()))

    @contextmanager
    def _state(self) -> Iterator[State]:
        """A connection of this thread's own, for the few questions that come up on the way."""
        state = self.means.open_state()
        try:
            yield state
        finally:
            state.close()

    def _now(self) -> Instant:
        return Instant(int(self.means.wall()))
