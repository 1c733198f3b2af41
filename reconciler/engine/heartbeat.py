"""Whether a loop still turns, for whoever would replace it: a stand-by, or systemd."""

import threading
import time
from collections.abc import Callable

STILL = 60.0
"""Seconds without a turn, and without any work of the loop's thread, after which it hangs."""

LONGEST = 6 * 3600.0
"""Seconds that one turn may work: the first pass reads every source."""


def work_of_this_thread() -> Callable[[], float]:
    """Seconds of processor time that the calling thread has used; to be asked by any."""
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: time.clock_gettime(clock)


class Heartbeat:
    """Beaten by a loop at each turn, asked by other threads every few seconds. It belongs to the thread that makes it.

    A pass that reads large sources takes long and is no hang: its thread uses the processor, if only a little. One that
    waits for a file system which never answers uses none.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, worked: Callable[[], float] | None = None
    ) -> None:
        self._clock = clock
        self._worked = worked or work_of_this_thread()
        self._beaten_at = self._worked_at = clock()
        self._work = self._worked()

    def beat(self) -> None:
        """The loop turns."""
        self._beaten_at = self._clock()

    def is_beating(self) -> bool:
        """Whether the loop turned a short time ago, or works on a long turn."""
        now, work = self._clock(), self._worked()
        if work != self._work:
            self._work, self._worked_at = work, now
        since = now - self._beaten_at
        return since < STILL or (since < LONGEST and now - self._worked_at < STILL)
