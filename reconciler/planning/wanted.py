"""The question the planner has for the state: every required pair, as sets of sites."""

from reconciler.model.fleet import Fleet
from reconciler.model.snapshot import Wanted, WantedPackage
from reconciler.planning.requirements import required_sites


def wanted_pairs(fleet: Fleet) -> Wanted:
    """Each package's revision and the sites the jobs require it at; a package that no job needs is absent."""
    return Wanted(
        sites=tuple(site.name for site in fleet.sites),
        packages=tuple(
            WantedPackage(package=name, revision=fleet.packages_by_name[name].revision, sites=sites)
            for name, sites in required_sites(fleet).items()
        ),
    )
