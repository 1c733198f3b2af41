"""Sites that left the manifests: what they held is forgotten (L31; Q153231)."""

from collections.abc import Iterable

from reconciler.model.fleet import Fleet
from reconciler.model.plan import Removal
from reconciler.model.snapshot import DepartedSite
from reconciler.planning.scope import Scope


def removals(fleet: Fleet, departed: Iterable[DepartedSite], *, scope: Scope) -> tuple[Removal, ...]:
    """By site; only of a whole fleet and in a plan of everything, as a site may be missing for being misspelt (L35)."""
    if not fleet.whole or scope.is_partial:
        return ()
    gone = (site for site in departed if site.packages and site.site not in fleet.index)
    return tuple(
        Removal(
            site=site.site,
            packages=tuple(package for package, _ in site.packages),
            versions=tuple(version for _, version in site.packages),
        )
        for site in sorted(gone, key=lambda site: site.site)
    )
