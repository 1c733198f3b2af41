"""A rate that several sends share, in one direction (L22)."""

import threading
from collections.abc import Callable

SLICE = 0.1
"""Seconds of the rate that go at a time: so long until a new rate holds."""

CREDIT = 0.5
"""Seconds of the rate that may be made up for after a pause, a flush for example."""


class Bucket:
    """Hands out bytes no faster than `rate` says, in bytes a second (above 0; None for no limit).

    It is asked for each slice, so a change holds at once. Any number of threads may share a bucket: one for each site
    and direction. `clock` and `sleep` are in seconds.
    """

    def __init__(
        self, rate: Callable[[], float | None], *, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()
        """When the next byte may go."""

    def take(self, wanted: int) -> int:
        """How many of the bytes wanted may go now, at least one; waits until then."""
        with self._lock:
            rate = self._rate()
            if rate is None:
                return wanted
            now = self._clock()
            granted = min(wanted, max(1, int(rate * SLICE)))
            starts = max(self._next, now - CREDIT)
            self._next = starts + granted / rate
        if starts > now:
            self._sleep(starts - now)
        return granted

    def take_all(self, wanted: int) -> None:
        """Wait until all the bytes wanted may have gone."""
        while wanted > 0:
            wanted -= self.take(wanted)
