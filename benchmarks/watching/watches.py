"""All that is measured of watchers, one thing after the other, on one generated repository."""

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.commands import environment
from benchmarks.planning import SETTLED
from benchmarks.sizes import SIZES
from benchmarks.watching.bare import floors
from benchmarks.watching.changes import Watched, committed, memory_over, saved
from benchmarks.watching.place import make_place
from benchmarks.watching.scale import Scale
from benchmarks.watching.stages import Stages, in_process
from benchmarks.watching.storm import Storm, checked_out

SETTLE = 2.0
"""Seconds of the window of two looks at files, as the settings have it unless they say another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`resident` is memory in KiB after each commit of the long run; `floors` are wall seconds by name."""

    pairs: int
    stages: Stages
    commits: Watched
    files: Watched
    storm: Storm
    resident: tuple[int, ...]
    floors: Mapping[str, tuple[float, ...]]


def measure(scale: Scale) -> Figures:
    """Generate, watch, change, count."""
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as root:
        variables = dict(environment(os.path.join(root, "cache")))
        place = make_place(os.path.join(root, "place"), SIZES[scale.pairs], variables)
        time.sleep(SETTLED)
        stages = in_process(place, rounds=scale.rounds)
        commits = committed(place, commits=scale.commits, warm=scale.warm, idle=scale.idle)
        return Figures(
            pairs=scale.pairs,
            stages=stages,
            commits=commits,
            floors=floors(place, rounds=scale.rounds),
            files=saved(place, saves=scale.saves, warm=1, idle=scale.idle),
            resident=memory_over(place, scale.slope),
            storm=checked_out(os.path.join(root, "storm"), files=scale.storm, variables=variables),
        )
