"""One `watch` makes the passes of a state, the others stand by and take over when it is gone.

Who that is, the state says (`take`, decision 0016): a process that died is seen at once on its own host, one that hangs
or was stopped when its lease is over. Whoever slept that long asks before it records, and so learns of it. Should it
fall asleep between the two, its record is compared with what the state holds by then, as any other is (L8).
"""

import contextlib
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from reconciler.engine.heartbeat import Heartbeat
from reconciler.model.claims import WATCH, Worker, WorkerId, WorkerSeen
from reconciler.model.faults import StateError
from reconciler.model.instants import Seconds
from reconciler.state.protocol import Author, State
from reconciler.views.workers import process_text, watched_text

LEASE = Seconds(15)
"""How long nobody takes over from a watch that says nothing."""

RENEWED = 4.0
"""Seconds between two renewals."""

LOOKED = 2.0
"""Seconds between two looks whether the other is still there."""


class TurnLost(Exception):
    """Another watch makes the passes now: nothing more is to be recorded, and the stand-by begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How a watch has its turn: as `worker`, which is nobody else's, at the state that `open_state` opens.

    `wait` sleeps for so many seconds, or less if it is to stop; `tell` is for people.
    """

    worker: Worker
    open_state: Callable[[], State]
    author: Callable[[], Author]
    wait: Callable[[float], object]
    tell: Callable[[str], None]


class Turn:
    """The state is this watch's until it is closed, or lost. A thread of its own renews that while the loop beats."""

    def __init__(self, watching: Watching, heart: Heartbeat) -> None:
        self._watching = watching
        self._heart = heart
        self._lost = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="turn", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def is_lost(self) -> bool:
        """Whether another is known to have taken over."""
        return self._lost

    def confirm(self, state: State) -> None:
        """Ask, just before something is recorded in this state; raises TurnLost."""
        if self._lost or not _take(self._watching, state):
            self._lost = True
            raise TurnLost

    def close(self) -> None:
        """The next one may begin at once; when this process ends, if the state keeps us waiting.

        May be called twice.
        """
        self._closed.set()
        self._thread.join(timeout=LOOKED)

    def _keep(self) -> None:
        """A fault of the state may pass; nobody can take over meanwhile, or `confirm` says who did."""
        while not (self._lost or self._closed.wait(RENEWED)):
            if not self._heart.is_beating():
                continue
            with contextlib.suppress(StateError), closing(self._watching.open_state()) as state:
                if not _take(self._watching, state):
                    self._lost = True  # and never found again: whoever lost it may have read what is old by now
        with contextlib.suppress(StateError), closing(self._watching.open_state()) as state:
            state.leave(self._watching.worker)


def stand_by(watching: Watching, heart: Heartbeat, *, stop: Callable[[], bool]) -> Turn | None:
    """Wait for the turn of this watch; None if it is stopped before. Who has it meanwhile is told once."""
    waited_for: WorkerSeen | None = None
    told = ""
    while not stop():
        heart.beat()
        text = ""
        try:
            with closing(watching.open_state()) as state:
                other = _other(state, watching.worker.id)
                if other is None and _take_over(watching, state):
                    if waited_for is not None:
                        watching.tell(f"watching now, in place of {process_text(waited_for.worker)}")
                    return Turn(watching, heart)
                waited_for = other or waited_for
                text = "" if other is None else watched_text(other, at=watching.author().at)
        except StateError as fault:
            text = str(fault)
        if text and text != told:
            watching.tell(text)
        told = text or told
        watching.wait(LOOKED)
    return None


def _other(state: State, own: WorkerId) -> WorkerSeen | None:
    """Who watches, if it lives."""
    return next((seen for seen in state.workers() if seen.watches and seen.alive and seen.worker.id != own), None)


def _take_over(watching: Watching, state: State) -> bool:
    """Whoever is gone is forgotten; whoever loses a race to another was never there."""
    for seen in state.workers():
        if seen.watches and not seen.alive:
            state.leave(seen.worker)
    if _take(watching, state):
        return True
    state.leave(watching.worker)
    return False


def _take(watching: Watching, state: State) -> bool:
    """Take or renew."""
    return state.take(watching.worker, WATCH, watching.author(), lease=LEASE)
