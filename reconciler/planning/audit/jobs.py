"""What the plan says of desired jobs follows from its pairs (L5, L10)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.names import JobName, SiteName
from reconciler.model.plan import BlockReason, GapReason, JobVerdict, PlannedJob, Verdict
from reconciler.model.site_sets import SiteSet
from reconciler.planning.audit.evidence import Evidence, Key, pair_name
from reconciler.planning.audit.verdicts import expected

Waiting = tuple[Key, Verdict, BlockReason | GapReason | None]
"""A required pair that is not ready, as the plan shows it; outside the scope of a partial plan, as its facts say."""


def jobs_hold(evidence: Evidence) -> Iterator[str]:
    """Every job once, its verdict and numbers those of its pairs."""
    plan, fleet = evidence.plan, evidence.fleet
    waiting: dict[JobName, list[Waiting]] = {}
    for pair in plan.pairs:
        for name in pair.for_jobs if pair.verdict is not Verdict.READY else ():
            waiting.setdefault(name, []).append(((pair.package, pair.site), pair.verdict, pair.reason))
    for key in evidence.differing if plan.is_partial else ():
        if key not in evidence.shown and key in evidence.jobs:
            verdict, reasons = expected(evidence, key)
            for job in evidence.jobs[key]:
                waiting.setdefault(job.name, []).append((key, verdict, reasons[0] if reasons else None))
    names = [job.name for job in plan.jobs]
    if len(set(names)) != len(names) or not set(names) <= set(fleet.jobs_by_name):
        yield "cli.md: the plan does not name each job once"
    if not plan.is_partial and names != [job.name for job in fleet.jobs]:
        yield "cli.md: the plan leaves out a job"
    yield from _each_holds(evidence, waiting)


def _each_holds(evidence: Evidence, waiting: Mapping[JobName, Sequence[Waiting]]) -> Iterator[str]:
    told: dict[tuple[SiteName, ...], _Told] = {}
    for planned in evidence.plan.jobs:
        if planned.name in evidence.fleet.jobs_by_name:
            if planned.required_sites not in told:
                told[planned.required_sites] = _told(evidence, planned.required_sites)
            yield from _job_holds(evidence, planned, told[planned.required_sites], waiting.get(planned.name, ()))


@dataclass(frozen=True, slots=True)
class _Told:
    """The sites that a job is told to require, by name and as a set; most jobs have the sites of another."""

    names: frozenset[SiteName]
    known: SiteSet


def _told(evidence: Evidence, sites: Sequence[SiteName]) -> _Told:
    names = frozenset(sites)
    index = evidence.fleet.index
    return _Told(names, SiteSet.of(index[site] for site in names if site in index))


def _job_holds(evidence: Evidence, job: PlannedJob, told: _Told, waiting: Sequence[Waiting]) -> Iterator[str]:
    desired = evidence.fleet.jobs_by_name[job.name]
    sites, required = told.names, len(desired.required)
    if len(sites) != required:
        yield f"L5: job {job.name} has {len(sites)} required sites, not {required}"
    if len(told.known) != len(sites) or told.known - desired.required:
        yield f"L9: job {job.name} reaches a site it does not require"
    if job.ready != len(sites) - len(waiting) or any(key[1] not in sites for key, _, _ in waiting):
        yield f"cli.md: job {job.name} counts {job.ready} ready sites"
    if job.verdict is not _verdict(suspended=desired.suspended, waiting=waiting):
        yield f"cli.md: job {job.name} is called {job.verdict.value}"
    blocked = (one for one in waiting if one[1] is Verdict.BLOCKED)
    if sorted(job.blockers) != sorted(f"{pair_name(key)}: {reason.value}" for key, _, reason in blocked if reason):
        yield f"cli.md: job {job.name} does not name what blocks it"


def _verdict(*, suspended: bool, waiting: Sequence[Waiting]) -> JobVerdict:
    if suspended:
        return JobVerdict.SUSPENDED
    if not waiting:
        return JobVerdict.READY
    sendable = any(verdict is not Verdict.BLOCKED for _, verdict, _ in waiting)
    return JobVerdict.WAITING if sendable else JobVerdict.BLOCKED
