"""The promises about sending against what was measured: ratios of medians of one run, no absolute time."""

from collections.abc import Iterator

from benchmarks.sending import fan_out
from benchmarks.sending.fan_out import section
from benchmarks.sending.runs import Runs
from benchmarks.sending.sends import COMMITS, LARGE, OVERHEAD, SLOW, SMALL, with_workers
from benchmarks.targets import Target

MANY = 50
MEMORY = 200.0


def targets(runs: Runs) -> list[Target]:
    """What performance.md promises of sending; what has no peer on this machine is left out."""
    return [*_bytes(runs), *_times(runs), *_sameness(runs), *_memory(runs), *_overhead(runs)]


def _bytes(runs: Runs) -> Iterator[Target]:
    for title in (LARGE, SMALL):
        for name, peer, limit in (
            (fan_out.FIRST, fan_out.RSYNC_Z_FIRST, 1.0),
            (fan_out.SECOND, fan_out.RSYNC_Z_SECOND, 1.1),
        ):
            ours, theirs = (runs.row(section(title, 1), each).moved for each in (name, peer))
            if ours and theirs:
                yield Target(
                    name=f"S1 bytes, {title}, {name}, against rsync -z", value=ours / theirs, limit=limit, unit="x"
                )


def _times(runs: Runs) -> Iterator[Target]:
    for place, found in runs.found.items():
        if fan_out.RSYNC in found:
            yield Target(
                name=f"S2 wall time, {place}, against rsync -a",
                value=runs.row(place, fan_out.FIRST).measured.wall / runs.row(place, fan_out.RSYNC).measured.wall,
                limit=4.0 if place in (section(LARGE, 1), section(SMALL, 1)) else 1.0,
                unit="x",
            )
    for title in (LARGE, SMALL):
        for name, what in ((fan_out.RSYNC_Z_SECOND, "both sides"), (fan_out.RSYNC_SOURCE, "the sources alone")):
            if name in runs.found.get(section(title, 1), {}) and section(title, MANY) in runs.found:
                one = runs.row(section(title, 1), name).measured.cpu
                ours = runs.row(section(title, MANY), fan_out.SECOND).measured.cpu
                yield Target(
                    name=f"S1 CPU of version 2, {title}, {MANY} sites, against {what} of {MANY} rsync -z",
                    value=ours / (MANY * one),
                    limit=0.33,
                    unit="x",
                )


def _sameness(runs: Runs) -> Iterator[Target]:
    """One worker, so that a site's time is its own."""
    for title in (LARGE, SMALL):
        place = section(title, MANY)
        if place in runs.found:
            again, idle = (runs.row(place, name).measured for name in (fan_out.AGAIN, fan_out.IDLE))
            per_site = (again.wall - idle.wall) / MANY * 1000
            yield Target(name=f"S1 the same revision again, {title}, a site", value=per_site, limit=100.0, unit="ms")


def _memory(runs: Runs) -> Iterator[Target]:
    """The highest peak of a worker in each section."""
    for place, found in runs.found.items():
        peaks = [use.peak_kib for name in (fan_out.FIRST, fan_out.SECOND) for use in found.get(name, ())]
        if peaks:
            yield Target(name=f"S5 peak memory, {place}", value=max(peaks) / 1024, limit=MEMORY, unit="MiB")


def _overhead(runs: Runs) -> Iterator[Target]:
    cpu = runs.row(OVERHEAD, with_workers(8)).measured.cpu * 1000
    yield Target(name="S6 CPU of a send into memory, 8 workers", value=cpu, limit=4.0, unit="ms")
    commits = runs.row(OVERHEAD, COMMITS).moved or 0.0
    yield Target(name="S6 durable commits of a send", value=commits, limit=2.0, unit="")
    one, eight = (runs.row(SLOW, with_workers(count)).measured.wall for count in (1, 8))
    yield Target(name="S6 8 workers against one, 50 ms an operation", value=eight / one, limit=0.143, unit="x")
