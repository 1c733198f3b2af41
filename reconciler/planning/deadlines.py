"""Warnings for jobs that will not be ready by the time they ask for."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant, format_instant
from reconciler.model.jobs import Job
from reconciler.model.names import JobName
from reconciler.model.plan import PlannedPair, Verdict
from reconciler.model.quantities import BitsPerSecond, format_rate, format_size
from reconciler.model.sites import Site
from reconciler.planning.estimates import Arrival, PairKey
from reconciler.planning.windows import window_at


def late_jobs(
    fleet: Fleet,
    waiting: Mapping[JobName, Sequence[PlannedPair]],
    arrivals: Mapping[PairKey, Arrival],
) -> Iterator[Diagnostic]:
    """One warning for each job with `readyBy` that sizes, rates and windows do not let be ready by then.

    It names the slowest site. A blocked site is told as blocked; here only what travels counts.
    """
    for job in fleet.jobs:
        pairs = waiting.get(job.name, ())
        if job.ready_by is None or job.suspended or not pairs:
            continue
        late = [
            (arrival, pair)
            for pair in pairs
            if pair.verdict is not Verdict.BLOCKED
            and (arrival := arrivals[pair.package, pair.site])
            and _known(arrival) > job.ready_by
        ]
        if late:
            slowest = max(late, key=lambda one: (_known(one[0]), one[1].site))
            yield _warning(job, fleet, slowest[1], slowest[0], others=len(late) - 1)


def _known(arrival: Arrival) -> Instant:
    """The earliest instant at which the pair can be there: the estimate, or what is certain without a rate."""
    return arrival.not_before if arrival.at is None else arrival.at


def _warning(job: Job, fleet: Fleet, pair: PlannedPair, arrival: Arrival, *, others: int) -> Diagnostic:
    site = fleet.site(pair.site)
    ready_by = format_instant(job.ready_by or Instant(0), site.timezone)
    when = format_instant(_known(arrival), site.timezone)
    word = "about" if arrival.at is not None else "not before"
    more = "" if not others else f" (and {others} more {'site' if others == 1 else 'sites'})"
    return Diagnostic(
        code="ready-by-late",
        severity=Severity.WARNING,
        message=f"{pair.package} arrives at {pair.site}{more} {word} {when}, "
        f"job {job.name} wants it by {ready_by}: {_why(pair, site)}",
        where=job.where,
        path="spec.readyBy",
        hint="send it earlier, raise the rate or the priority, widen the windows, or move readyBy",
    )


def _why(pair: PlannedPair, site: Site) -> str:
    """Size, rate and window, as far as they are known."""
    size = format_size(pair.bytes)
    opening = pair.earliest
    if opening is None:
        return f"{size} {_at_rate(site.limits.rate)}, travelling from now on"
    window = window_at(site.windows, zone=site.timezone, instant=opening)
    if window is None:
        return (
            pair.detail or f"{size} {_at_rate(site.limits.rate)}, not before {format_instant(opening, site.timezone)}"
        )
    rates = [rate for rate in (window.rate, site.limits.rate) if rate is not None]
    opens = format_instant(opening, site.timezone)
    return f"{size} {_at_rate(min(rates, default=None))}, travelling from {opens} on in window {window.name}"


def _at_rate(rate: BitsPerSecond | None) -> str:
    return "without a known rate" if rate is None else f"at {format_rate(rate)}"
