"""What `validate` warns of: sites that jobs need and nothing can be sent to as things stand.

No errors: each is a blocked pair of the plan, or one that waits, and the other sites go on (L12).
"""

from collections.abc import Iterable, Iterator

from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.fleet import Fleet
from reconciler.model.jobs import Job
from reconciler.model.names import SiteName
from reconciler.model.packages import Package
from reconciler.model.priority import Priority
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Filesystem
from reconciler.planning.paths import bad_paths
from reconciler.planning.requirements import required_sites
from reconciler.planning.windows import admits


def advise(fleet: Fleet) -> tuple[Diagnostic, ...]:
    """Warnings, sorted by place."""
    found = (*_no_address(fleet), *_bad_paths(fleet), *_shut_windows(fleet))
    return tuple(sorted(found, key=lambda diagnostic: diagnostic.order))


def _no_address(fleet: Fleet) -> Iterator[Diagnostic]:
    """One for each required site without an address, naming the jobs (L12; events 332, 347)."""
    without = SiteSet.of(index for index, site in enumerate(fleet.sites) if site.address is None)
    for index, jobs in _jobs_at(fleet.jobs, without):
        site = fleet.sites[index]
        yield Diagnostic(
            code="no-address",
            severity=Severity.WARNING,
            message=f"site {site.name} has no address, so nothing can be sent there; needed by {_jobs(jobs)}",
            where=site.where,
            path="spec.address",
            hint="add spec.address, or a default for it in reconciler.yaml",
        )


def _bad_paths(fleet: Fleet) -> Iterator[Diagnostic]:
    """One for each package and kind of file system, naming the sites and the first three paths (Q182419)."""
    kinds: dict[Filesystem, int] = {}
    for index, site in enumerate(fleet.sites):
        if site.filesystem != Filesystem():
            kinds[site.filesystem] = kinds.get(site.filesystem, 0) | 1 << index
    for name, sites in required_sites(fleet).items():
        package = fleet.packages_by_name[name]
        for filesystem, members in kinds.items():
            hit = sites & SiteSet(members)
            if hit and (paths := bad_paths(package.content, filesystem)):
                yield _bad_path(package, fleet.names(hit), paths)


def _bad_path(package: Package, sites: tuple[SiteName, ...], paths: str) -> Diagnostic:
    return Diagnostic(
        code="path-not-representable",
        severity=Severity.WARNING,
        message=f"package {package.name} has paths that {_some(sites, 'site', 'sites')} cannot represent: {paths}",
        where=package.source.where,
        path="spec.source.path",
        hint="rename them, leave them out with spec.source.exclude, or correct spec.filesystem of the sites",
    )


def _shut_windows(fleet: Fleet) -> Iterator[Diagnostic]:
    """One for each required site whose windows never admit the priority of a job that needs it."""
    windowed = SiteSet.of(index for index, site in enumerate(fleet.sites) if site.windows)
    for index, jobs in _jobs_at(fleet.jobs, windowed):
        site = fleet.sites[index]
        admitted = [priority for priority in Priority if admits(site.windows, priority)]
        # A pair travels with the highest priority of its jobs (L6): one that is admitted takes the others with it.
        carried = {job.package for job in jobs if job.priority in admitted}
        shut = [job for job in jobs if job.package not in carried]
        if shut:
            highest = max(job.priority for job in shut)
            yield Diagnostic(
                code="window-never-admits",
                severity=Severity.WARNING,
                message=f"no window of site {site.name} ever admits priority {highest.word}; needed by {_jobs(shut)}",
                where=site.where,
                path="spec.windows",
                hint="raise the priority of the jobs, or give the site a window that allows it",
            )


def _jobs_at(jobs: Iterable[Job], sites: SiteSet) -> Iterator[tuple[int, list[Job]]]:
    """Those of the sites that jobs require, with the jobs."""
    found: dict[int, list[Job]] = {}
    for job in jobs if sites else ():
        for index in job.required & sites:
            found.setdefault(index, []).append(job)
    yield from sorted(found.items())


def _jobs(jobs: Iterable[Job]) -> str:
    return _some(tuple(job.name for job in jobs), "job", "jobs")


def _some(names: tuple[str, ...], singular: str, plural: str) -> str:
    """`site A`, `sites A, B and C`, `sites A, B, C and 37 more`."""
    if len(names) == 1:
        return f"{singular} {names[0]}"
    if len(names) <= 4:
        return f"{plural} {', '.join(names[:-1])} and {names[-1]}"
    return f"{plural} {', '.join(names[:3])} and {len(names) - 3} more"
