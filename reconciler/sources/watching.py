"""Watching files with watchdog: when to look again, never what to believe.

Events are a hint. What changed is found by looking (L39), and whoever waits looks at everything once a minute, as
events get lost: by an overflow, over a network file system, beyond a limit of the system.
"""

import contextlib
import errno
import logging
import os
import queue
import threading
import time
from collections.abc import Callable

from watchdog import events
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from reconciler.sources.changes import Cause, Change, Watched
from reconciler.sources.places import Places
from reconciler.sources.targets import Target, targets_of

POLLED_EVERY = 10.0
"""Seconds between two looks where the system cannot watch everything."""

CHECKED_EVERY = 30.0
"""Seconds after which the watches are checked against what stands there now, even if nothing was told."""

MOST = 1000
"""Watches; each one costs a thread."""

_PROBE = "/proc/self/fdinfo"
"""A folder nobody watches: watching it fails when the limit is reached, which watchdog passes over in subfolders."""

_TOLD = ("moved", "created", "deleted", "modified", "closed", "attrib")
_FILTER: list[type[FileSystemEvent]] = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, FileSystemEvent) and kind.event_type in _TOLD
    if kind is not events.DirModifiedEvent
]
"""Not `opened` and `closed_no_write`: reading would wake the reader. Nor what only echoes an event in its folder."""


class FileWatching(FileSystemEventHandler):
    """A `Watcher` of folders and files. `wait`, `replace` and `notices` belong to one thread, `close` to any."""

    def __init__(self, watched: Watched) -> None:
        self._lock = threading.Lock()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._touched: set[str] = set()
        self._overflow = False
        self._stale = False
        self._closed = False
        self._next_poll: float | None = None
        self._notices: list[str] = []
        self._watches: dict[Target, ObservedWatch] = {}
        self._dead: set[str] = set()
        self._watched = Watched(manifests=())
        self._places = Places.of(self._watched)
        self._checked = 0.0
        self._complaints = _Complaints(self._lost)
        self._observer = self._start()
        self.replace(watched)

    def wait(self, timeout: float) -> Change:
        """See `Watcher`. A signal handler may run meanwhile: nothing here holds a lock while it sleeps."""
        ends = time.monotonic() + timeout
        while True:
            change = self._take()
            now = time.monotonic()
            if change is not None or now >= ends:
                return change or Change(cause=Cause.TIMEOUT)
            wakes = ends if self._next_poll is None else min(ends, self._next_poll)
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=max(0.0, wakes - now))

    def replace(self, watched: Watched) -> None:
        """See `Watcher`. What is newly watched counts as touched: it may have changed before."""
        now = time.monotonic()
        if watched == self._watched and not self._stale and now - self._checked < CHECKED_EVERY:
            return
        self._checked = now
        self._watched = watched
        self._places = Places.of(watched)
        # A root may come or go while the watches are set: twice is enough, later events say the rest.
        for _ in range(2):
            self._stale = False
            if not self._apply(targets_of(watched)):
                break
            self._probe()
            with self._lock:
                self._touched.update(self._places.all)
            self._signal()

    def notices(self) -> tuple[str, ...]:
        """See `Watcher`."""
        told, self._notices = tuple(self._notices), []
        return told

    def close(self) -> None:
        """See `Watcher`."""
        self._closed = True
        self._signal()
        self._complaints.detach()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=5)

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog's thread."""
        touched: frozenset[str] = frozenset()
        for path in {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} - {""}:
            touched |= self._places.touched(path)
            if path in self._places.roots or path in self._places.above:
                self._stale = True
                if event.event_type in ("deleted", "moved"):
                    self._dead.add(path)
        if touched:
            with self._lock:
                self._touched |= touched
            self._signal()

    def _lost(self) -> None:
        self._overflow = self._stale = True
        self._signal()

    def _signal(self) -> None:
        """What is waited for is set before, so one token is enough."""
        if self._wake.empty():
            self._wake.put(None)

    def _take(self) -> Change | None:
        if self._closed:
            return Change(cause=Cause.STOPPED)
        with self._lock:
            touched, self._touched = frozenset(self._touched), set()
        if self._overflow:
            self._overflow = False
            return Change(cause=Cause.OVERFLOW, touched=self._places.all)
        if self._next_poll is not None and time.monotonic() >= self._next_poll:
            self._next_poll = time.monotonic() + POLLED_EVERY
            touched = self._places.all
        return Change(cause=Cause.CHANGED, touched=touched) if touched else None

    def _start(self) -> BaseObserver | None:
        try:
            observer = Observer()
        except OSError as fault:
            self._poll(fault)
            return None
        observer.start()
        return observer

    def _apply(self, targets: frozenset[Target]) -> bool:
        """Whether a watch was added."""
        if self._observer is None:
            return False
        dead, self._dead = self._dead, set()
        for target in [known for known in self._watches if known not in targets or known.path in dead]:
            self._observer.unschedule(self._watches.pop(target))
        added = False
        for target in sorted(targets - self._watches.keys(), key=lambda target: target.path):
            if len(self._watches) >= MOST:
                self._poll(OSError(errno.ENOSPC, f"more than {MOST} folders to watch"))
                break
            try:
                self._watches[target] = self._observer.schedule(
                    self, target.path, recursive=target.recursive, event_filter=_FILTER
                )
                added = True
            except OSError as fault:
                if fault.errno in (errno.ENOSPC, errno.EMFILE):
                    self._poll(fault)
                    break
                self._stale = True
        return added

    def _probe(self) -> None:
        """Whether the limit is reached without a word."""
        if self._observer is None or self._next_poll is not None or not os.path.isdir(_PROBE):
            return
        try:
            self._observer.unschedule(self._observer.schedule(self, _PROBE, event_filter=_FILTER))
        except OSError as fault:
            self._poll(fault)

    def _poll(self, fault: OSError) -> None:
        if self._next_poll is None:
            self._next_poll = time.monotonic() + POLLED_EVERY
            self._notices.append(
                f"cannot watch every folder ({fault.strerror}): looking every {POLLED_EVERY:.0f} s instead; "
                "raise fs.inotify.max_user_watches or max_user_instances, then restart"
            )


class _Complaints(logging.Handler):
    """Watchdog tells of an overflow in its log alone."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost
        self._logger = logging.getLogger("watchdog")
        self._logger.setLevel(logging.WARNING)
        self._logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Called by watchdog's threads."""
        if "overflow" in record.getMessage().lower():
            self._lost()

    def detach(self) -> None:
        self._logger.removeHandler(self)
