"""Reviews built by hand: of one plan and another, as the planner would make them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from reconciler.model.commits import CommitId
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import JobName, SiteName
from reconciler.model.plan import GapReason, JobVerdict, Plan, PlanSource, Verdict
from reconciler.model.quantities import Bytes
from reconciler.model.review import Base, Review, Taken
from reconciler.planning.review import review as reviewed
from tests.views import plans
from tests.views.plans import NOW, at, digest

MAIN = CommitId("3f9c2ab" + "0" * 33)
BASE = Base(revision="origin/main", commit=MAIN, taken=Taken.MERGE_BASE)


def review(before: Plan, after: Plan, base: Base = BASE) -> Review:
    """The change from one to the other, on a branch."""
    source = PlanSource(fleet_digest=digest("e"), commit="9ab12cd" + "0" * 33, branch="release-4.20")
    return reviewed(base, before=before, after=replace(after, source=source))


def release() -> Review:
    """A new release of office, and a new job for cad: before, all was ready."""
    after = plans.contract()
    office = next(job for job in after.jobs if job.name == "office-emea")
    till = next(job for job in after.jobs if job.name == "tills-nordic")
    ready = replace(
        office,
        verdict=JobVerdict.READY,
        ready=8,
        package_version="4.19",
        waits_for=(),
        ready_at=None,
    )
    return review(plans.plan([ready, till], [], sites=14), after)


def mixed() -> Review:
    """A site less, a site more, another window, a site that is no longer held, a job that is gone."""
    before = plans.contract()
    pairs = {str(pair.site): pair for pair in before.pairs if pair.package == "office"}
    del pairs["warsaw-01"]
    pairs["lyon-01"] = replace(pairs["lyon-01"], earliest=at("2026-11-24T22:00"), bytes=Bytes(2**30))
    pairs["bergen-01"] = plans.pair("office", "bergen-01", bytes=Bytes(2**30), estimated_seconds=Seconds(3600))
    cad = plans.pair("cad", "oslo-lab", bytes=Bytes(5 * 2**20), for_jobs=(JobName("cad-lab"),))
    jobs = {str(job.name): job for job in before.jobs}
    sites = [site for site in jobs["office-emea"].required_sites if site != "warsaw-01"]
    office = replace(
        jobs["office-emea"],
        required_sites=tuple(sorted([*sites, SiteName("bergen-01")])),
        ready=4,
        ready_at=at("2026-11-25T01:26"),
    )
    lab = replace(jobs["cad-lab"], verdict=JobVerdict.WAITING, blockers=(), ready_at=at("2026-11-24T16:03"))
    return review(before, plans.plan([office, lab], [*pairs.values(), cad], sites=14))


def nothing() -> Review:
    """A change that reformats."""
    return reviewed(
        Base(revision="HEAD", commit=MAIN, taken=Taken.ITSELF), before=plans.contract(), after=plans.contract()
    )


def refused() -> Review:
    """A change that trips two guards and breaks a job; the histories have nothing in common."""
    return review(plans.contract(), plans.refused(), Base(revision="old", commit=MAIN, taken=Taken.UNRELATED))


def acting() -> Review:
    """A change that cancels, raises priorities and removes a site; in a clone that is too shallow."""
    return review(plans.no_changes(), plans.changing(), Base(revision="main", commit=MAIN, taken=Taken.SHALLOW))


def mending() -> Review:
    """The way back from `acting`, which mends a warning too."""
    return review(plans.changing(), plans.no_changes())


def large() -> Review:
    """A roll-out to 2,000 sites begins, and what some waited for is newer."""
    after = plans.large()
    jobs = [replace(job, verdict=JobVerdict.READY, ready=2000) for job in after.jobs if job.name != "roll-out-02"]
    some = [
        replace(pair, reason=GapReason.CONTENT_MISSING, has="", estimated_seconds=Seconds(60))
        for pair in after.pairs
        if pair.package == "app-01" and pair.verdict is Verdict.MISSING
    ]
    waits = [
        replace(job, verdict=JobVerdict.WAITING, ready=2000 - len(some)) for job in jobs if job.package == "app-01"
    ]
    others = [job for job in jobs if job.package != "app-01"]
    return review(plans.plan([*others, *waits], some, sites=2005), after)


def many_jobs() -> Review:
    """A hundred jobs change."""
    pairs = [
        plans.pair(f"p-{n:03}", "DE1", bytes=Bytes(n), for_jobs=(JobName(f"job-{n:03}"),), earliest=Instant(NOW + n))
        for n in range(100)
    ]
    jobs = [
        plans.job(f"job-{n:03}", JobVerdict.WAITING, package=f"p-{n:03}", sites=["DE1"], ready=0) for n in range(100)
    ]
    ready = [replace(job, verdict=JobVerdict.READY, ready=1) for job in jobs]
    return review(plans.plan(ready, []), plans.plan(jobs, pairs))


EVERY: dict[str, Callable[[], Review]] = {
    made.__name__: cache(made) for made in (release, mixed, nothing, refused, acting, mending, large, many_jobs)
}
