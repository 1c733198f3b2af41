"""The loop of `reconcile watch` on files: a pass for each change, once it has come to rest.

It has no clock, no terminal and no signals of its own: all of that is passed in.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import assert_never

from reconciler.engine.news import News, Notice, StillChanging, Told
from reconciler.engine.passes import Outcome, PassReport, Reconciling
from reconciler.engine.settling import Settling
from reconciler.model.faults import GitFault, StateError
from reconciler.model.looks import Look, Moved
from reconciler.sources.changes import Cause, Change, Watcher

RESCAN = 60.0
"""Seconds after which everything is looked at and a pass made, whatever was told: events get lost, the state moves."""

RETRY = 5.0
"""Seconds after which a pass that failed is tried again."""

HEARTBEAT = 60.0
"""Seconds between two words of a loop that waits."""

GRACE = 0.02
"""Seconds from the first event to the look: a save is several events. A branch moves in one."""

SHARE = 9
"""Looking takes at most a tenth of the time while events pour in."""

SLICE = 1.0
"""Seconds after which the stop is noticed, even if nobody wakes the loop."""

_AS_IT_IS = nullcontext()


def watch(
    reconciling: Reconciling,
    watcher: Watcher,
    *,
    settling: Settling,
    clock: Callable[[], float],
    stop: Callable[[], bool],
    tell: Callable[[Told], None],
    again: Callable[[], bool] = lambda: False,
    beat: Callable[[], None] = lambda: None,
    undisturbed: AbstractContextManager[object] = _AS_IT_IS,
) -> None:
    """Make one pass now, then one for each change and one a minute, until `stop` says so.

    `clock` counts seconds and never goes back. Nothing is acted on that is not `settling` to rest. `again` says that a
    pass is wanted now, whatever changed; `beat` is called at every turn, some seconds apart at the most while no pass
    is under way; `undisturbed` is entered for each. Faults of the world are told and tried again; what was recorded
    stays meanwhile.
    """
    loop = _Loop(reconciling, watcher, clock=clock, tell=tell, settling=settling, undisturbed=undisturbed)
    loop.run(stop, again, beat)


@dataclass(slots=True)
class _Loop:
    """`touched` gathers what events told since the last pass; until then, each look is at all of it."""

    reconciling: Reconciling
    watcher: Watcher
    clock: Callable[[], float]
    tell: Callable[[Told], None]
    settling: Settling
    undisturbed: AbstractContextManager[object]
    news: News = field(default_factory=News)
    acted: Look | None = None
    touched: set[str] = field(default_factory=set)
    whole: bool = True
    """Looks are at everything until the next pass."""
    owed: bool = True
    """A pass is made even if the files are as they were at the last one."""
    failures: int = 0
    rescan_at: float = math.inf
    look_at: float = -math.inf
    """When something was told that is worth a look."""
    pause_until: float = -math.inf
    spoke_at: float = -math.inf

    def run(self, stop: Callable[[], bool], again: Callable[[], bool], beat: Callable[[], None]) -> None:
        while not stop():
            beat()
            if again():
                self.whole = self.owed = True
                self.look_at, self.pause_until = self.clock(), -math.inf
            for text in self.watcher.notices():
                self.tell(Notice(text=text))
            wait = self._due() - self.clock()
            if wait <= 0:
                self._look()
            elif not self._hear(self.watcher.wait(min(wait, SLICE))):
                return
            self._beat()

    def _due(self) -> float:
        due = min(self.rescan_at, self.look_at)
        if self.settling.waiting_since is not None:
            due = min(due, self.settling.due())
        return max(due, self.pause_until)

    def _hear(self, change: Change) -> bool:
        """False once the watcher is closed."""
        if change.cause is Cause.OVERFLOW:
            self.whole = True
            self.tell(Notice(text="file events were lost; looking at everything again"))
        if change.cause in (Cause.CHANGED, Cause.OVERFLOW):
            self.touched |= change.touched
            grace = 0.0 if self.settling.whole else GRACE
            self.look_at = min(self.look_at, self.clock() + grace)
        return change.cause is not Cause.STOPPED

    def _look(self) -> None:
        began = self.clock()
        if began >= self.rescan_at:
            self.whole = self.owed = True
        self.rescan_at, self.look_at = began + RESCAN, math.inf
        try:
            look = self.reconciling.look(None if self.whole else self.settling.latest, frozenset(self.touched))
        except Moved as moved:
            self._moved(moved.paths)
            self._pause(began)
            return
        except (StateError, OSError, GitFault) as fault:
            self._failed(PassReport(outcome=Outcome.FAILED, error=str(fault)))
            return
        ended = self._pause(began)
        self.settling.saw(look, began=began, ended=ended)
        self.watcher.replace(self.reconciling.watched())
        ready = self.settling.settled(began)
        if ready is None:
            return
        if ready == self.acted and not self.owed:
            self._at_rest()
        else:
            self._act(ready)

    def _pause(self, began: float) -> float:
        """No look for a while; when the one that began then has ended."""
        ended = self.clock()
        self.pause_until = ended + min(SHARE * (ended - began), self.settling.settle)
        return ended

    def _act(self, look: Look) -> None:
        began = self.clock()
        try:
            with self.undisturbed:
                report = self.reconciling.run(look)
        except Moved as moved:
            report = PassReport(outcome=Outcome.MOVED, moved=moved.paths)
        except (StateError, OSError, GitFault) as fault:
            report = PassReport(outcome=Outcome.FAILED, error=str(fault))
        report = replace(report, seconds=self.clock() - began)
        match report.outcome:
            case Outcome.MOVED:
                self.tell(self.news.of(report))
                self._moved(report.moved)
            case Outcome.FAILED:
                self._failed(report)
            case Outcome.DONE | Outcome.REFUSED | Outcome.INVALID | Outcome.HELD:
                self.acted, self.owed, self.failures = look, False, 0
                self.tell(self.news.of(report))
                self.rescan_at = self.clock() + RESCAN
                self._at_rest()
            case _:
                assert_never(report.outcome)
        self.watcher.replace(self.reconciling.watched())

    def _at_rest(self) -> None:
        self.settling.at_rest()
        self.whole = False
        self.touched.clear()

    def _moved(self, paths: tuple[str, ...]) -> None:
        """The first of the next two looks follows at once, at everything."""
        now = self.clock()
        self.settling.moved(paths, at=now)
        self.whole = self.owed = True
        self.look_at = now + GRACE

    def _failed(self, report: PassReport) -> None:
        """Told each time, at longer and longer intervals."""
        self.tell(self.news.of(report))
        self.pause_until = self.clock() + min(RETRY * 2**self.failures, RESCAN)
        self.rescan_at = self.pause_until
        self.failures += 1

    def _beat(self) -> None:
        since = self.settling.waiting_since
        now = self.clock()
        if since is not None and not self.failures and now - max(since, self.spoke_at) >= HEARTBEAT:
            self.spoke_at = now
            self.tell(StillChanging(paths=self.settling.moving, seconds=int(now - since)))
