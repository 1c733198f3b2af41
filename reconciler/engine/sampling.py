"""What the state says when the page is asked: at most once every few seconds, and beside the passes."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.model import metrics
from reconciler.model.census import Census, Verified
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.metrics import Family, Values
from reconciler.model.names import SiteName
from reconciler.model.snapshot import SendState
from reconciler.state.protocol import State

EVERY = 5.0
"""Seconds between two questions to the state, at the least; and ten times as long as the last one took."""

VERIFIED_EVERY = 60.0
"""Seconds between two looks at all holdings: they are many, and their age is told in days."""

SHARE = 10

PASSES = 50
"""Passes that are looked through for a good one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One answer of the state."""

    census: Census
    workers: int
    good: Instant | None


@dataclass(slots=True)
class Sampling:
    """Opens the state for reading, asks, and closes it again: whoever asks may be any thread.

    Whoever comes while somebody else is asking is given the answer of before. `fleet` says how old a verification may
    be; None while no pass was made.
    """

    open_state: Callable[[], State]
    fleet: Callable[[], Fleet | None]
    clock: Callable[[], float]
    wall: Callable[[], float]
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _sample: Sample | None = None
    _verified: Sequence[Verified] = ()
    _due: float = 0.0
    _verified_due: float = 0.0

    def families(self, good_at: float | None) -> Sequence[Family]:
        """`good_at` is when this process made a good pass, which the state may not have been told of."""
        self._refresh()
        now, sample = self.wall(), self._sample
        oldest = {one.site: one.oldest for one in self._verified}
        latest = {one.site: one.latest for one in self._verified}
        found = [
            Family(metric=metrics.STATE_UP, values={(): float(sample is not None)}),
            Family(metric=metrics.VERIFICATION_AGE, values=_ages(now, oldest)),
            Family(metric=metrics.LATEST_VERIFICATION_AGE, values=_ages(now, latest)),
            Family(metric=metrics.OVERDUE, values={} if sample is None else {(): len(self._overdue(now))}),
        ]
        good = max((at for at in (good_at, None if sample is None else sample.good) if at is not None), default=None)
        found.append(Family(metric=metrics.GOOD_PASS_AGE, values=_age(now, good)))
        return found if sample is None else [*found, *_of(sample, now)]

    def _overdue(self, now: float) -> Mapping[SiteName, Instant]:
        fleet = self.fleet()
        return {} if fleet is None else overdue(fleet, self._verified, at=now)

    def _refresh(self) -> None:
        if self.clock() < self._due or not self._asking.acquire(blocking=False):
            return
        try:
            began = self.clock()
            self._ask(began)
            ended = self.clock()
            self._due = ended + max(EVERY, SHARE * (ended - began))
        finally:
            self._asking.release()

    def _ask(self, began: float) -> None:
        try:
            state = self.open_state()
            try:
                passes = state.passes(PASSES)
                self._sample = Sample(
                    census=state.census(),
                    workers=sum(worker.alive and not worker.watches for worker in state.workers()),
                    good=next((entry.at for entry in passes if entry.outcome == "done"), None),
                )
                if began >= self._verified_due:
                    self._verified = state.verifications()
                    self._verified_due = began + VERIFIED_EVERY
            finally:
                state.close()
        except StateError:
            self._sample = None


def overdue(fleet: Fleet, verified: Sequence[Verified], *, at: float) -> Mapping[SiteName, Instant]:
    """Sites of the fleet that hold something not verified in time, and since when it is."""
    sites = {site.name: site for site in fleet.sites}
    found = {}
    for one in verified:
        site = sites.get(one.site)
        if site is not None and one.oldest is not None and one.oldest + site.verification.every < at:
            found[one.site] = Instant(one.oldest + site.verification.every)
    return found


def _of(sample: Sample, now: float) -> Sequence[Family]:
    census = sample.census
    states = [state for state in SendState if state.is_open]
    return [
        Family(metric=metrics.SEND_ONLY_JOBS, values={(state.value,): census.jobs.get(state, 0) for state in states}),
        Family(metric=metrics.OPEN_SENDS, values={(state.value,): census.sends.get(state, 0) for state in states}),
        Family(metric=metrics.OLDEST_WAITING, values=_age(now, census.oldest_open)),
        Family(metric=metrics.WORKERS, values={(): sample.workers}),
        Family(metric=metrics.NOTIFICATIONS, values={(name,): number for name, number in census.notifications.items()}),
    ]


def _ages(now: float, since: Mapping[SiteName, Instant | None]) -> Values:
    return {(site,): max(now - at, 0.0) for site, at in since.items() if at is not None}


def _age(now: float, since: float | None) -> Values:
    return {} if since is None else {(): max(now - since, 0.0)}
