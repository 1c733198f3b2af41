"""Carrying out the sends beside the passes of `watch`, by the manifests of the last pass."""

import threading
from collections.abc import Callable
from dataclasses import replace

from reconciler.cli.live import display
from reconciler.cli.report import say
from reconciler.cli.workplace import Workplace
from reconciler.cli.workshop import means_of
from reconciler.engine.passes import Reconciling
from reconciler.engine.working.loop import work
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.working import Working
from reconciler.state.protocol import Author

FIRST_PASS = 0.2
"""Seconds between two looks whether the first pass was made: without manifests nothing is sent."""

AGAIN = 5.0
"""Seconds after which the state is opened again if it could not be, or whatever else was the matter."""


class WorkBeside:
    """A worker in a thread of its own, until `stop` says so or it is closed."""

    def __init__(
        self,
        place: Workplace,
        reconciling: Reconciling,
        *,
        stop: Callable[[], bool],
        heard: Callable[[Working], None],
    ) -> None:
        self._place = place
        self._reconciling = reconciling
        self._stop = stop
        self._heard = heard
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        self._thread.start()

    def close(self, patience: float) -> None:
        """Put back what runs, within so many seconds."""
        self._closed.set()
        self._thread.join(patience)

    def _run(self) -> None:
        while not self._is_over():
            if self._reconciling.fleet is None:
                self._closed.wait(FIRST_PASS)
                continue
            try:
                with display(self._place.options, live=False) as shown:
                    means = means_of(self._place, shown, fleet=self._fleet, author=self._author)
                    means = replace(means, tell=self._both(means.tell))
                    work(means, until_idle=False, stop=self._is_over)
            except StateError as fault:
                say(self._place.options, str(fault))
                self._closed.wait(AGAIN)
            except Exception as fault:  # noqa: BLE001 - the passes go on, and so must the sends
                say(self._place.options, f"a fault of reconcile: {fault!r}")
                self._closed.wait(AGAIN)

    def _fleet(self, *, behind: bool = False) -> Fleet:  # noqa: ARG002 - passes look at sources anyway
        fleet = self._reconciling.fleet
        if fleet is None:
            raise ValueError("no pass was made yet")
        return fleet

    def _author(self) -> Author:
        return replace(self._place.author(), commit=self._reconciling.commit)

    def _both(self, tell: Callable[[Working], None]) -> Callable[[Working], None]:
        def told(event: Working) -> None:
            tell(event)
            self._heard(event)

        return told

    def _is_over(self) -> bool:
        return self._stop() or self._closed.is_set()
