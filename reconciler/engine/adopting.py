"""Adopting: content that lies at a site already is packed into the store there, so that no send moves it (L36)."""

import os
from dataclasses import dataclass

from reconciler.engine.depots import packed_in
from reconciler.engine.packing import pack_content
from reconciler.engine.stores.opening import identity_at, mismatch, require_site
from reconciler.engine.stores.reading_back import absent
from reconciler.engine.stores.store import Store
from reconciler.model.instants import Instant
from reconciler.model.names import Digest, PackageName, SiteName
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.listing import read_content
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender
from reconciler.senders.recorded import Recorded, Traffic


class NotAdoptable(Exception):
    """What lies there cannot be a package's content; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What the store holds now, or would. `written` bytes went into it; `already`: it held all of it before."""

    package: PackageName
    site: SiteName
    content: Content
    already: bool
    written: Bytes = Bytes(0)


def adopt(
    request: SourceRequest, sender: Sender, path: str, *, site: SiteName | None, at: Instant, write: bool
) -> Adoption:
    """Pack the folder that the request names into the store at `path`; without `write` only look.

    Nothing is known of the state here: the next send finds what lies in the store by itself. Raises StoreFault if there
    is no store, or not that of `site`; NotAdoptable; Moved, SourceChanged and SourceGone if the folder does not rest.
    """
    traffic = Traffic()
    store = _store(Recorded(sender, traffic), site)
    _require_apart(request.path, path)
    content = read_content(request, DigestCache(None))
    if isinstance(content, SourceProblem):
        raise NotAdoptable(content.message, hint="" if content.code == "source-missing" else content.hint)
    found = Adoption(
        package=request.package,
        site=store.identity.site,
        content=content,
        already=_holds(store, request.package, content.digest),
    )
    if found.already or not write:
        return found
    pack_content(request, content.digest, store, size=content.size, at=at)
    return Adoption(package=found.package, site=found.site, content=content, already=False, written=Bytes(traffic.up))


def _store(sender: Sender, site: SiteName | None) -> Store:
    """A store is never made here: it belongs to a state, and that is elsewhere (L37)."""
    identity = identity_at(sender)
    if identity is None:
        raise mismatch("there is no store: the first send to the site, or `reconcile enroll`, makes it")
    if site is not None:
        require_site(identity, site)
    return Store(sender=sender, identity=identity)


def _require_apart(source: str, store: str) -> None:
    """No package is read from a store (L23, 2.0:Q263376)."""
    source, store = os.path.realpath(source), os.path.realpath(store)
    if os.path.commonpath((source, store)) in (source, store):
        inside = f"{source} lies in the store" if source.startswith(store) else f"the store lies in {source}"
        raise NotAdoptable(inside, hint="a source is read, a store is written: keep them apart")


def _holds(store: Store, package: PackageName, content: Digest) -> bool:
    """Whether a parcel of exactly this content is there, or the record of a send of it, with all that they name."""
    if packed_in(store, package, content) is not None:
        return True
    record = store.recorded(package).newest
    if record is None or record.revision.content != content:
        return False
    try:
        return absent(store.packs(), store.index(record.index)) is None
    except (Unreadable, Missing, Hostile):
        return False
