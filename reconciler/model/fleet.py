"""The fleet: every valid object of the manifests, references resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.model.jobs import Job
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.packages import Package
from reconciler.model.site_sets import SiteSet
from reconciler.model.sites import Site


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Sites, packages and jobs that refer to nothing outside; each tuple is sorted by name.

    Built by `reconciler.manifests`, which leaves out what is broken and whatever refers to it (L35). `whole` says that
    nothing was left out: only then may a plan make sends obsolete or forget sites. `digest` identifies the fleet by
    what it means, not by how it is written (L2).
    """

    sites: tuple[Site, ...]
    packages: tuple[Package, ...]
    jobs: tuple[Job, ...]
    digest: str
    whole: bool = True
    empty: bool = field(default=False)
    """No object at all was found in the manifests (the guard `emptyManifests`)."""
    missing: tuple[str, ...] = ()
    """Folders or files of manifests that are not there: the fleet is then taken for empty."""

    @property
    def why_empty(self) -> str:
        """What the guard says; "" if there are objects."""
        if self.missing:
            return f"there is no {', '.join(self.missing)}"
        return "empty" if self.empty else ""

    @cached_property
    def index(self) -> Mapping[SiteName, int]:
        """Site name → its index in `sites` and in every `SiteSet`."""
        return {site.name: index for index, site in enumerate(self.sites)}

    @cached_property
    def packages_by_name(self) -> Mapping[PackageName, Package]:
        return {package.name: package for package in self.packages}

    @cached_property
    def jobs_by_name(self) -> Mapping[JobName, Job]:
        return {job.name: job for job in self.jobs}

    def site(self, name: SiteName) -> Site:
        return self.sites[self.index[name]]

    def names(self, sites: SiteSet) -> tuple[SiteName, ...]:
        """The names of a set of sites, sorted."""
        return tuple(self.sites[index].name for index in sites)
