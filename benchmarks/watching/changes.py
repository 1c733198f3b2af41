"""One manifest changed: committed under a watcher of commits, or saved under a watcher of files."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.sizes import SEED
from benchmarks.watching.place import Place
from benchmarks.watching.recorded import Recorded
from benchmarks.watching.watcher import Watcher, rest, watching

MANIFEST = "manifests/packages/P00001.yaml"
JOB = "manifests/jobs/P00001.yaml"
_RUN = "setup.exe /quiet"
_CHANGE = "CHG"

PAUSE = 0.2, 0.5
"""Seconds between two changes, by chance, so that they meet the watcher at any moment of its rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """To one change: seconds until the send-only job stood in the state, and CPU seconds of the watcher for it."""

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one watcher did: `idle` is the share of a core while nothing changed, memory as it was then."""

    reactions: tuple[Reaction, ...]
    idle: float
    resident_kib: int


def committed(place: Place, *, commits: int, warm: int, idle: float) -> Watched:
    """Commits that change the setup of one package: the send that is open for it is superseded each time.

    So as many pairs wait after the last as after the first.
    """

    def change(text: str) -> Callable[[], None]:
        commit = place.commit(MANIFEST, text)
        return lambda: place.move(commit)

    with watching(place) as watcher:
        return _measured(place, watcher, change, count=commits, warm=warm, idle=idle)


def saved(place: Place, *, saves: int, warm: int, idle: float) -> Watched:
    """The same as plain saves of the file."""
    with watching(place, "--files") as watcher:
        return _measured(
            place, watcher, lambda text: lambda: place.save(MANIFEST, text), count=saves, warm=warm, idle=idle
        )


def _measured(
    place: Place,
    watcher: Watcher,
    change: Callable[[str], Callable[[], None]],
    *,
    count: int,
    warm: int,
    idle: float,
) -> Watched:
    chance = random.Random(SEED)
    text = place.read(MANIFEST)
    rest(watcher, for_=1.0)
    recorded = Recorded(place.state)
    try:
        found = []
        for number in range(warm + count):
            act = change(text.replace(_RUN, f"{_RUN} {chance.getrandbits(64):x}"))
            rest(watcher)
            time.sleep(chance.uniform(*PAUSE))
            found.append(_reaction(watcher, recorded, act))
            if number % 10 == 0:
                watcher.check()
        rest(watcher)
        share = _idle(watcher, idle)
        return Watched(reactions=tuple(found[warm:]), idle=share, resident_kib=watcher.resident_kib())
    finally:
        recorded.close()
        place.save(MANIFEST, text)


def _reaction(watcher: Watcher, recorded: Recorded, act: Callable[[], None]) -> Reaction:
    before, used = recorded.last_job(), watcher.cpu()
    began = time.monotonic()
    act()
    ended = recorded.rises(recorded.last_job, before, check=watcher.check)
    rest(watcher, for_=0.1)
    return Reaction(seconds=ended - began, cpu=watcher.cpu() - used)


def _idle(watcher: Watcher, seconds: float) -> float:
    used, began = watcher.cpu(), time.monotonic()
    time.sleep(seconds)
    return (watcher.cpu() - used) / (time.monotonic() - began)


def memory_over(place: Place, commits: int) -> tuple[int, ...]:
    """Memory in KiB after each of so many commits, every one of which is reconciled and sends nothing.

    What they change is a label of a job: the state does not grow with them, so nothing else may.
    """
    text = place.read(JOB)
    sizes = []
    with watching(place) as watcher:
        rest(watcher, for_=1.0)
        recorded = Recorded(place.state)
        try:
            for number in range(commits):
                commit = place.commit(JOB, text.replace(_CHANGE, f"{_CHANGE}{number}-"))
                before = recorded.last_pass()
                place.move(commit)
                recorded.rises(recorded.last_pass, before, check=watcher.check)
                sizes.append(watcher.resident_kib())
        finally:
            recorded.close()
    return tuple(sizes)
