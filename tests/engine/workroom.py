"""A small fleet on disk and a worker in this process: its clock is the test's, its senders are told what to do."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reconciler.cli.options import Options
from reconciler.cli.workplace import Workplace
from reconciler.engine.packing import source_of
from reconciler.engine.reconcile import plan_fleet, record
from reconciler.engine.working.loop import work
from reconciler.engine.working.means import Means
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant, Seconds
from reconciler.model.settings import Retry, Workers
from reconciler.model.sites import Address
from reconciler.model.snapshot import Send
from reconciler.model.working import WorkerStopped, Working
from reconciler.parcels.listing import forget_source
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author, State, Submission

MONDAY = Instant(int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()))
"""Noon."""

SITE = """\
---
apiVersion: reconciler/v1
kind: Site
metadata: {name: %s}
spec: {parent: HQ, address: {type: directory, path: %s}%s}
"""
PACKAGE = """\
---
apiVersion: reconciler/v1
kind: Package
metadata: {name: %s}
spec:
  origin: HQ
  source: {type: directory, path: %s}
  setups: {inventory: {files: [{name: a}]}}
---
apiVersion: reconciler/v1
kind: Job
metadata: {name: %s-everywhere}
spec: {package: %s, phases: [send], targets: [{under: HQ}], priority: %s}
"""


@dataclass
class Workroom:
    """`sites` are names and further fields of their specs, `packages` names, contents and priorities."""

    folder: Path
    sites: dict[str, str] = field(default_factory=lambda: {"DE1": ""})
    packages: dict[str, tuple[bytes, str]] = field(default_factory=lambda: {"till": (b"MZ" * 500, "medium")})
    now: float = MONDAY
    told: list[Working] = field(default_factory=list)
    senders: Callable[[Sender], Sender] = lambda sender: sender
    """What is laid around the sender of a site's store."""
    depots: Callable[[Sender], Sender] = lambda sender: sender
    """And around that of the depot."""

    def write(self) -> None:
        """The manifests as they are now."""
        text = "apiVersion: reconciler/v1\nkind: Site\nmetadata: {name: HQ}\nspec: {}\n"
        for name, fields in self.sites.items():
            store = self.folder / "stores" / name
            store.mkdir(parents=True, exist_ok=True)
            text += SITE % (name, store, fields and f", {fields}")
        for name, (content, priority) in self.packages.items():
            source = self.folder / "payload" / name
            source.mkdir(parents=True, exist_ok=True)
            (source / "file").write_bytes(content)
            text += PACKAGE % (name, source, name, name, priority)
        (self.folder / "manifests").mkdir(exist_ok=True)
        (self.folder / "manifests" / "fleet.yaml").write_text(text)
        (self.folder / "reconciler.yaml").write_text("apiVersion: reconciler/v1\nkind: Config\nspec: {}\n")

    def place(self) -> Workplace:
        return Workplace(Options(config=str(self.folder / "reconciler.yaml"), quiet=True))

    def fleet(self, *, behind: bool = False) -> Fleet:
        return self.place().read_fleet().fleet

    def state(self) -> State:
        return self.place().open_state(write=True)

    def plan(self) -> Submission:
        """What bare `reconcile` does."""
        self.write()
        place, state = self.place(), self.state()
        try:
            planned = plan_fleet(place.read_fleet(), state, guards=place.settings.guards, at=Instant(int(self.now)))
            return record(planned, state, self.author())
        finally:
            state.close()

    def author(self) -> Author:
        return Author(actor="you", at=Instant(int(self.now)))

    def sends(self) -> dict[tuple[str, str], Send]:
        """The latest row of each pair."""
        state = self.state()
        try:
            return {(send.package, send.site): send for send in state.sends(open_only=False)}
        finally:
            state.close()

    def work(
        self, *, count: int = 1, until_idle: bool = True, stop: Callable[[], bool] = lambda: False
    ) -> WorkerStopped:
        """A worker, until nothing can be claimed."""
        return work(self.means(count=count), until_idle=until_idle, stop=stop)

    def means(self, *, count: int = 1, lease: int = 20) -> Means:
        """What a worker works with."""
        place = self.place()
        return Means(
            worker=this_process(),
            open_state=lambda: place.open_state(write=True),
            fleet=self.fleet,
            open_sender=self._open,
            depot_folder=str(self.folder / "depot"),
            forget_source=lambda package: forget_source(source_of(package), place.cache),
            verifier="here",
            settings=Workers(count=count, lease=Seconds(lease), retry=Retry(first=Seconds(30))),
            author=self.author,
            tell=self.told.append,
            show=lambda _running, _schedule, _packing: None,
            clock=time.monotonic,
            wall=lambda: self.now,
            draw=lambda: 0.5,
        )

    def _open(self, address: Address) -> Sender:
        sender = open_directory(address)
        return (self.senders if "/stores/" in address.path else self.depots)(sender)

    def names(self) -> Sequence[str]:
        """What was told, by the kind of event."""
        return [type(event).__name__ for event in self.told]

    def records(self, site: str = "DE1", package: str = "till") -> list[int]:
        folder = self.folder / "stores" / site / "records" / package
        return sorted(int(path.stem) for path in folder.iterdir()) if folder.is_dir() else []
