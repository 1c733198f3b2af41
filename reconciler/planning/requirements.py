"""What the desired jobs require, package by package, as sets of sites."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.fleet import Fleet
from reconciler.model.jobs import Job
from reconciler.model.names import PackageName
from reconciler.model.packages import Package, Revision
from reconciler.model.quantities import Bytes
from reconciler.model.site_sets import SiteSet
from reconciler.planning.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One package, the jobs that need it, and where.

    `sites` are all sites required to hold it, `scope` those of them that this plan looks at. The others are the
    package's, worked out once: its revision, the parts of its setup, what the setup and what all of it weighs.
    """

    package: Package
    revision: Revision
    parts: tuple[str, ...]
    setup_bytes: Bytes
    all_bytes: Bytes
    jobs: tuple[Job, ...]
    sites: SiteSet
    scope: SiteSet


def required_sites(fleet: Fleet) -> Mapping[PackageName, SiteSet]:
    """The union of the jobs' required sites (L5); a package that no job needs anywhere is absent."""
    bits: dict[PackageName, int] = {}
    for job in fleet.jobs:
        bits[job.package] = bits.get(job.package, 0) | job.required.bits
    return {package: SiteSet(bits[package]) for package in sorted(bits) if bits[package]}


def requirements(fleet: Fleet, scope: Scope) -> Mapping[PackageName, Requirement]:
    """Every required package, by name; those outside the scope too, with an empty `scope`."""
    jobs: dict[PackageName, list[Job]] = {}
    for job in fleet.jobs:
        jobs.setdefault(job.package, []).append(job)
    found = {}
    for name, sites in required_sites(fleet).items():
        package = fleet.packages_by_name[name]
        found[name] = Requirement(
            package=package,
            revision=package.revision,
            parts=tuple(sorted(part.value for part in package.parts)),
            setup_bytes=package.setup_size,
            all_bytes=Bytes(package.content.size + package.setup_size),
            jobs=tuple(jobs[name]),
            sites=sites,
            scope=_narrow(name, sites, jobs[name], scope),
        )
    return found


def _narrow(package: PackageName, sites: SiteSet, jobs: list[Job], scope: Scope) -> SiteSet:
    if scope.packages is not None and package not in scope.packages:
        return SiteSet()
    if scope.sites is not None:
        sites &= scope.sites
    if scope.jobs is None:
        return sites
    needed = 0
    for job in jobs:
        if job.name in scope.jobs:
            needed |= job.required.bits
    return sites & SiteSet(needed)
