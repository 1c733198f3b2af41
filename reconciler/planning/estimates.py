"""When bytes may travel, how long they take, and when a site has received all it waits for (sending.md 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName, SiteName
from reconciler.model.plan import Verdict
from reconciler.model.priority import Priority
from reconciler.model.sites import Site
from reconciler.model.snapshot import Send, SendState
from reconciler.planning.timeline import Timeline
from reconciler.planning.verdicts import Judged

PairKey = tuple[PackageName, SiteName]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of one pair by itself. `earliest` is None for now, `seconds` (from then) None without a known rate."""

    earliest: Instant | None = None
    seconds: Seconds | None = None


NO_ESTIMATE = Estimate()


class Arrival(NamedTuple):
    """When a pair is there with everything queued before it at the same site; `at` is None where no rate says so.

    `not_before` is certain: nothing can have arrived earlier than the first window that admits it.
    """

    at: Instant | None
    not_before: Instant


class Estimates:
    """Estimates from one instant on, for the pairs of one plan; equal questions are answered once."""

    __slots__ = ("_at", "_by_conditions", "_by_site", "_estimates")

    def __init__(self, at: Instant) -> None:
        self._at = at
        self._by_site: dict[tuple[SiteName, Priority], Timeline] = {}
        self._by_conditions: dict[object, Timeline] = {}
        self._estimates: dict[tuple[Timeline, Instant, int], Estimate] = {}

    def of(self, one: Judged) -> Estimate:
        """The pair's own estimate; a blocked or ready one has none."""
        if one.verdict is not Verdict.MISSING and one.verdict is not Verdict.IN_FLIGHT:
            return NO_ESTIMATE
        key = self._travel(one)
        found = self._estimates.get(key)
        if found is None:
            found = self._estimates[key] = self._estimate(*key)
        return found

    def _estimate(self, timeline: Timeline, not_before: Instant, size: int) -> Estimate:
        starts = timeline.opening(not_before)
        finish = timeline.finish(starts, size)
        return Estimate(
            earliest=None if starts == self._at else starts,
            seconds=None if finish is None else Seconds(finish - starts),
        )

    def arrivals(self, judged: Iterable[Judged]) -> Mapping[PairKey, Arrival]:
        """Per site the pairs wait in line for one link: what a worker has, then by priority, then by package.

        What backs off stands last, as it holds up nobody (L21).
        """
        by_site: dict[SiteName, list[Judged]] = {}
        for one in judged:
            if one.verdict is Verdict.MISSING or one.verdict is Verdict.IN_FLIGHT:
                by_site.setdefault(one.pair.site.name, []).append(one)
        arrivals: dict[PairKey, Arrival] = {}
        for site, queue in by_site.items():
            free: Instant | None = self._at
            for one in sorted(queue, key=self._place_in_line):
                timeline, not_before, size = self._travel(one)
                starts = timeline.opening(not_before if free is None else max(free, not_before))
                free = None if free is None else timeline.finish(starts, size)
                arrivals[one.pair.requirement.package.name, site] = Arrival(free, starts)
        return arrivals

    def timeline(self, site: Site, priority: Priority) -> Timeline:
        """Shared by all sites with the same windows, zone and rate."""
        key = site.name, priority
        found = self._by_site.get(key)
        if found is None:
            conditions = site.windows, site.timezone if site.windows else "", priority, site.limits.rate
            if conditions not in self._by_conditions:
                self._by_conditions[conditions] = Timeline(
                    site.windows, zone=site.timezone, priority=priority, limit=site.limits.rate, start=self._at
                )
            found = self._by_site[key] = self._by_conditions[conditions]
        return found

    def _travel(self, one: Judged) -> tuple[Timeline, Instant, int]:
        """What carries the pair's bytes, when they may start at the earliest, and how many are left.

        An open send travels with the priority it has or rises to (L6), and does nothing before its next attempt (L21).
        """
        pair = one.pair
        send = pair.covering
        if send is None:
            return self.timeline(pair.site, pair.need.priority), self._at, pair.bytes
        timeline = self.timeline(pair.site, max(pair.need.priority, send.priority))
        not_before = self._at if send.next_attempt is None else max(self._at, _next_attempt(send))
        return timeline, not_before, max(pair.bytes - send.bytes_done, 0)

    def _place_in_line(self, one: Judged) -> tuple[bool, bool, int, PackageName]:
        send = one.pair.covering
        package, priority = one.pair.requirement.package.name, one.pair.need.priority
        if send is None:
            return True, False, -priority, package
        backs_off = send.next_attempt is not None and _next_attempt(send) > self._at
        return not send.state.is_claimed, backs_off, -max(priority, send.priority), package


def _next_attempt(send: Send) -> Instant:
    """When a send that backs off is tried again; long ago for the others."""
    waits = send.state is SendState.BACKING_OFF and send.next_attempt is not None
    return send.next_attempt if waits and send.next_attempt is not None else Instant(0)
