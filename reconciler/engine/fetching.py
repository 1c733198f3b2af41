"""Asking a remote repository for new commits, beside the passes: one that does not answer holds up nobody (L21)."""

import threading
import time
from collections.abc import Callable, Collection

from reconciler.git.following import BranchMissing, Clone
from reconciler.model.faults import GitFault

SLICE = 1.0
"""Seconds after which it is asked again how long to rest."""


class Fetching:
    """Fetches every `poll()` seconds, and whenever the branch moved in a repository on this machine, until closed.

    What arrives is seen by whoever watches the clone; `tell` is given how each attempt ended (`fetch`), from a
    thread of its own.
    """

    def __init__(self, clone: Clone, *, poll: Callable[[], float], tell: Callable[[str], None]) -> None:
        self._clone = clone
        self._poll = poll
        self._tell = tell
        self._nearby = frozenset(clone.origin_files())
        self._wanted = threading.Event()
        self._tried = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="fetch", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it fetches from."""
        return self._clone.url

    @property
    def nearby(self) -> tuple[str, ...]:
        """Files of the repository fetched from, if it is on this machine: touched, they are worth a fetch."""
        return tuple(sorted(self._nearby))

    def touched(self, paths: Collection[str]) -> None:
        """Fetch now if one of these tells that the branch moved."""
        if not self._nearby.isdisjoint(paths):
            self._wanted.set()

    def was_tried(self) -> bool:
        """Whether the first attempt has ended."""
        return self._tried.is_set()

    def close(self) -> None:
        """Begin no other fetch; one that is under way is left to end by itself."""
        self._closed = True
        self._wanted.set()

    def _run(self) -> None:
        while not self._closed:
            self._wanted.clear()
            self._tell(fetch(self._clone))
            self._tried.set()
            self._rest()

    def _rest(self) -> None:
        """Until it is time again, which may be sooner than it was when the rest began."""
        began = time.monotonic()
        while (left := began + self._poll() - time.monotonic()) > 0:
            if self._wanted.wait(min(left, SLICE)):
                return


def fetch(clone: Clone) -> str:
    """One attempt: why it failed, "" if it did not.

    A branch that is not there was asked for without fault: whoever looks at the clone sees it.
    """
    try:
        clone.fetch()
    except BranchMissing:
        return ""
    except GitFault as fault:
        return str(fault) or "git failed"
    return ""
