"""Taking what is at an address as the site's store, because a person said so (`reconcile enroll`; L37)."""

from reconciler.engine.stores.opening import identity_at, is_empty, make_store, mismatch, require_site
from reconciler.engine.stores.store import Store
from reconciler.model.enrolment import Enrolled
from reconciler.model.names import SiteName
from reconciler.model.stores import StateId, StoreId, StoreIdentity
from reconciler.parcels.store_names import IDENTITY
from reconciler.senders.protocol import Sender


def needed(found: StoreIdentity | None, *, state: StateId, pinned: StoreId | None) -> Enrolled:
    """What it takes for the store to be the site's own."""
    if found is None:
        return Enrolled.MADE
    if found.state != state:
        return Enrolled.TAKEN_OVER
    return Enrolled.ALREADY if found.store == pinned else Enrolled.ACCEPTED


def require_acceptable(
    sender: Sender, site: SiteName, how: Enrolled, found: StoreIdentity | None, *, named: bool, take_over: bool
) -> None:
    """Raise StoreFault(store-mismatch) if this may not be done without more being said.

    A store that names another site is never taken (L23), one of another state only with `take_over`. A place without
    an identity only if the site was `named`: it may be the folder of a share that is not mounted.
    """
    if found is not None:
        require_site(found, site)
    match how:
        case Enrolled.MADE if not named:
            raise mismatch(
                f"no store is there; if one is to be, and its file system is mounted: reconcile enroll {site}"
            )
        case Enrolled.MADE:
            _require_no_foreign_records(sender, site)
        case Enrolled.TAKEN_OVER if not take_over:
            raise mismatch(
                f"the store belongs to another state; if that one is lost: reconcile enroll {site} --take-over"
            )
        case _:
            pass


def accept(
    sender: Sender, site: SiteName, how: Enrolled, found: StoreIdentity | None, *, state: StateId
) -> StoreIdentity:
    """Do it; the claim of the site is held meanwhile. Raises StoreFault if somebody else did so at the same time.

    The identity is the one file in a store that is ever replaced: removed, and created anew, exclusively. Whoever comes
    in between, or after a crash in between, finds a place without identity, which is nobody's store (L37).
    """
    if how is Enrolled.TAKEN_OVER:
        sender.remove(IDENTITY)
    if how in (Enrolled.MADE, Enrolled.TAKEN_OVER):
        found = make_store(sender, site, state=state)
    if found is None or identity_at(sender) != found or (found.site, found.state) != (site, state):
        raise mismatch(f"somebody else enrolls the store of site {site} at the same time")
    return found


def is_untouched(sender: Sender, *, pinned: StoreId | None) -> bool:
    """Whether this is the place of a site's first contact: the first send makes it the site's store by itself."""
    return pinned is None and identity_at(sender) is None and is_empty(sender)


def _require_no_foreign_records(sender: Sender, site: SiteName) -> None:
    """What has lost its identity still says in its records whose it was (L23)."""
    nameless = Store(sender=sender, identity=StoreIdentity(site=site, store=StoreId(""), state=StateId("")))
    for folder in nameless.recorded_folders():
        record = nameless.latest_in(folder)
        if record is not None and record.site != site:
            raise mismatch(f"the records there were written for site {record.site}, not for {site}")
