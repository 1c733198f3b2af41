"""What sends cost beside the moving of bytes: the recorded jobs of a place of work, carried out into memory.

`python overhead.py FOLDER WORKERS LATENCY` prints sends, CPU seconds, wall seconds, durable commits of the state, and
the seconds of a flush of this disk.
"""

import os
import statistics
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.sending.in_memory import Files, InMemory
from reconciler.cli.live import display
from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in
from reconciler.cli.workshop import FleetNow, means_of
from reconciler.engine.working.loop import work
from reconciler.model.sites import Address
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import State

_DURABLE = frozenset(("claim", "end", "renew", "take", "give_back", "leave", "pin_store"))
"""The methods of a state that a worker calls, each one durable commit."""

_FLUSHES = 50


@dataclass(slots=True)
class Commits:
    """How often any of the worker's threads had the state write something."""

    count: int = 0
    lock: threading.Lock = threading.Lock()


class Counted:
    """A state that counts its durable commits."""

    def __init__(self, state: State, commits: Commits) -> None:
        self._state = state
        self._commits = commits

    def __getattr__(self, name: str) -> Any:
        if name in _DURABLE:
            with self._commits.lock:
                self._commits.count += 1
        return getattr(self._state, name)


def main() -> None:
    """Carry out everything that is recorded, the depot in memory and without latency."""
    folder, workers, latency = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    flush = seconds_of_a_flush(folder)
    os.chdir(folder)
    place = work_in(Options(quiet=True))
    commits = Commits()
    stores: dict[str, Files] = {}

    def open_sender(address: Address) -> Sender:
        depot = "depot" in address.path
        return InMemory(stores.setdefault(address.path, Files()), latency=0.0 if depot else latency)

    with display(Options(quiet=True), live=False) as shown:
        now = FleetNow(place)
        means = means_of(place, shown, count=workers, fleet=now.read, author=now.author)
        counted = replace(
            means,
            open_sender=open_sender,
            open_state=lambda: Counted(means.open_state(), commits),
            tell=lambda _: None,
        )
        cpu, wall = time.process_time(), time.perf_counter()
        stopped = work(counted, until_idle=True, stop=lambda: False)
        print(stopped.sums.arrived, time.process_time() - cpu, time.perf_counter() - wall, commits.count, flush)


def seconds_of_a_flush(folder: str) -> float:
    """The median of appending 4 KiB to a file and flushing it: what one durable commit costs at the least."""
    path = os.path.join(folder, "flushed")
    taken = []
    with open(path, "wb", buffering=0) as stream:
        for _ in range(_FLUSHES):
            stream.write(bytes(4096))
            began = time.perf_counter()
            os.fdatasync(stream.fileno())
            taken.append(time.perf_counter() - began)
    os.unlink(path)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
