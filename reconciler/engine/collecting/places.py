"""The stores there are to look at: those of the sites, and the depots beside the state."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.engine.depots import depot_beside
from reconciler.engine.stores.opening import identity_at, require_first_contact, require_own
from reconciler.engine.stores.store import Store
from reconciler.model.sites import Address, Site
from reconciler.model.stores import StateId, StoreId
from reconciler.senders.protocol import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store may be: at the site's address, or the site's depot beside the state (`beside`)."""

    site: Site
    address: Address
    beside: bool


def places(sites: Iterable[Site], *, depot_folder: str) -> Iterator[Place]:
    """A site without an address has at most a depot."""
    for site in sites:
        if site.address is not None:
            yield Place(site=site, address=site.address, beside=False)
        elif os.path.isdir((address := depot_beside(depot_folder, site.name)).path):
            yield Place(site=site, address=address, beside=True)


@contextmanager
def entered(
    place: Place, *, open_sender: Callable[[Address], Sender], state: StateId, pinned: StoreId | None
) -> Iterator[Store | None]:
    """The store, None if nobody ever made one there; raises StoreFault for any but the enrolled one (L37).

    No first contact: what nothing was sent to has nothing to be removed from.
    """
    sender = open_sender(place.address)
    try:
        found = identity_at(sender)
        if found is None:
            if pinned is not None:
                require_first_contact(sender, place.site.name, pinned=pinned)
            yield None
            return
        require_own(found, place.site.name, state=state, pinned=pinned)
        yield Store(sender=sender, identity=found)
    finally:
        sender.close()
