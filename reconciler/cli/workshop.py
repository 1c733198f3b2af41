"""What a worker of this place works with."""

import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler import wiring
from reconciler.cli.exits import CommandError, InvalidSettings
from reconciler.cli.report import report_all, say
from reconciler.cli.workplace import Workplace
from reconciler.engine.working.means import FleetReader, Means
from reconciler.model.commits import CommitId
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.faults import GitFault, StateError
from reconciler.model.fleet import Fleet
from reconciler.model.looks import Moved
from reconciler.model.packages import Package
from reconciler.state.liveness import boot_seconds, this_process
from reconciler.state.protocol import Author

if TYPE_CHECKING:
    from reconciler.cli.live import Display

EVERY = 2.0
"""Seconds between two looks at the manifests, at the least."""

SHARE = 50
"""Reading them takes at most so small a part of the time."""


def means_of(
    place: Workplace,
    shown: "Display",
    *,
    fleet: FleetReader,
    author: Callable[[], Author],
    count: int | None = None,
) -> Means:
    """`count` sends at a time, else what the settings say; `author` acts because of the commit that `fleet` is of."""
    settings = place.settings.workers
    return Means(
        worker=this_process(),
        open_state=lambda: place.open_state(write=True),
        fleet=fleet,
        open_sender=wiring.open_sender,
        depot_folder=wiring.depot_folder(place.settings.state_url),
        forget_source=lambda package: _forget_source(place, package),
        verifier=f"{os.uname().nodename}/{os.getpid()}",
        settings=settings if count is None else replace(settings, count=count),
        author=author,
        tell=shown.tell,
        show=shown.show,
        clock=boot_seconds,
        wall=time.time,
        draw=random.random,
    )


def _forget_source(place: Workplace, package: Package) -> None:
    from reconciler.engine.packing import source_of
    from reconciler.parcels.listing import forget_source

    forget_source(source_of(package), place.cache)


class FleetNow:
    """The fleet of the manifests as they are now; looked at now and then, read again when they changed (L22).

    With `--rev` it is that of the commit that the revision stands for now. What is wrong is told when it changes.
    Sources are read again too when somebody is `behind`: has a send of a revision that the fleet does not know.
    """

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._look: object = None
        self._told: tuple[Diagnostic, ...] = ()
        self._fault = ""
        self._commit: CommitId | None = None
        self._fleet = self._with_packed(self._read())
        self._due = time.monotonic() + EVERY
        self._reading: threading.Thread | None = None

    def read(self, *, behind: bool = False) -> Fleet:
        """The latest fleet that could be read whole.

        It is read again in a thread of its own: a source that does not answer holds up nobody (L21).
        """
        if time.monotonic() >= self._due and (self._reading is None or not self._reading.is_alive()):
            self._reading = threading.Thread(target=self._refresh, args=(behind,), name="manifests", daemon=True)
            self._reading.start()
        return self._fleet

    def author(self) -> Author:
        """Who works here, because of which commit."""
        return replace(self._place.author(), commit=self._commit)

    def _refresh(self, behind: bool) -> None:
        began = time.monotonic()
        if behind:
            self._look = None
        fault = ""
        try:
            self._fleet = self._with_packed(self._read())
        except (Moved, StateError):
            pass
        except (GitFault, CommandError, InvalidSettings) as error:
            fault = str(error)
            if fault != self._fault:
                say(self._place.options, f"{fault}; what was read before holds")
        self._fault = fault
        ended = time.monotonic()
        self._due = ended + max(EVERY, SHARE * (ended - began))

    def _with_packed(self, fleet: Fleet) -> Fleet:
        """What is elsewhere may be packed, or gone from its depot, at any time."""
        if all(package.content.readable for package in fleet.packages):
            return fleet
        state = self._place.open_state(write=False)
        try:
            return self._place.packed(fleet, state)
        finally:
            state.close()

    def _read(self) -> Fleet:
        revision = self._place.revision
        manifests = self._place.manifests if revision is None else self._place.manifests_at(revision)
        read = manifests.source()
        commit = None if read.commit is None else read.commit.commit
        if (commit, read.look) == self._look:
            return self._fleet
        found = manifests.resolve(read, manifests.declare(read), manifests.content)
        self._look, self._commit = (commit, read.look), commit  # not sooner: a source that moved is read again
        if found.diagnostics != self._told:
            self._told = found.diagnostics
            report_all(found, self._place.options)
        return found.fleet
