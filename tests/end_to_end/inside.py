"""The loop of a worker within this process: senders and clocks are a test's own."""

import contextlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.cli.app import run
from reconciler.cli.options import Options
from reconciler.cli.workplace import work_in
from reconciler.cli.workshop import FleetNow, means_of
from reconciler.engine.working.loop import work
from reconciler.engine.working.means import Means
from reconciler.model.instants import Instant
from reconciler.model.working import WorkerStopped, Working
from reconciler.state.protocol import Author
from tests.end_to_end.crew import Crew


class Silent:
    """A display that keeps what it is told, and when by the test's clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.told: list[Working] = []
        self.at: list[float] = []
        self._clock = clock

    def tell(self, event: Working) -> None:
        self.told.append(event)
        self.at.append(self._clock())

    def show(self, *_: object) -> None:
        pass


@dataclass
class Inside:
    """A crew whose workers run here. `later` seconds are added to the time of day."""

    crew: Crew
    later: float = 0.0
    clock: Callable[[], float] = time.monotonic
    shown: Silent = field(init=False)

    def __post_init__(self) -> None:
        self.shown = Silent(self.clock)

    @contextlib.contextmanager
    def in_fleet(self) -> Any:
        """In the folder of the manifests."""
        before = os.getcwd()
        os.chdir(self.crew.fleet)
        try:
            yield
        finally:
            os.chdir(before)

    def reconcile(self, *arguments: str) -> str:
        """The output of a command that must go well."""
        out, err = io.StringIO(), io.StringIO()
        with self.in_fleet(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            assert run(arguments) == 0, err.getvalue()
        return out.getvalue()

    def means(self, **changes: Any) -> Means:
        """What a worker of this fleet works with, but for the changes."""
        self.shown = Silent(self.clock)
        with self.in_fleet():
            place = work_in(Options())
            now = FleetNow(place)
            means = means_of(place, self.shown, fleet=now.read, author=now.author)  # type: ignore[arg-type]
        clocks = {"wall": self.wall, "author": lambda: Author(actor="anna", at=self.wall()), "clock": self.clock}
        return replace(means, **(clocks | changes))

    def wall(self) -> Instant:
        """The time of day."""
        return Instant(int(time.time() + self.later))

    def work(self, means: Means, *, stop: Callable[[], bool] = lambda: False) -> WorkerStopped:
        """Until it is idle or stopped."""
        with self.in_fleet():
            return work(means, until_idle=True, stop=stop)


def inside(folder: str | Path, **options: Any) -> Inside:
    """Nothing is in it yet."""
    return Inside(Crew(Path(folder)), **options)
