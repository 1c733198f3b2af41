"""Desired jobs: one package, at sites, in phases."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from reconciler.model.diagnostics import Where
from reconciler.model.instants import Instant
from reconciler.model.names import JobName, PackageName, SiteName
from reconciler.model.packages import SetupPart
from reconciler.model.priority import Priority
from reconciler.model.site_sets import SiteSet


class JobType(Enum):
    RUN = "run-command-on-workstation"
    SHARE = "share-package-on-server"


class Phase(Enum):
    SEND = "send"
    DISTRIBUTE = "distribute"
    RUN = "run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One entry of `spec.targets`: the sites it resolved to, and where it stands."""

    sites: SiteSet
    where: Where


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A desired job, its targets resolved.

    `required` are the sites that must hold the package: every target and the site where the job is created, except the
    package's origin (L5). `needs` are the parts of the setup without which the job is refused there (Q134718).
    """

    name: JobName
    type: JobType
    package: PackageName
    command: str | None
    site: SiteName
    targets: tuple[Target, ...]
    required: SiteSet
    needs: frozenset[SetupPart]
    phases: frozenset[Phase]
    priority: Priority
    ready_by: Instant | None = None
    suspended: bool = False
    where: Where
    labels: Mapping[str, str]

    @property
    def purpose(self) -> str:
        """What the job is for, in words: `run "install"`, `share`, `send`."""
        if Phase.RUN in self.phases and self.command is not None:
            return f'run "{self.command}"'
        if self.type is JobType.SHARE:
            return "share"
        return "distribution" if Phase.DISTRIBUTE in self.phases else "send"

    def target_of(self, site: int) -> Target | None:
        """The first target that selects the site with this index; None for the site the job is created at."""
        return next((target for target in self.targets if site in target.sites), None)
