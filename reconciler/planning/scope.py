"""What a pass is narrowed to by `--site`, `--package`, `--job` and `-l`."""

from dataclasses import dataclass

from reconciler.model.names import JobName, PackageName
from reconciler.model.site_sets import SiteSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The pairs a plan looks at: all three must hold; None stands for no condition.

    `jobs` stands for the pairs these jobs need. A partial plan sends, cancels, supersedes and removes only within its
    scope; what it says of a job it says of all sites the job requires. `filters` is the scope as it was typed.
    """

    sites: SiteSet | None = None
    packages: frozenset[PackageName] | None = None
    jobs: frozenset[JobName] | None = None
    filters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        narrowed = self.sites is not None or self.packages is not None or self.jobs is not None
        if narrowed != bool(self.filters):
            raise ValueError("a scope names its filters if and only if it has some")

    @property
    def is_partial(self) -> bool:
        return bool(self.filters)


ALL = Scope()
