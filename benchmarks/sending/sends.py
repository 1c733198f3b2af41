"""Everything that is measured about sending, in turns: one round of each content and number of sites after another."""

import os
import tempfile
import time
from dataclasses import dataclass

from benchmarks.commands import PYTHON, environment
from benchmarks.measure import Command, Usage, run
from benchmarks.sending import contents
from benchmarks.sending.fan_out import FIRST, FanOut
from benchmarks.sending.runs import Runs
from benchmarks.sending.scale import SMALL_FILE, Scale
from benchmarks.sending.workplace import Workplace, work

SETTLED = 2.1
"""Seconds until a file that was just written may be remembered by its digest."""

LARGE, SMALL = "large", "small"
WORKERS = 8
BIG_FILE, MANY_FILES = "one big file", "many small files"
OVERHEAD, SLOW = "sends into memory", "sends into memory, 50 ms an operation"
LATENCY = 0.05
COMMITS, FLUSH = "durable commits a send", "seconds of a flush"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A folder with contents, and the runs."""

    root: str
    scale: Scale
    runs: Runs

    def source(self, title: str) -> str:
        return os.path.join(self.root, "sources", title)


def measure(scale: Scale, *, folder: str | None = None) -> Runs:
    """Make the contents and measure; `folder` is the disk that is measured, else that of temporary files."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=folder) as root:
        bench = Bench(root=root, scale=scale, runs=Runs(variables=environment(os.path.join(root, "cache"))))
        contents.write_large(bench.source(LARGE), scale.large)
        contents.write_small(bench.source(SMALL), scale.small, SMALL_FILE)
        time.sleep(SETTLED)
        for number in range(max(scale.sites.values())):
            _round(bench, number)
        _memory(bench, BIG_FILE)
        _memory(bench, MANY_FILES)
        _overhead(bench)
        return bench.runs


def _round(bench: Bench, number: int) -> None:
    for title in (LARGE, SMALL):
        for sites, rounds in bench.scale.sites.items():
            if number < rounds:
                given = {"runs": bench.runs, "title": title, "source": bench.source(title), "root": bench.root}
                fan_out = FanOut(**given, sites=sites, workers=WORKERS)  # type: ignore[arg-type]
                fan_out.once()
                if sites == 1:
                    fan_out.changes()


def _memory(bench: Bench, title: str) -> None:
    """Peak memory of a worker that packs and sends something large, once."""
    source = bench.source(title)
    if title == BIG_FILE:
        contents.write_file(source, bench.scale.file)
    else:
        contents.write_many(source, bench.scale.many)
    with tempfile.TemporaryDirectory(dir=bench.root) as folder:
        place = Workplace(folder=folder, sites=1, variables=bench.runs.variables)
        place.make()
        place.require(os.path.join(source, "1"))
        place.record()
        place.arrived(bench.runs.timed(title, FIRST, work(WORKERS), folder))


def _overhead(bench: Bench) -> None:
    """CPU and commits of many sends at once; and what workers gain where each answer takes its time."""
    for _ in range(max(bench.scale.sites.values())):
        _into_memory(bench, OVERHEAD, sends=bench.scale.sends, sites=min(50, bench.scale.sends), workers=8, latency=0.0)
    for workers in (1, 8):
        sends = bench.scale.slow_sends
        _into_memory(bench, SLOW, sends=sends, sites=sends, workers=workers, latency=LATENCY)


def _into_memory(bench: Bench, section: str, *, sends: int, sites: int, workers: int, latency: float) -> None:
    with tempfile.TemporaryDirectory(dir=bench.root) as folder:
        place = Workplace(folder=folder, sites=sites, variables=bench.runs.variables)
        place.make()
        for number in range(sends // sites):
            source = os.path.join(folder, "sources", str(number))
            contents.write_file(source, 10_000 + number)
            place.require(os.path.join(source, "1"), package=f"P{number:03}")
        place.record()
        os.sync()
        module = "benchmarks.sending.overhead"
        arguments = (PYTHON, "-m", module, folder, str(workers), str(latency))
        usage, told = run(Command(name=section, arguments=arguments, folder=_HERE), bench.runs.variables)
        arrived, cpu, wall, commits, flush = map(float, told.split())
        if arrived != sends:
            raise RuntimeError(f"{section}: {arrived:g} of {sends} sends arrived")
        name = with_workers(workers)
        bench.runs.add(section, name, Usage(cpu=cpu / sends, wall=wall / sends, peak_kib=usage.peak_kib))
        bench.runs.moved(section, COMMITS, commits / sends)
        bench.runs.moved(section, FLUSH, flush)


def with_workers(count: int) -> str:
    return f"{count} {'worker' if count == 1 else 'workers'}, one send"


_HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
