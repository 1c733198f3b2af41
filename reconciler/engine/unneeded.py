"""What lies in a store though no desired job needs it there (L41)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reconciler.engine.collecting.places import Place
from reconciler.engine.collecting.stock import Filed, Shelf, Stock
from reconciler.engine.collecting.tenure import Taking
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Absent
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName
from reconciler.model.pruning import Fate, Pruning
from reconciler.model.sites import Address
from reconciler.model.snapshot import Send
from reconciler.parcels.removal import Removal
from reconciler.parcels.store_names import package_folder
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import HeldPair, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What `prune` works with. `only` is the package that was named; `taking` is None if nothing is to be written."""

    fleet: Fleet
    state: State
    open_sender: Callable[[Address], Sender]
    now: Callable[[], Instant]
    taking: Taking | None
    only: PackageName | None = None
    tell: Callable[[int, int, str], None] = lambda _done, _total, _name: None


@dataclass(frozen=True, slots=True)
class Lies:
    """What lies there of one package, and what the state knows of the pair."""

    package: PackageName
    records: tuple[Filed, ...]
    parcels: tuple[Filed, ...]
    pair: HeldPair | None

    @property
    def is_there(self) -> bool:
        """Below a removal lies only what could not be removed with it."""
        known = self.pair is not None and self.pair.holding != Absent()
        recorded = bool(self.records) and (len(self.records) > 1 or not isinstance(self.records[-1].says, Removal))
        return recorded or bool(self.parcels) or known


def lying(stock: Stock, place: Place, work: Work) -> Iterator[Lies]:
    """Every package there that may be pruned or was asked for, by name."""
    site = place.site.name
    pairs = {} if place.beside else {pair.package: pair for pair in work.state.pairs(site=site)}
    shelves = {shelf.folder: shelf for shelf in stock.shelves}
    names = {package_folder(package.name): package.name for package in work.fleet.packages}
    names |= {folder: name for folder, shelf in shelves.items() if (name := _name_of(shelf)) is not None}
    names |= {package_folder(name): name for name in pairs}
    for folder, name in sorted(names.items(), key=lambda one: one[1]):
        shelf = shelves.get(folder, Shelf(folder=folder, records=(), parcels=()))
        parcels = () if _is_packed_here(name, place, work) else shelf.parcels
        lies = Lies(package=name, records=shelf.records, parcels=parcels, pair=pairs.get(name))
        if lies.is_there and work.only in (None, name):
            yield lies


def _is_packed_here(name: PackageName, place: Place, work: Work) -> bool:
    package = work.fleet.packages_by_name.get(name)
    return package is not None and package.origin == place.site.name


def judged(lies: Lies, place: Place, fleet: Fleet, sends: Iterable[Send]) -> Pruning:
    """Whether a job needs it there, or one of the open `sends` brings it; in a store names have no upper case."""
    site, folder = place.site.name, package_folder(lies.package)
    fate, detail = Fate.PRUNABLE, "no job needs it there"
    here = fleet.index[site]
    jobs = [job.name for job in fleet.jobs if here in job.required and package_folder(job.package) == folder]
    coming = [send.job for send in sends if send.site == site and package_folder(send.package) == folder]
    if jobs:
        fate, detail = Fate.NEEDED, f"needed by {', '.join(jobs[:3])}"
    elif coming:
        fate, detail = Fate.IN_FLIGHT, f"{coming[0]} is open"
    return Pruning(
        package=lies.package,
        site=site,
        beside=place.beside,
        fate=fate,
        detail=detail,
        records=sum(not isinstance(file.says, Removal) for file in lies.records),
        parcels=len(lies.parcels),
    )


def _name_of(shelf: Shelf) -> PackageName | None:
    """A folder's name is in lower case; what lies in it tells."""
    return next((file.says.package for file in (*shelf.records, *shelf.parcels) if file.says is not None), None)
