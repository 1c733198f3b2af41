"""When bytes may travel, how long they take, and when a site has received all it waits for (sending.md 8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """When a pair is there with everything queued before it at the same site; `at` is None where no rate says so.

    `not_before` is certain: nothing can have arrived earlier than the first window that admits it.
    """

    at: Instant | None
    not_before: Instant


class Estimates:
    """Estimates from one instant on, for the pairs of one plan."""

    __slots__ = ("_at", "_by_conditions", "_by_site")

    def __init__(self, at: Instant) -> None:
        self._at = at
        self._by_site: dict[tuple[SiteName, Priority], Timeline] = {}
        self._by_conditions: dict[object, Timeline] = {}

    def of(self, one: Judged) -> Estimate:
        """The pair's own estimate; a blocked or ready one has none."""
        if one.verdict is not Verdict.MISSING and one.verdict is not Verdict.IN_FLIGHT:
            return NO_ESTIMATE
        pair = one.pair
        timeline = self.timeline(pair.site, _priority(one))
        starts = timeline.opening(_not_before(pair.covering, self._at))
        finish = timeline.finish(starts, _remaining(one))
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
                arrival = self._arrival(one, free)
                arrivals[one.pair.requirement.package.name, site] = arrival
                free = arrival.at
        return arrivals

    def timeline(self, site: Site, priority: Priority) -> Timeline:
        """Shared by all sites with the same windows, zone and rate."""
        key = site.name, priority
        if key not in self._by_site:
            conditions = site.windows, site.timezone if site.windows else "", priority, site.limits.rate
            if conditions not in self._by_conditions:
                self._by_conditions[conditions] = Timeline(
                    site.windows, zone=site.timezone, priority=priority, limit=site.limits.rate, start=self._at
                )
            self._by_site[key] = self._by_conditions[conditions]
        return self._by_site[key]

    def _arrival(self, one: Judged, free: Instant | None) -> Arrival:
        timeline = self.timeline(one.pair.site, _priority(one))
        not_before = _not_before(one.pair.covering, self._at)
        waits_from = not_before if free is None else max(free, not_before)
        starts = timeline.opening(waits_from)
        return Arrival(at=None if free is None else timeline.finish(starts, _remaining(one)), not_before=starts)

    def _place_in_line(self, one: Judged) -> tuple[bool, bool, int, PackageName]:
        send = one.pair.covering
        claimed = send is not None and send.state.is_claimed
        backs_off = _not_before(send, self._at) > self._at
        return not claimed, backs_off, -_priority(one), one.pair.requirement.package.name


def _priority(one: Judged) -> Priority:
    """An open send travels with the priority it has or rises to (L6)."""
    send = one.pair.covering
    return one.pair.need.priority if send is None else max(one.pair.need.priority, send.priority)


def _remaining(one: Judged) -> int:
    send = one.pair.covering
    return one.pair.bytes if send is None else max(one.pair.bytes - send.bytes_done, 0)


def _not_before(send: Send | None, at: Instant) -> Instant:
    """A send that backs off does nothing before its next attempt (L21)."""
    if send is None or send.state is not SendState.BACKING_OFF or send.next_attempt is None:
        return at
    return max(at, send.next_attempt)
