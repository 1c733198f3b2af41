"""The verdicts of the desired jobs, naming what they wait for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.jobs import Job
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.plan import JobVerdict, PlannedJob, PlannedPair, Verdict
from reconciler.planning.estimates import Arrival, PairKey
from reconciler.planning.requirements import Requirement
from reconciler.planning.scope import Scope


def pairs_by_job(pairs: Iterable[PlannedPair]) -> Mapping[JobName, Sequence[PlannedPair]]:
    """The pairs that are not ready, by the jobs that need them."""
    by_job: dict[JobName, list[PlannedPair]] = {}
    for pair in pairs:
        for name in pair.for_jobs:
            by_job.setdefault(name, []).append(pair)
    return by_job


def planned_jobs(
    fleet: Fleet,
    required: Mapping[PackageName, Requirement],
    waiting: Mapping[JobName, Sequence[PlannedPair]],
    arrivals: Mapping[PairKey, Arrival],
    *,
    scope: Scope,
) -> Iterator[PlannedJob]:
    """By name; in a partial plan those that need a pair in the scope.

    What is said of a job is said of all sites it requires, whatever the scope: only then can its run start (L10).
    `waiting` are therefore its pairs that are not ready in the scope and outside of it; only the former have arrivals.

    Jobs with the same sites share one tuple of names. The length stands in its key because Python gives 1 << n and
    1 << n + 61 the same hash: one job per pair would make the look-up quadratic.
    """
    names: dict[tuple[int, int], tuple[SiteName, ...]] = {}
    for job in fleet.jobs:
        if scope.jobs is not None and job.name not in scope.jobs:
            continue
        if scope.is_partial and not is_touched(job, required):
            continue
        sites = job.required
        key = sites.bits.bit_length(), sites.bits
        if key not in names:
            names[key] = fleet.names(sites)
        yield _planned(fleet, job, names[key], waiting.get(job.name, ()), arrivals)


def is_touched(job: Job, required: Mapping[PackageName, Requirement]) -> bool:
    """Whether the job needs a pair in the scope."""
    requirement = required.get(job.package)
    return requirement is not None and bool(job.required & requirement.scope)


def _planned(
    fleet: Fleet,
    job: Job,
    sites: tuple[SiteName, ...],
    waiting: Sequence[PlannedPair],
    arrivals: Mapping[PairKey, Arrival],
) -> PlannedJob:
    verdict = _verdict(job, waiting)
    sent = [pair for pair in waiting if pair.verdict is not Verdict.BLOCKED]
    blocked = [pair for pair in waiting if pair.verdict is Verdict.BLOCKED]
    return PlannedJob(
        name=job.name,
        verdict=verdict,
        package=job.package,
        package_version=fleet.packages_by_name[job.package].version,
        purpose=job.purpose,
        site=job.site,
        required_sites=sites,
        ready=len(sites) - len(waiting),
        blockers=tuple(
            sorted(f"{pair.package}@{pair.site}: {pair.reason.value}" for pair in blocked if pair.reason is not None)
        ),
        waits_for=tuple(sorted({pair.send_only_job for pair in sent if pair.send_only_job is not None})),
        ready_at=None if blocked or verdict is not JobVerdict.WAITING else _last(sent, arrivals),
        timezone=fleet.site(job.site).timezone,
        where=job.where,
    )


def _verdict(job: Job, waiting: Sequence[PlannedPair]) -> JobVerdict:
    """A suspended job is not ready, whatever its sites hold: nobody is to start it."""
    if job.suspended:
        return JobVerdict.SUSPENDED
    if not waiting:
        return JobVerdict.READY
    blocked = all(pair.verdict is Verdict.BLOCKED for pair in waiting)
    return JobVerdict.BLOCKED if blocked else JobVerdict.WAITING


def _last(waiting: Iterable[PlannedPair], arrivals: Mapping[PairKey, Arrival]) -> Instant | None:
    """When the last of them has arrived; None if that cannot be said of one, as of what lies outside the scope."""
    last: Instant | None = None
    for pair in waiting:
        arrival = arrivals.get((pair.package, pair.site))
        if arrival is None or arrival.at is None:
            return None
        last = arrival.at if last is None else max(last, arrival.at)
    return last
