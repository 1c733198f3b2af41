"""Keeps the leases of a worker's claims, in a thread of its own: never by the loop that moves bytes (sending.md 5)."""

import contextlib
import threading
from collections.abc import Callable, Sequence

from reconciler.engine.sending.course import Course
from reconciler.engine.working.means import Means
from reconciler.model.claims import Beat
from reconciler.model.quantities import Bytes
from reconciler.state.protocol import State

EVERY = 5.0
"""Seconds between two renewals, with the default lease."""


class Keeper:
    """Renews every few seconds until it is closed; tells a course whose claim is lost."""

    def __init__(self, means: Means, courses: Callable[[], Sequence[Course]]) -> None:
        self._means = means
        self._courses = courses
        self._closed = threading.Event()
        self._every = min(EVERY, means.settings.lease / 4)
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop renewing; may be called twice."""
        self._closed.set()
        self._thread.join(timeout=self._every)

    def _keep(self) -> None:
        """A fault may pass, whatever it is; half a lease without renewal stops the attempts by itself."""
        state: State | None = None
        try:
            while not self._closed.wait(self._every):
                with contextlib.suppress(Exception):  # or all that runs, and all that ever will, would be given up
                    state = state or self._means.open_state()
                    self._renew(state)
        finally:
            if state is not None:
                state.close()

    def _renew(self, state: State) -> None:
        courses = tuple(self._courses())
        began = self._means.clock()
        beats = [_beat(course) for course in courses]
        claims = state.renew(self._means.worker, beats, self._means.author(), lease=self._means.settings.lease)
        lost = {claim.pair for claim in claims}
        for course in courses:
            if course.claim.pair in lost:
                course.lose()
            else:
                course.renewed = began


def _beat(course: Course) -> Beat:
    return Beat(
        claim=course.claim,
        state=course.state,
        bytes_done=Bytes(course.bytes_done),
        bytes_left=Bytes(course.bytes_left),
    )
