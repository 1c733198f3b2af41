"""Verification beside the passes of `watch`: each store is read as often as its site says, a few at a time.

Whose turn it is, `planning/rounds.py` says, from what the state knows: whatever verified a site counts, a send and a
`reconcile verify` too. A look is that of `verify`: its rates hold, windows do not bind it, drift that it finds is
recorded and healed by the next pass (L34).
"""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from reconciler.engine.verifying.patrol import PATIENCE, Abandoned
from reconciler.engine.verifying.verify import Means, verify
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.sites import Address
from reconciler.model.snapshot import Wanted
from reconciler.model.verification import SiteLook
from reconciler.planning.rounds import Due, Tried, as_read, due
from reconciler.senders.protocol import Sender
from reconciler.senders.stoppable import Stoppable
from reconciler.state.protocol import Author, State

AT_ONCE = 4
"""Stores that are read at a time; half of the places are kept for sites that answered last time (L21)."""

EVERY = 20.0
"""Seconds between two questions whose turn it is."""

LEAST = 0.2
"""Seconds between two looks whether the first pass was made."""

SHARE = 100
"""Asking takes at most so small a part of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touring:
    """What the rounds work with. `fleet` gives that of the last pass, None before the first.

    `tell` gets each look once it is recorded, `say` what is the matter with the state; both in the rounds' own thread.
    """

    open_state: Callable[[], State]
    open_sender: Callable[[Address], Sender]
    fleet: Callable[[], Fleet | None]
    now: Callable[[], Instant]
    author: Callable[[], Author]
    tell: Callable[[SiteLook], None]
    say: Callable[[str], None]
    patience: float = PATIENCE
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A look that is over; `looks` is empty, and `fault` says why, if the state did not take it."""

    due: Due
    began: Instant
    looks: tuple[SiteLook, ...] = ()
    fault: str = ""


class Rounds:
    """Reads stores in threads of its own until it is closed."""

    def __init__(self, touring: Touring) -> None:
        self._touring = touring
        self._queue: list[Due] = []
        self._running: dict[SiteName, Due] = {}
        self._tried: dict[SiteName, Tried] = {}
        self._said = ""
        self._asked_again_at = 0.0
        self._ended: queue.SimpleQueue[_Ended | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._looks: list[threading.Thread] = []
        self._thread = threading.Thread(target=self._run, name="rounds", daemon=True)
        self._thread.start()

    def close(self, patience: float) -> None:
        """Break off what runs, within so many seconds: nothing of it is recorded, and it is still due the next time."""
        until = time.monotonic() + patience
        self._closed.set()
        self._ended.put(None)
        self._thread.join(patience)
        for look in self._looks:
            look.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._ask()
                self._begin()
            except StateError as fault:
                self._say(str(fault))
            except Exception as fault:  # noqa: BLE001 - the passes go on, and so must the rounds
                self._say(f"a fault of reconcile: {fault!r}")
            self._hear()

    def _ask(self) -> None:
        """Whose turn it is, by the state and the manifests as they are now."""
        began = time.monotonic()
        fleet = self._touring.fleet()
        if began < self._asked_again_at or fleet is None:
            return
        self._asked_again_at = began + EVERY
        with closing(self._touring.open_state()) as state:
            verified = state.verifications()
            holds = state.snapshot(Wanted(sites=(), packages=())).holds
        self._queue = due(fleet.sites, verified, tried=self._tried, holds=holds, at=self._touring.now())
        self._tried = {each.site.name: self._tried[each.site.name] for each in self._queue if each.tried}
        self._asked_again_at = began + max(EVERY, SHARE * (time.monotonic() - began))
        self._said = ""

    def _begin(self) -> None:
        """Look where it is time, as far as there are places."""
        fleet, now = self._touring.fleet(), self._touring.now()
        for each in [one for one in self._queue if one.at <= now]:
            if fleet is None or len(self._running) >= self._touring.at_once:
                return
            if each.site.name in self._running or not self._has_place(each):
                continue
            self._queue.remove(each)
            self._running[each.site.name] = each
            look = threading.Thread(target=self._look, args=(each, fleet), name="verification", daemon=True)
            self._looks = [*(one for one in self._looks if one.is_alive()), look]
            look.start()

    def _has_place(self, each: Due) -> bool:
        in_vain = sum(one.tried > 0 for one in self._running.values())
        return not each.tried or in_vain < max(1, self._touring.at_once // 2)

    def _hear(self) -> None:
        """Wait for a look to end, but not beyond the next turn."""
        try:
            ended = self._ended.get(timeout=self._pause())
        except queue.Empty:
            return
        if ended is None:
            return
        name = ended.due.site.name
        del self._running[name]
        self._queue = [each for each in self._queue if each.site.name != name]  # until it is asked for again
        self._tried[name] = Tried(times=ended.due.tried + 1, began=ended.began, ended=self._touring.now())
        self._say(ended.fault)
        for look in ended.looks:
            self._touring.tell(look)

    def _pause(self) -> float:
        waits = [self._asked_again_at - time.monotonic()]
        if len(self._running) < self._touring.at_once:
            now = self._touring.now()
            waits += [float(each.at - now) for each in self._queue if each.at > now]
        return min(max(min(waits), LEAST), EVERY)

    def _look(self, each: Due, fleet: Fleet) -> None:
        """In a thread of its own, with a state of its own."""
        began, fault = self._touring.now(), ""
        looks: tuple[SiteLook, ...] = ()
        try:
            with closing(self._touring.open_state()) as state:
                looks = tuple(verify((as_read(each.site),), fleet, state, self._means(), write=True))
        except Abandoned:
            return
        except StateError as error:
            fault = str(error)
        except Exception as error:  # noqa: BLE001 - or its place would never be free again
            fault = f"a fault of reconcile: {error!r}"
        self._ended.put(_Ended(due=each, began=began, looks=looks, fault=fault))

    def _means(self) -> Means:
        touring = self._touring
        return Means(
            open_sender=lambda address: Stoppable(touring.open_sender(address), self._still),
            now=touring.now,
            author=touring.author,
            shown=lambda _done, _read: self._still(),
            patience=touring.patience,
        )

    def _still(self) -> None:
        """Raise Abandoned once it is closed; asked at each step of each look, and once a second."""
        if self._closed.is_set():
            raise Abandoned

    def _say(self, text: str) -> None:
        """What is the matter, once."""
        if text and text != self._said:
            self._touring.say(text)
        self._said = text or self._said
