"""Whose store is at an address: nothing is written to one that is not the site's and this state's (L23, L37)."""

from reconciler.engine.stores.room import told_by_need
from reconciler.model.names import SiteName
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StateId, StoreFault, StoreId, StoreIdentity
from reconciler.parcels.identity import identity_bytes, parse_identity
from reconciler.parcels.store_names import IDENTITY, PARTS, is_id, new_id
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender, Taken

LARGEST_IDENTITY = 4096

NOT_CONTENT = frozenset(("lost+found",))
"""What a new file system brings along: a folder with nothing else in it is empty."""


def identity_at(sender: Sender) -> StoreIdentity | None:
    """What the store says of itself, None if it says nothing; raises StoreFault if that cannot be understood (R10)."""
    try:
        return parse_identity(sender.read(IDENTITY, length=LARGEST_IDENTITY))
    except Missing:
        return None
    except (Unreadable, Hostile) as error:
        raise StoreFault(Cause.STORE_MISMATCH, f"{IDENTITY} cannot be understood: {error}") from error


def open_store(sender: Sender, site: SiteName, *, state: StateId, pinned: StoreId | None) -> StoreIdentity:
    """The site's own store, enrolled on first contact if it is empty; raises StoreFault(store-mismatch) for any other.

    With nothing pinned, an identity that names this site and this state is accepted: an earlier first contact got that
    far, or the site came back (sending.md 3).
    """
    found = identity_at(sender)
    if found is None:
        require_first_contact(sender, site, pinned=pinned)
        found = make_store(sender, site, state=state)
    require_own(found, site, state=state, pinned=pinned)
    return found


def require_first_contact(sender: Sender, site: SiteName, *, pinned: StoreId | None) -> None:
    """Where there is no identity: raise StoreFault(store-mismatch) unless nothing else is or ever was there either."""
    if pinned is not None:
        raise mismatch(f"the store of site {site} is not there: no {IDENTITY}; is its file system mounted?")
    if not is_empty(sender):
        raise mismatch(f"the place of site {site} is not empty and is no store; `reconcile enroll {site}` takes it")


def require_own(found: StoreIdentity, site: SiteName, *, state: StateId, pinned: StoreId | None) -> None:
    """Raise StoreFault(store-mismatch) unless the identity is that of the site's own store (L23, L37)."""
    require_site(found, site)
    if found.state != state:
        raise mismatch(f"the store of site {site} belongs to another state; `reconcile enroll {site} --take-over`")
    if pinned not in (None, found.store):
        raise mismatch(f"another store of site {site} is there; `reconcile enroll {site}` accepts it")


def require_site(found: StoreIdentity, site: SiteName) -> None:
    """Raise StoreFault(store-mismatch) if the store names another site: no command ever takes it (L23)."""
    if found.site != site:
        raise mismatch(f"the store belongs to site {found.site}, not to {site}")


def is_empty(sender: Sender) -> bool:
    """Whether nothing lies there that a first contact could overwrite or be confused by.

    What an earlier one left that died on the way does not count: a file in `parts` that never became an identity.
    """
    found = [entry for entry in sender.entries("") if entry.name not in NOT_CONTENT]
    if any(entry.name != PARTS or not entry.is_folder for entry in found):
        return False
    return not found or all(entry.is_file and is_id(entry.name) for entry in sender.entries(PARTS))


def make_store(sender: Sender, site: SiteName, *, state: StateId) -> StoreIdentity:
    """Write an identity, or take the one that somebody else wrote first."""
    made = StoreIdentity(site=site, store=StoreId(new_id()), state=state)
    try:
        with told_by_need(sender, place=f"the store of {site}"):
            sender.create(IDENTITY, identity_bytes(made))
    except Taken:
        found = identity_at(sender)
        if found is None:
            raise mismatch(f"{IDENTITY} comes and goes") from None
        return found
    return made


def mismatch(detail: str) -> StoreFault:
    """Not the store that is meant."""
    return StoreFault(Cause.STORE_MISMATCH, detail)
