"""Where parcels are packed and found: the origin's own store, or a folder beside the state (domain.md, "depot")."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from reconciler.engine.stores.opening import open_store
from reconciler.engine.stores.pins import Pins
from reconciler.engine.stores.reading_back import failing
from reconciler.engine.stores.store import Store
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.parcels.index import Index
from reconciler.parcels.packs import Table
from reconciler.parcels.records import Parcel
from reconciler.parcels.removal import condemned_bytes
from reconciler.parcels.store_names import condemned_name, pack_name
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A parcel that is whole, as far as its files' names and sizes tell, with its index and the store it lies in."""

    store: Store
    parcel: Parcel
    index: Index

    def table(self, pack: str) -> Table:
        """What a pack of the parcel holds; raises as `read` does."""
        with self._told_of(pack):
            return self.store.table_of(pack_name(pack))

    def read(self, pack: str, offset: int, length: int) -> bytes:
        """Bytes of a pack of the parcel; raises Unreadable, also if it is gone: the store's faults are other ones."""
        with self._told_of(pack):
            return self.store.sender.read(pack_name(pack), offset=offset, length=length)

    @contextmanager
    def _told_of(self, pack: str) -> Iterator[None]:
        """What fails here stops the package: it says nothing of the site that the send goes to."""
        try:
            yield
        except (Missing, Hostile) as fault:
            raise Unreadable(f"pack {pack}: {fault}") from fault
        except StoreFault as fault:
            raise StoreFault(Cause.SOURCE_MISSING, of_depot(self.store.identity.site, fault)) from fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Depots:
    """The depot of each origin. `folder` lies beside the state; a depot there has no pin: nobody else writes to it."""

    folder: str
    pins: Pins
    open_sender: Callable[[Address], Sender]

    def open(self, fleet: Fleet, origin: SiteName) -> Store:
        """The depot of an origin, made if need be; raises StoreFault. The caller closes its sender."""
        address = fleet.site(origin).address
        if address is not None:
            return self._entered(address, lambda sender: self.pins.enter(sender, origin))
        address = depot_beside(self.folder, origin)
        try:
            os.makedirs(address.path, mode=0o700, exist_ok=True)
        except OSError as fault:
            raise StoreFault(Cause.SOURCE_MISSING, f"{address.path}: {fault.strerror}") from fault
        return self._entered(address, lambda sender: self._beside(sender, origin))

    def _beside(self, sender: Sender, origin: SiteName) -> Store:
        return Store(sender=sender, identity=open_store(sender, origin, state=self.pins.state, pinned=None))

    def _entered(self, address: Address, enter: Callable[[Sender], Store]) -> Store:
        sender = self.open_sender(address)
        try:
            return enter(sender)
        except BaseException:
            sender.close()
            raise


def condemn_damaged(packed: Packed, *, at: Instant) -> None:
    """Mark a pack that is not what its index states: it counts as absent, so that the parcel is packed anew.

    `gc` clears it away. What cannot be read or marked now is left to the next who finds it.
    """
    sender = packed.store.sender
    with suppress(StoreFault, Hostile, Taken):
        bad = failing(sender, packed.index.packs)
        if bad is not None:
            sender.create(condemned_name(pack_name(bad.pack)), condemned_bytes(at))


def of_depot(origin: SiteName, fault: Exception | str) -> str:
    """How a fault of a depot is told; `enroll` knows by it which sends wait for that."""
    return f"depot of {origin}: {fault}"


def depot_beside(folder: str, origin: SiteName) -> Address:
    """The depot of an origin without an address, in the folder beside the state."""
    return Address(type="directory", path=os.path.join(folder, origin.lower()))


def packed_in(store: Store, package: PackageName, content: Digest) -> Packed | None:
    """The newest whole parcel of exactly this content in a depot, None if there is none (`not-packed`)."""
    packs = None
    for parcel in store.parcels(package):
        if parcel.content != content:
            continue
        try:
            index = store.index(parcel.index)
        except (Unreadable, Missing, Hostile):
            continue
        packs = store.packs() if packs is None else packs
        if index.content == content and all(packs.get(use.pack, 0) >= use.bytes for use in index.packs):
            return Packed(store=store, parcel=parcel, index=index)
    return None
