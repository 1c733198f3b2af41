"""One package to many directory sites: the first version, the second, its setup alone, and the same revision again.

A round is a place of work of its own, measured step after step and then removed: what 50 sites hold does not lie beside
what the next 50 hold.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.commands import PYTHON
from benchmarks.measure import Command, Usage, run
from benchmarks.sending import rsync
from benchmarks.sending.runs import Runs
from benchmarks.sending.workplace import Workplace, work

FIRST, SECOND, AGAIN, IDLE = "first send", "version 2", "the same revision again", "nothing to do"
RSYNC, RSYNC_FSYNC = "rsync -a", "rsync -a --fsync"
RSYNC_Z_FIRST, RSYNC_Z_SECOND = "rsync -z, first", "rsync -z, version 2"
RSYNC_SOURCE = "rsync -z, version 2, its source"
PACKING = "packing alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut:
    """One content, in `source`/1 and `source`/2, to some sites with some workers; all under `root`."""

    runs: Runs
    title: str
    source: str
    sites: int
    workers: int
    root: str

    @property
    def section(self) -> str:
        return section(self.title, self.sites)

    def once(self) -> None:
        """One round: ours, then rsync."""
        self._in_a_folder(self._ours)
        if rsync.is_here():
            for name, options in ((RSYNC, ("-a",)), (RSYNC_FSYNC, ("-a", "--fsync"))):
                self._in_a_folder(partial(self._rsync, name, options))

    def changes(self) -> None:
        """One round to one site as over a network, for bytes and CPU at the source; and packing alone."""
        self._in_a_folder(self._over_a_pipe)
        self._in_a_folder(self._packing)

    def _in_a_folder(self, step: Callable[[str], None]) -> None:
        folder = os.path.join(self.root, "round")
        os.makedirs(folder)
        try:
            step(folder)
        finally:
            shutil.rmtree(folder)

    def _ours(self, folder: str) -> None:
        place = Workplace(folder=folder, sites=self.sites, variables=self.runs.variables)
        place.make()
        first, second = (os.path.join(self.source, version) for version in ("1", "2"))
        place.require(first)
        self._work(place, FIRST, self.workers)
        place.require(second)
        self._work(place, SECOND, self.workers)
        place.require(second, run="other.exe")
        place.record()
        run(Command(name=SECOND, arguments=work(self.workers), folder=folder), self.runs.variables)
        place.require(second)
        self._work(place, AGAIN, 1)
        self.runs.timed(self.section, IDLE, work(1), folder)

    def _work(self, place: Workplace, name: str, workers: int) -> None:
        place.record()
        told = self.runs.timed(self.section, name, work(workers), place.folder)
        self.runs.moved(self.section, name, place.arrived(told))

    def _rsync(self, name: str, options: tuple[str, ...], folder: str) -> None:
        targets = [os.path.join(folder, f"S{number:04}") for number in range(1, self.sites + 1)]
        self.runs.timed(
            self.section, name, rsync.in_parallel(os.path.join(self.source, "1"), targets, *options), folder
        )

    def _over_a_pipe(self, folder: str) -> None:
        if not rsync.is_here():
            return
        target = os.path.join(folder, "site")
        for name, version in ((RSYNC_Z_FIRST, "1"), (RSYNC_Z_SECOND, "2")):
            command = rsync.over_a_pipe(os.path.join(self.source, version), target)
            self.runs.moved(self.section, name, rsync.sent(self.runs.timed(self.section, name, command, folder)))
        whole = self.runs.found[self.section][RSYNC_Z_SECOND][-1]
        source = Usage(cpu=whole.cpu - rsync.remote_cpu(target), wall=whole.wall, peak_kib=whole.peak_kib)
        self.runs.add(self.section, RSYNC_SOURCE, source)

    def _packing(self, folder: str) -> None:
        os.sync()
        module = "benchmarks.sending.packing_alone"
        command = Command(
            name=PACKING, arguments=(PYTHON, "-m", module, os.path.join(self.source, "1"), folder), folder=_HERE
        )
        usage, told = run(command, self.runs.variables)
        cpu, wall = map(float, told.split())
        self.runs.add(self.section, PACKING, Usage(cpu=cpu, wall=wall, peak_kib=usage.peak_kib))


def section(title: str, sites: int) -> str:
    """Where the runs of a content to so many sites stand."""
    return f"{title}, {sites} {'site' if sites == 1 else 'sites'}"


_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
