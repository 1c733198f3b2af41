"""Which store is whose, in the SQLite state (L37)."""

import sqlite3
from collections.abc import Mapping

from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.stores import StateId, StoreId
from reconciler.state.interning import ids
from reconciler.state.statements import statements

_SQL = statements("stores")


def identity(sqlite: sqlite3.Connection) -> StateId:
    """Whose the stores of this state are."""
    (found,) = sqlite.execute(_SQL["identity"]).fetchone()
    return StateId(found)


def pinned(sqlite: sqlite3.Connection) -> Mapping[SiteName, StoreId]:
    """By site."""
    return dict(sqlite.execute(_SQL["all"]))


def pin(sqlite: sqlite3.Connection, site: SiteName, store: StoreId, at: Instant) -> bool:
    """False if it is so already."""
    number = ids(sqlite, "sites", {site})[site]
    return sqlite.execute(_SQL["pin"], {"site": number, "store": store, "at": at}).rowcount > 0
