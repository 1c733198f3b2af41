"""Fetching the branch of a repository elsewhere beside the passes of `watch`."""

import time
from collections.abc import Callable

from reconciler.cli.report import say
from reconciler.cli.workplace import Workplace
from reconciler.engine.fetching import Fetching
from reconciler.git.following import Clone

FIRST_FETCH = 60.0
"""Seconds after which passes begin with what was fetched before, if the repository does not answer."""


class FetchBeside:
    """Fetches in a thread of its own until it is closed; `fetched` gets the fault of each attempt, "" for none."""

    def __init__(
        self, place: Workplace, clone: Clone, *, poll: Callable[[], float], fetched: Callable[[str], None]
    ) -> None:
        self._options = place.options
        self._fetched = fetched
        self._fault = ""
        self._fetching = Fetching(clone, poll=poll, tell=self._tell)
        self.url = clone.url
        self.nearby = self._fetching.nearby
        self.touched = self._fetching.touched

    def wait_for_the_first(self, *, stop: Callable[[], bool], beat: Callable[[], None]) -> None:
        """Until it ended, but not for ever: passes go on from what an earlier one brought, if any."""
        until = time.monotonic() + FIRST_FETCH
        while not (self._fetching.was_tried() or stop()) and time.monotonic() < until:
            beat()

    def close(self) -> None:
        """Begin no other fetch."""
        self._fetching.close()

    def _tell(self, fault: str) -> None:
        """A fault once, until another comes or it is over."""
        self._fetched(fault)
        if fault and fault != self._fault:
            say(self._options, f"cannot fetch: {fault}; going on with what was fetched before")
        elif self._fault and not fault:
            say(self._options, "fetching works again")
        self._fault = fault
