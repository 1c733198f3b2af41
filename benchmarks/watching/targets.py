"""What P9 promises against what was measured; its limits are absolute, so the machine is named beside them."""

import statistics
from collections.abc import Sequence

from benchmarks.targets import Target
from benchmarks.watching.changes import Reaction
from benchmarks.watching.watches import SETTLE, Figures

SLOPE = 256.0
"""KiB that a watcher may grow by in a thousand commits; 64 MiB would be full after 100,000 or so."""

FOLLOWED = 2_000
"""Commits that memory is followed over at the least: it comes in steps, and a step in a short run is a steep line."""


def targets(figures: Figures) -> list[Target]:
    """All of them; ratios hold on other machines too, times as long as nothing else runs."""
    commits, files, storm = figures.commits, figures.files, figures.storm
    found = [
        _ms("P9 a commit, median", median(commits.reactions), 100.0),
        _ms("P9 a commit, 95 of 100", worst(commits.reactions), 300.0),
        _ms("P9 a save, median, beside the settle window", median(files.reactions) - SETTLE, 150.0),
        Target(name=f"P9 plans for a checkout of {storm.files:,} files", value=storm.plans, limit=1.0, unit=""),
        Target(name="P9 pairs lost in it", value=storm.lost, limit=0.0, unit=""),
    ]
    for what, watched in (("commits", commits), ("files", files)):
        found += [
            Target(name=f"P9 idle, of a core, on {what}", value=100 * watched.idle, limit=0.5, unit="%"),
            Target(name=f"P9 memory, idle, on {what}", value=watched.resident_kib / 1024, limit=64.0, unit="MiB"),
        ]
    if len(figures.resident) < FOLLOWED:
        return found
    slope = slope_of(figures.resident)
    name = f"P9 growth over {len(figures.resident):,} commits, a thousand of them"
    return [*found, Target(name=name, value=slope, limit=SLOPE, unit="KiB")]


def median(reactions: Sequence[Reaction]) -> float:
    return statistics.median(one.seconds for one in reactions)


def worst(reactions: Sequence[Reaction]) -> float:
    """The time that 95 of 100 keep."""
    ordered = sorted(one.seconds for one in reactions)
    return ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]


def slope_of(resident: Sequence[int]) -> float:
    """KiB a thousand commits: the straight line nearest to the second half, as the first fills what is kept."""
    later = resident[len(resident) // 2 :]
    return 1000 * statistics.linear_regression(range(len(later)), later).slope


def _ms(name: str, seconds: float, limit: float) -> Target:
    return Target(name=name, value=1000 * seconds, limit=limit, unit="ms")
