"""How far an attempt may go on, and how far it is: shared by the thread that sends and the loop that watches it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event

from reconciler.model.claims import Claim, PutBack
from reconciler.model.instants import Instant
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, SendState

LAST_SECONDS = 5.0
"""What must be left of the lease when a record is written (sending.md 3)."""


class Interrupted(Exception):
    """The attempt stops here: with an outcome to be recorded, or, its claim lost, without any."""

    def __init__(self, outcome: PutBack | None) -> None:
        super().__init__("interrupted")
        self.outcome = outcome


@dataclass(slots=True)
class Course:
    """One attempt on its way. `lease` counts seconds from `renewed`, both on a clock that never goes back.

    `closes_at` is when the window ends in which it travels; the loop that watches sets it anew when windows change.
    """

    claim: Claim
    lease: float
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    renewed: float = 0.0
    closes_at: Instant | None = None
    state: SendState = SendState.SENDING
    bytes_done: int = 0
    bytes_left: int = 0
    moved_at: float = 0.0
    """When it last made headway: one that stands still gives its place to others (L21)."""
    lost: bool = False
    _stop: Event = field(default_factory=Event)
    _outcome: PutBack | None = None

    def __post_init__(self) -> None:
        self.renewed = self.renewed or self.clock()
        self.moved_at = self.moved_at or self.clock()
        self.bytes_left = self.bytes_left or max(self.claim.send.bytes - self.claim.send.bytes_done, 0)

    def interrupt(self, outcome: PutBack) -> None:
        """Ask it to stop at the next chunk; the first asking counts."""
        if not self._stop.is_set():
            self._outcome = outcome
            self._stop.set()

    def lose(self) -> None:
        """Somebody else has the send now, or nobody needs it any more."""
        self.lost = True

    def checkpoint(self) -> None:
        """Raise Interrupted if the attempt must not go on; called between chunks, before anything is published."""
        if self.lost or self.clock() - self.renewed > self.lease / 2:
            # Without renewal for half a lease somebody else may believe us dead (sending.md 5).
            raise Interrupted(None)
        if self._stop.is_set() and self._outcome is not None:
            raise Interrupted(replace(self._outcome, bytes_done=Bytes(self.bytes_done)))
        if self.closes_at is not None and self.wall() >= self.closes_at:
            outcome = PutBack(bytes_done=Bytes(self.bytes_done), cause=Cause.WINDOW, detail="the window closed")
            raise Interrupted(outcome)

    def last_checkpoint(self) -> None:
        """Before the record: the lease must still last (sending.md 3)."""
        self.checkpoint()
        if self.clock() - self.renewed > self.lease - LAST_SECONDS:
            raise Interrupted(None)

    def advance(self, sent: int) -> None:
        """So many more bytes are at the site."""
        self.bytes_done += sent
        self.bytes_left = max(self.bytes_left - sent, 0)
        self.moved_at = self.clock()

    def verifying(self) -> None:
        """All is written; what follows is proof."""
        self.state = SendState.VERIFYING
        self.bytes_left = 0
        self.moved_at = self.clock()
