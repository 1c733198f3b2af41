"""What the plan says of desired jobs follows from its pairs (L5, L10)."""

from collections.abc import Iterator, Sequence

from reconciler.model.names import JobName
from reconciler.model.plan import JobVerdict, PlannedJob, PlannedPair, Verdict
from reconciler.planning.audit.evidence import Evidence


def jobs_hold(evidence: Evidence) -> Iterator[str]:
    """Every job once, its verdict and numbers those of its pairs."""
    plan, fleet = evidence.plan, evidence.fleet
    waiting: dict[JobName, list[PlannedPair]] = {}
    for pair in plan.pairs:
        for name in pair.for_jobs if pair.verdict is not Verdict.READY else ():
            waiting.setdefault(name, []).append(pair)
    names = [job.name for job in plan.jobs]
    if len(set(names)) != len(names) or not set(names) <= set(fleet.jobs_by_name):
        yield "cli.md: the plan does not name each job once"
    if not plan.is_partial and names != [job.name for job in fleet.jobs]:
        yield "cli.md: the plan leaves out a job"
    for job in plan.jobs:
        if job.name in fleet.jobs_by_name:
            yield from _job_holds(evidence, job, waiting.get(job.name, ()))


def _job_holds(evidence: Evidence, job: PlannedJob, waiting: Sequence[PlannedPair]) -> Iterator[str]:
    desired = evidence.fleet.jobs_by_name[job.name]
    sites = set(job.required_sites)
    required = len(desired.required)
    if len(sites) != required and not (evidence.plan.is_partial and len(sites) < required):
        yield f"L5: job {job.name} has {len(sites)} required sites, not {required}"
    if any(site not in evidence.fleet.index or evidence.fleet.index[site] not in desired.required for site in sites):
        yield f"L9: job {job.name} reaches a site it does not require"
    if job.ready != len(sites) - len(waiting) or any(pair.site not in sites for pair in waiting):
        yield f"cli.md: job {job.name} counts {job.ready} ready sites"
    if job.verdict is not _verdict(suspended=desired.suspended, waiting=waiting):
        yield f"cli.md: job {job.name} is called {job.verdict.value}"
    blocked = [pair for pair in waiting if pair.verdict is Verdict.BLOCKED and pair.reason is not None]
    if sorted(job.blockers) != sorted(
        f"{pair.package}@{pair.site}: {pair.reason.value}" for pair in blocked if pair.reason
    ):
        yield f"cli.md: job {job.name} does not name what blocks it"


def _verdict(*, suspended: bool, waiting: Sequence[PlannedPair]) -> JobVerdict:
    if suspended:
        return JobVerdict.SUSPENDED
    if not waiting:
        return JobVerdict.READY
    sendable = any(pair.verdict is not Verdict.BLOCKED for pair in waiting)
    return JobVerdict.WAITING if sendable else JobVerdict.BLOCKED
