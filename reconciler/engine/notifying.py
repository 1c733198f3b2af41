"""Telling people: what is seen goes into the state's outbox, and from there to each notifier, beside passes and sends.

docs/decisions/0021-notifications.md tells why it is done so.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing

from reconciler.engine.delivering import Delivering
from reconciler.engine.news import Passed, Told
from reconciler.engine.sampling import overdue
from reconciler.engine.sightings import of_look, of_pass, of_verifications, of_work
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.notifications import Sighting
from reconciler.model.settings import EventKind, Notifier
from reconciler.model.verification import SiteLook
from reconciler.model.working import Working
from reconciler.state.notices import MARK, change
from reconciler.state.protocol import State
from reconciler.tellers.protocol import Teller
from reconciler.views.counts import count

LOOKED_EVERY = 60.0
"""Seconds between two looks at how old verifications are."""

AGAIN = 5.0
"""Seconds after which the state is asked again if it did not answer."""

GRACE = 2.0
"""Seconds that deliveries under way have at the end: one that is cut off here is made again by the next watch."""

MOST = 10_000
"""Sightings that wait for the state; the oldest of more are dropped. Passes see again what still stands."""


class Notifying:
    """Records and delivers in threads of its own, from when it is made until it is closed.

    Made by the watch that makes the passes, and closed when it loses its turn: a stand-by tells nobody anything. What
    the last one left in the outbox is delivered by the next. `say` is for the log.
    """

    def __init__(
        self,
        *,
        open_state: Callable[[], State],
        open_teller: Callable[[Notifier], Teller],
        notifiers: Sequence[Notifier],
        fleet: Callable[[], Fleet | None],
        say: Callable[[str], None],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._open_state = open_state
        self._open_teller = open_teller
        self._fleet = fleet
        self._say = say
        self._wall = wall
        self._notifiers: tuple[Notifier, ...] = ()
        self._delivering: dict[str, Delivering] = {}
        self._passed: tuple[Passed, Instant] | None = None
        self._seen: deque[Sighting] = deque(maxlen=MOST)
        self._retained: tuple[Notifier, ...] = ()
        self._based: set[EventKind] = set()
        self._wake = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self.configure(notifiers)
        self._thread.start()

    def configure(self, notifiers: Sequence[Notifier]) -> None:
        """These are told from now on; what waits for any other is given up. To be called by one thread at a time."""
        if tuple(notifiers) == self._notifiers:
            return
        self._notifiers = tuple(notifiers)
        wanted = {notifier.name: notifier for notifier in notifiers}
        for name, running in list(self._delivering.items()):
            if wanted.get(name) != running.notifier:
                running.close(0.0)
                del self._delivering[name]
        for name, notifier in wanted.items():
            if name not in self._delivering:
                self._delivering[name] = Delivering(
                    notifier, open_state=self._open_state, open_teller=self._open_teller, say=self._say, wall=self._wall
                )
        self._wake.set()

    def told(self, told: Told) -> None:
        """What the loop tells, each of it; of passes the last one says it all."""
        if self._notifiers and isinstance(told, Passed):
            self._passed = told, self._now()
            self._wake.set()

    def worked(self, event: Working) -> None:
        """What the worker beside the passes tells, each of it."""
        if self._notifiers:
            self._saw(of_work(event))

    def looked(self, look: SiteLook) -> None:
        """What a verification beside the passes found, as it was recorded."""
        if self._notifiers:
            self._saw(of_look(look, at=self._now()))

    def close(self, patience: float) -> None:
        """Record what was seen, within so many seconds; end the deliveries under way. The rest stays in the outbox."""
        until = time.monotonic() + patience
        self._closed = True
        self._wake.set()
        for running in self._delivering.values():
            running.stop()
        self._thread.join(max(until - time.monotonic(), 0.0))
        until = min(until, time.monotonic() + GRACE)
        for running in self._delivering.values():
            running.thread.join(max(until - time.monotonic(), 0.0))

    def _saw(self, sightings: Iterable[Sighting]) -> None:
        found = list(sightings)
        if found:
            self._seen.extend(found)
            self._wake.set()

    def _now(self) -> Instant:
        return Instant(int(self._wall()))

    # In its own thread

    def _run(self) -> None:
        """Whatever happens, it goes on: passes and sends do, too."""
        looked, silent = -LOOKED_EVERY, False
        while not self._closed or self._is_owed():
            self._wake.clear()
            try:
                if self._notifiers or self._retained:
                    due = not self._closed and time.monotonic() - looked >= LOOKED_EVERY
                    self._record(verifications=due)
                    looked = time.monotonic() if due else looked
                silent = False
            except StateError as fault:
                if not silent:
                    self._say(f"notifications wait for the state: {fault}")
                silent = True
            except Exception as fault:  # noqa: BLE001 - a fault of ours must not end what is told of the others
                self._say(f"a fault of reconcile in notifications: {fault!r}")
                self._seen.clear()
                self._passed = None
            if self._closed:
                return
            if not self._wake.is_set() or silent:
                self._wake.wait(AGAIN if silent else LOOKED_EVERY / 4)

    def _is_owed(self) -> bool:
        return bool(self._passed or self._seen)

    def _record(self, *, verifications: bool) -> None:
        """Everything that was seen; what the state does not take is kept."""
        if not (self._is_owed() or self._retained != self._notifiers or verifications):
            return
        with closing(self._open_state()) as state:
            notifiers = self._notifiers
            if self._retained != notifiers:
                given_up = state.retain_notifiers([notifier.name for notifier in notifiers])
                self._retained = notifiers
                if given_up:
                    told = count(given_up, "notification")
                    self._say(f"given up: {told}; the notifiers are not in the settings any more")
            standing = dict(state.standing())
            while self._seen:
                self._note(state, self._seen[0], standing)
                self._seen.popleft()
            passed = self._passed
            if passed is not None:
                for sighting in of_pass(passed[0], standing, at=passed[1]):
                    self._note(state, sighting, standing)
                if self._passed is passed:
                    self._passed = None
            fleet = self._fleet()
            if verifications and fleet is not None:
                late = overdue(fleet, state.verifications(), at=self._wall())
                self._note(state, of_verifications(late, at=self._now()), standing)

    def _note(self, state: State, sighting: Sighting, standing: dict[EventKind, Mapping[str, Instant]]) -> None:
        """Most sightings change nothing, and are not written. `standing` is kept as the state has it."""
        known = standing.get(sighting.kind, {})
        if sighting.kind in self._based:
            known = {**known, MARK: Instant(0)}
        changed = change(sighting, known)
        if not (changed.begun or changed.over):
            return
        told = state.note(sighting, {notifier.name: notifier.events for notifier in self._notifiers})
        if sighting.baseline:
            self._based.add(sighting.kind)
        standing.clear()
        standing.update(state.standing())
        if told:
            for running in list(self._delivering.values()):
                running.wake()
