"""Which contents that cannot be read here a depot holds packed: what the planner knows of packing (`not-packed`).

Depots are only looked at (sending.md 2): no first contact, no folder made, nothing written. Whatever is wrong with one
is told with its packages, and holds up no others (L35).
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.engine.checkup.in_time import in_time
from reconciler.engine.depots import depot_beside, packed_in
from reconciler.engine.stores.opening import identity_at, open_store
from reconciler.engine.stores.store import Store
from reconciler.model.fleet import Fleet
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Content, Package
from reconciler.model.quantities import Bytes
from reconciler.model.sites import Address, Site
from reconciler.model.stores import StateId, StoreFault, StoreId
from reconciler.senders.protocol import Hostile, Missing, Sender
from reconciler.state.protocol import State

LIMIT = 15.0
"""Seconds after which a depot that does not answer is planned without."""

AT_ONCE = 16

Contents = Mapping[PackageName, Content]


def with_packed(
    fleet: Fleet, state: State, *, folder: str, open_sender: Callable[[Address], Sender], limit: float = LIMIT
) -> Fleet:
    """The fleet, told what the depots of its origins hold of the contents that cannot be read here.

    `folder` is where origins without an address keep their parcels. Without such contents nothing is asked.
    """
    elsewhere: dict[SiteName, list[Package]] = {}
    for package in fleet.packages:
        if not package.content.readable:
            elsewhere.setdefault(package.origin, []).append(_unseen(package))
    if not elsewhere:
        return fleet
    look = _Look(folder=folder, open_sender=open_sender, state=state.identity, pinned=state.stores())
    questions = {origin: look.question(fleet.site(origin), packages) for origin, packages in elsewhere.items()}
    found: dict[PackageName, Content] = {}
    for origin, contents in in_time(questions, limit=limit, at_once=AT_ONCE):
        found |= _blamed(elsewhere[origin], f"no answer within {limit:g} s") if contents is None else contents
    packages = tuple(replace(package, content=found.get(package.name, package.content)) for package in fleet.packages)
    return replace(fleet, packages=packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    folder: str
    open_sender: Callable[[Address], Sender]
    state: StateId
    pinned: Mapping[SiteName, StoreId]

    def question(self, origin: Site, packages: Iterable[Package]) -> Callable[[], Contents]:
        return lambda: self.contents(origin, packages)

    def contents(self, origin: Site, packages: Iterable[Package]) -> Contents:
        """What the depot of an origin knows of these packages; raises nothing."""
        try:
            return self._contents(origin, packages)
        except (StoreFault, Missing, Hostile) as fault:
            return _blamed(packages, str(fault))
        except Exception as fault:  # noqa: BLE001 - a thread's fault would otherwise be a depot that never answers
            return _blamed(packages, f"a fault of reconcile: {fault!r}")

    def _contents(self, origin: Site, packages: Iterable[Package]) -> Contents:
        address = origin.address or depot_beside(self.folder, origin.name)
        if origin.address is None and not os.path.isdir(address.path):
            return _nothing(packages)
        sender = self.open_sender(address)
        try:
            pinned = None if origin.address is None else self.pinned.get(origin.name)
            if pinned is None and identity_at(sender) is None:
                return _nothing(packages)
            identity = open_store(sender, origin.name, state=self.state, pinned=pinned)
            store = Store(sender=sender, identity=identity)
            return {package.name: _content(package, store) for package in packages}
        finally:
            sender.close()


def _unseen(package: Package) -> Package:
    """An earlier look counts no more."""
    return replace(package, content=replace(package.content, size=Bytes(0), packed=False, depot_fault=""))


def _nothing(packages: Iterable[Package]) -> Contents:
    return {package.name: package.content for package in packages}


def _content(package: Package, depot: Store) -> Content:
    packed = packed_in(depot, package.name, package.content.digest)
    return package.content if packed is None else replace(package.content, packed=True, size=Bytes(packed.parcel.bytes))


def _blamed(packages: Iterable[Package], fault: str) -> Contents:
    return {package.name: replace(package.content, depot_fault=fault) for package in packages}
