"""What the manifests and the open sends want of one store."""

from collections import defaultdict
from collections.abc import Callable, Collection

from reconciler.engine.collecting.keeping import Packing, Wishes
from reconciler.engine.collecting.stock import Stock
from reconciler.engine.collecting.tenure import Taking
from reconciler.engine.sending.attempt import attempt_id
from reconciler.model.fleet import Fleet
from reconciler.model.names import Digest, SiteName
from reconciler.model.sites import Site
from reconciler.parcels.store_names import attempt_folder, package_folder
from reconciler.planning.requirements import required_sites
from reconciler.state.protocol import State


def wishes_of(site: Site, fleet: Fleet, state: State) -> Wishes:
    """Of the site's store, which is the depot of the packages that were created there, too."""
    index = fleet.index[site.name]
    wanted: defaultdict[str, set[Digest]] = defaultdict(set)
    sent: defaultdict[str, set[Digest]] = defaultdict(set)
    for name, sites in required_sites(fleet).items():
        if index in sites:
            wanted[package_folder(name)].add(fleet.packages_by_name[name].content.digest)
    for send in state.sends():
        sent[package_folder(send.package)].add(send.revision.content)
        if send.site == site.name:
            wanted[package_folder(send.package)].add(send.revision.content)
    return Wishes(
        keep=site.keep,
        wanted={folder: frozenset(contents) for folder, contents in wanted.items()},
        packed={
            (folder := package_folder(package.name)): Packing(
                current=package.content.digest, keep=package.keep, sent=frozenset(sent[folder])
            )
            for package in fleet.packages
            if package.origin == site.name
        },
        declared=frozenset(package_folder(package.name) for package in fleet.packages),
    )


def in_use(site: SiteName, state: State, *, packing: Callable[[], bool]) -> Callable[[Stock], Collection[str]]:
    """Folders beneath `parts` that are being written, or that an open send may go on from (L19)."""

    def folders(stock: Stock) -> Collection[str]:
        if not stock.parts:
            return ()
        if state.sends_to(site) or packing():
            return stock.parts.keys()
        return {attempt_folder(attempt_id(claim)) for claim in state.claims()}

    return folders


def is_packing(site: SiteName, fleet: Fleet, state: State, taking: Taking) -> bool:
    """Whether somebody packs a package of this origin just now."""
    for package in fleet.packages:
        if package.origin == site:
            thing = f"package/{package.name}/{package.content.digest}"
            if not state.take(taking.worker, thing, taking.author(), lease=taking.lease):
                return True
            state.give_back(taking.worker, thing)
    return False
