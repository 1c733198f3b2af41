"""Which store is whose: the pins of the state, known to all threads of a process (sending.md 3)."""

from collections.abc import Callable

from reconciler.engine.stores.opening import open_store
from reconciler.engine.stores.store import Store
from reconciler.model.names import SiteName
from reconciler.model.stores import StoreId
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import Author, State


class Pins:
    """Opens a store as the site's own, and pins what a first contact made. `open_state` is called for writing."""

    def __init__(self, state: State, *, open_state: Callable[[], State], author: Callable[[], Author]) -> None:
        self.state = state.identity
        self._known = dict(state.stores())
        self._open_state = open_state
        self._author = author

    def enter(self, sender: Sender, site: SiteName) -> Store:
        """The site's store; raises StoreFault(store-mismatch) if it is another one (L23, L37)."""
        pinned = self._known.get(site)
        identity = open_store(sender, site, state=self.state, pinned=pinned)
        if pinned is None:
            self._pin(site, identity.store)
        return Store(sender=sender, identity=identity)

    def refresh(self, state: State) -> None:
        """What somebody enrolled, or what was removed, counts from now on."""
        self._known = dict(state.stores())

    def _pin(self, site: SiteName, store: StoreId) -> None:
        state = self._open_state()
        try:
            state.pin_store(site, store, self._author())
        finally:
            state.close()
        self._known[site] = store
