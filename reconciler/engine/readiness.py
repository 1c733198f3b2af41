"""Whether a job, or one pair, is ready: asked of a plan, proved by receipts alone (L1)."""

from reconciler.engine.reconcile import Planned
from reconciler.engine.subjects import known_job, known_package, known_site
from reconciler.model.holdings import Absent, Damaged, Holding, RecordOnly, Staged, Unknown
from reconciler.model.instants import format_instant
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.plan import PlannedPair, Verdict
from reconciler.model.readiness import NotReady, Readiness
from reconciler.model.site_sets import SiteSet
from reconciler.model.snapshot import Wanted, WantedPackage
from reconciler.state.protocol import State


def job_readiness(planned: Planned, name: JobName) -> Readiness:
    """Raises NoSuchSubject and LeftOut."""
    known_job(planned.read, name)
    job = next(job for job in planned.plan.jobs if job.name == name)
    missing = [pair for pair in planned.plan.pairs if name in pair.for_jobs and pair.verdict is not Verdict.READY]
    return Readiness(subject=name, required=len(job.required_sites), missing=tuple(map(_not_ready, missing)))


def pair_readiness(planned: Planned, state: State, package: PackageName, site: SiteName) -> Readiness:
    """Whether the site holds the package's revision, needed or not; raises NoSuchSubject and LeftOut."""
    subject = f"{package}@{site}"
    known_package(planned.read, package)
    known_site(planned.read, site)
    planned_pair = next((pair for pair in planned.plan.pairs if (pair.package, pair.site) == (package, site)), None)
    if planned_pair is not None and planned_pair.verdict is not Verdict.READY:
        return Readiness(subject=subject, required=1, missing=(_not_ready(planned_pair),))
    fleet = planned.read.fleet
    wanted = WantedPackage(
        package=package,
        revision=fleet.packages_by_name[package].revision,
        sites=SiteSet.of([fleet.index[site]]),
    )
    snapshot = state.snapshot(Wanted(sites=tuple(site.name for site in fleet.sites), packages=(wanted,)))
    missing = tuple(
        NotReady(package=package, site=site, verdict="not required", reasons=(holding_words(difference.holding),))
        for difference in snapshot.differences
    )
    return Readiness(subject=subject, required=1, missing=missing, note="no job needs it there" if missing else "")


def holding_words(holding: Holding) -> str:
    """What is known of a pair's holding, in words."""
    match holding:
        case Absent(lost=None):
            return "nothing is known to be there"
        case Absent():
            return "it was there, and was found gone"
        case RecordOnly():
            return "the record is there, verified content is not"
        case Staged(held=held):
            return f"verified content{f' of version {held.version}' if held.version else ''} is there"
        case Damaged():
            return "the staged copy is damaged"
        case Unknown(reason=reason):
            return f"unknown: {reason}"


def _not_ready(pair: PlannedPair) -> NotReady:
    reasons = () if pair.reason is None else (pair.reason.value, *(reason.value for reason in pair.also))
    return NotReady(
        package=pair.package,
        site=pair.site,
        verdict=pair.verdict.value,
        reasons=reasons,
        detail=pair.detail or _underway_words(pair),
        send_only_job=pair.send_only_job or "",
    )


def _underway_words(pair: PlannedPair) -> str:
    """How far its open send is; "" without one."""
    if pair.underway is None:
        return ""
    again = pair.underway.next_attempt
    return pair.underway.state.value + ("" if again is None else f", next attempt {format_instant(again)}")
