"""Keeps the leases of a worker's claims, in a thread of its own: never by the loop that moves bytes (sending.md 5)."""

import threading
from collections.abc import Callable, Sequence

from reconciler.engine.sending.course import Course
from reconciler.engine.working.means import Means
from reconciler.model.claims import Beat
from reconciler.model.faults import StateError
from reconciler.model.quantities import Bytes

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
        state = self._means.open_state()
        try:
            while not self._closed.wait(self._every):
                courses = tuple(self._courses())
                began = self._means.clock()
                try:
                    lost = {
                        claim.pair
                        for claim in state.renew(
                            self._means.worker,
                            [_beat(course) for course in courses],
                            self._means.author(),
                            lease=self._means.settings.lease,
                        )
                    }
                except StateError:
                    continue  # The state may come back; half a lease without renewal stops the attempts by itself.
                for course in courses:
                    if course.claim.pair in lost:
                        course.lose()
                    else:
                        course.renewed = began
        finally:
            state.close()


def _beat(course: Course) -> Beat:
    return Beat(
        claim=course.claim,
        state=course.state,
        bytes_done=Bytes(course.bytes_done),
        bytes_left=Bytes(course.bytes_left),
    )
