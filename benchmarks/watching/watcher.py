"""A running `reconcile watch`: started, asked what it has used, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.commands import RECONCILE, CommandFailed
from benchmarks.watching.place import Place

STARTED_WITHIN = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Watcher:
    """Its process; what it prints goes to `output`."""

    process: "subprocess.Popen[Any]"
    output: str

    def cpu(self) -> float:
        """CPU seconds of the process and of what it started and that has ended."""
        return self.own_cpu() + self.children_cpu()

    def own_cpu(self) -> float:
        """As the scheduler counted them: to the nanosecond, while ticks are of 10 ms."""
        total = 0
        folder = f"/proc/{self.process.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/schedstat", encoding="ascii") as stream:
                total += int(stream.read().split()[0])
        return total / 1e9

    def children_cpu(self) -> float:
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stream:
            fields = stream.read().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / _TICKS

    def resident_kib(self) -> int:
        """Memory it has now."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("VmRSS:"))

    def lines(self) -> Sequence[str]:
        with open(self.output, encoding="utf-8") as stream:
            return stream.read().splitlines()

    def check(self) -> None:
        """Raise CommandFailed if it has ended."""
        if self.process.poll() is not None:
            raise CommandFailed((RECONCILE, "watch"), self.process.returncode, "\n".join(self.lines()))


@contextmanager
def watching(place: Place, *options: str) -> Iterator[Watcher]:
    """A watcher at this place that records and leaves the sends to others."""
    output = os.path.join(place.folder, ".reconciler", "watch.out")
    with open(output, "w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [RECONCILE, "watch", "--no-work", "-o", "ndjson", *options],
            cwd=place.folder,
            env=place.variables,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    watcher = Watcher(process, output)
    try:
        yield watcher
        watcher.check()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def rest(watcher: Watcher, *, for_: float = 0.3, within: float = STARTED_WITHIN) -> None:
    """Wait until it has used no CPU to speak of for a while; raises CommandFailed and TimeoutError."""
    until = time.monotonic() + within
    used = watcher.cpu()
    while time.monotonic() < until:
        time.sleep(for_)
        watcher.check()
        now = watcher.cpu()
        if now - used < 0.05 * for_:
            return
        used = now
    raise TimeoutError(f"the watcher does not come to rest within {within:g} s")
