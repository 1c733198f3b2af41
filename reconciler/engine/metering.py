"""What `watch` did and how it is: fed by its loop and its worker, asked by the page; none waits for another."""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from reconciler import __version__
from reconciler.engine.news import Passed, Told
from reconciler.engine.passes import Outcome, PassReport
from reconciler.model import metrics
from reconciler.model.diagnostics import Severity
from reconciler.model.metrics import Family, Histogram, Metric, Values
from reconciler.model.names import SiteName
from reconciler.model.plan import JobVerdict, Plan, Verdict
from reconciler.model.working import (
    SendArrived,
    SendFailed,
    SendGaveWay,
    SendPutBack,
    SendWaits,
    Working,
)

STALLED = 300.0
"""Seconds without a turn of the loop after which it hangs, where nobody knows better."""

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)
"""Seconds."""

STARTING, HELD = "no pass was made yet", "the branch cannot be followed"


@dataclass(slots=True)
class Metering:
    """Counters live as long as the process. `clock` counts seconds and never goes back, `wall` since 1970."""

    clock: Callable[[], float]
    wall: Callable[[], float]
    beating: Callable[[], bool] | None = None
    """Whether the loop turns, where somebody knows better than by its last beat."""
    active: bool = False
    reason: str = "standing by"
    good_at: float | None = None
    """When a pass of this process was good, on `wall`."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _beaten: float = field(init=False)
    _last: Outcome | None = None
    _passes: Counter[str] = field(default_factory=Counter)
    _counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    _seconds: float = 0.0
    _pairs: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    _jobs: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    _diagnostics: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    _commit: tuple[str, str] = ("", "")
    _sent: Counter[SiteName] = field(default_factory=Counter)
    _attempts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _fetches: Counter[str] = field(default_factory=Counter)
    _fetched: float | None = None

    def __post_init__(self) -> None:
        self._beaten = self.clock()

    # Told by the loop, the worker and whoever fetches

    def beat(self) -> None:
        """The loop turns."""
        self._beaten = self.clock()

    def takes_over(self) -> None:
        """This process makes the passes from now on."""
        self.active, self.reason, self._last = True, "", None

    def stands_by(self, reason: str = "standing by: another watch makes the passes") -> None:
        """Another process makes the passes."""
        self.active, self.reason = False, reason

    def told(self, told: Told) -> None:
        """What the loop tells, each of it."""
        self.beat()
        if isinstance(told, Passed):
            with self._lock:
                self._passes[told.report.outcome.value] += 1
                self._take_in(told.report)
                self._time(told.report.seconds)

    def worked(self, event: Working) -> None:
        """What a worker of this process tells, each of it."""
        with self._lock:
            match event:
                case SendArrived():
                    self._sent[event.send.site] += event.bytes
                    self._attempts["arrived", ""] += 1
                case SendWaits() | SendFailed() | SendGaveWay() | SendPutBack():
                    cause = "" if event.cause is None else event.cause.value
                    self._attempts[_OUTCOMES[type(event)], cause] += 1
                case _:
                    pass

    def fetched(self, error: str) -> None:
        """A fetch ended, with the error or ""."""
        with self._lock:
            self._fetches["failed" if error else "done"] += 1
            if not error:
                self._fetched = self.clock()

    # Asked by the page

    def health(self) -> str:
        """Why the loop is not well, "" if it is."""
        since = self.clock() - self._beaten
        well = since < STALLED if self.beating is None else self.beating()
        return "" if well else f"the loop has not turned for {int(since)} s"

    def readiness(self) -> str:
        """Why this watch is not the one that acts on the manifests as they are, "" if it is."""
        if not self.active:
            return self.reason or STARTING
        if self._last is None:
            return STARTING
        if self._last is Outcome.HELD:
            return HELD
        return "" if self.good_at is not None or self._last is not Outcome.FAILED else "no pass was good yet"

    def families(self) -> Iterator[Family]:
        """What is known without asking the state; everything of one moment."""
        with self._lock:
            yield _family(metrics.BUILD, {(__version__,): 1})
            yield _family(metrics.COMMIT, {self._commit: 1} if any(self._commit) else {})
            yield _family(metrics.ACTIVE, {(): float(self.active)})
            yield _family(metrics.BEAT_AGE, {(): max(self.clock() - self._beaten, 0.0)})
            yield _family(metrics.PAIRS, self._pairs)
            yield _family(metrics.JOBS, self._jobs)
            yield _family(metrics.SENT, {(site,): number for site, number in self._sent.items()})
            yield _family(metrics.SENDS_ENDED, {(how, why): number for (how, why), number in self._attempts.items()})
            yield _family(metrics.PASSES, {(outcome.value,): self._passes[outcome.value] for outcome in Outcome})
            yield _family(metrics.PASS_SECONDS, {(): self._histogram()})
            yield _family(metrics.DIAGNOSTICS, self._diagnostics)
            yield _family(metrics.FETCHES, {(outcome,): self._fetches[outcome] for outcome in ("done", "failed")})
            age: Values = {} if self._fetched is None else {(): max(self.clock() - self._fetched, 0.0)}
            yield _family(metrics.FETCH_AGE, age)

    def _take_in(self, report: PassReport) -> None:
        """A pass that read nothing through says nothing of how things are."""
        if report.outcome is Outcome.MOVED:
            return
        self._last = report.outcome
        if report.outcome is Outcome.FAILED:
            return
        if report.outcome is Outcome.DONE:
            self.good_at = self.wall()
        self._diagnostics = _diagnostics(report)
        if report.plan is not None:
            self._pairs, self._jobs = _pairs(report.plan), _jobs(report.plan)
            self._commit = _commit(report, report.plan)

    def _time(self, seconds: float) -> None:
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._seconds += seconds

    def _histogram(self) -> Histogram:
        return Histogram(bounds=BOUNDS, counts=tuple(self._counts[:-1]), count=sum(self._counts), sum=self._seconds)


_OUTCOMES: Mapping[type[Working], str] = {
    SendWaits: "backed-off",
    SendFailed: "failed",
    SendGaveWay: "gave-way",
    SendPutBack: "put-back",
}


def _family(metric: Metric, values: Values) -> Family:
    return Family(metric=metric, values=values)


def _pairs(plan: Plan) -> Mapping[tuple[str, ...], float]:
    """Each verdict is there, be it with 0; reasons only where there are pairs."""
    counts: Counter[tuple[str, ...]] = Counter({(verdict.value, ""): 0 for verdict in Verdict})
    for pair in plan.pairs:
        if pair.verdict is not Verdict.READY:
            counts[pair.verdict.value, "" if pair.reason is None else pair.reason.value] += 1
    counts[Verdict.READY.value, ""] = plan.summary.ready
    return counts


def _jobs(plan: Plan) -> Mapping[tuple[str, ...], float]:
    counts = Counter(job.verdict for job in plan.jobs)
    return {(verdict.value,): counts[verdict] for verdict in JobVerdict}


def _diagnostics(report: PassReport) -> Mapping[tuple[str, ...], float]:
    counts = Counter(found.severity for found in report.diagnostics)
    return {(severity.value,): counts[severity] for severity in Severity}


def _commit(report: PassReport, plan: Plan) -> tuple[str, str]:
    return report.commit or plan.source.commit or "", plan.source.branch or ""
