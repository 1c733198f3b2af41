"""From a site's store to a directory: the highest valid record's content, verified, switched in one step (L18)."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.engine.stores.opening import identity_at
from reconciler.engine.stores.reading_back import reading
from reconciler.engine.stores.store import Store
from reconciler.model.instants import Instant
from reconciler.model.looks import Moved
from reconciler.model.names import PackageName, SiteName
from reconciler.model.packages import Content, SourceRequest
from reconciler.model.quantities import Bytes, format_size
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.parcels.destination import Destination
from reconciler.parcels.digest_cache import DigestCache
from reconciler.parcels.index import Index
from reconciler.parcels.listing import read_content
from reconciler.parcels.records import Record
from reconciler.parcels.tree_mark import Identity, Unpacked
from reconciler.parcels.tree_writer import TreeWriter
from reconciler.parcels.unpacking import Extent, extent, unpack
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender

Progress = Callable[[int, int, str], None]
"""Bytes written, of how many, and the path that is being written; once more with all written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The revision that a store says is usable: its highest valid record. `unread` says why a higher one is not."""

    store: Store
    record: Record
    unread: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacking:
    """How it ended: what the tree is made of, None if the folder held it already; `before` is what it held.

    `left` are private folders beside it that could not be removed.
    """

    extent: Extent | None
    before: Unpacked | None
    left: tuple[str, ...] = ()


def staged(sender: Sender, package: PackageName, *, site: SiteName | None) -> Staged | None:
    """What the store holds of a package, None if it has no record of it; raises StoreFault, Unreadable.

    With `site` the store must be that site's own (L23).
    """
    identity = identity_at(sender)
    if identity is None:
        raise StoreFault(Cause.STORE_MISMATCH, "there is no store: no reconciler-store.json")
    if site is not None and identity.site != site:
        raise StoreFault(Cause.STORE_MISMATCH, f"the store belongs to site {identity.site}, not to {site}")
    store = Store(sender=sender, identity=identity)
    found = store.recorded(package)
    if found.newest is None:
        if found.unread:
            raise Unreadable(found.unread)
        return None
    return Staged(store=store, record=found.newest, unread=found.unread)


def unpack_to(destination: Destination, found: Staged, *, at: Instant, write: bool, progress: Progress) -> Unpacking:
    """Make the folder hold exactly the revision's tree; without `write` only say what would be done.

    A folder that holds it already, read and compared file by file, is left as it is. Raises Refused and Busy with
    nothing changed, Unreadable and StoreFault for the store's faults, and OSError if the tree cannot be written.
    """
    record = found.record
    before = destination.held()
    if before is not None and before.content == record.revision.content and _holds(destination, record):
        if write:
            destination.tidy()
        return Unpacking(extent=None, before=before, left=destination.left() if write else ())
    read = reading(found.store.sender)
    index = _index_of(found)
    size = extent(index, read)
    _check_space(destination, size)
    if not write:
        return Unpacking(extent=size, before=before)
    with destination.private() as private:
        tree = TreeWriter(private.tree)
        try:
            unpack(index, read, tree, lambda done, path: progress(done, size.bytes, path))
        finally:
            tree.close()
        made = Unpacked(
            package=record.package,
            number=record.number,
            content=record.revision.content,
            at=at,
            identity=Identity.of(private.tree),
        )
        destination.switch(private, made)
    progress(size.bytes, size.bytes, "")
    return Unpacking(extent=size, before=before, left=destination.left())


def _index_of(found: Staged) -> Index:
    file = found.record.index
    try:
        index = found.store.index(file)
    except Missing:
        raise Unreadable(f"{file.file} is not there") from None
    except Hostile as fault:
        raise Unreadable(f"{file.file}: {fault}") from None
    if index.content != found.record.revision.content:
        raise Unreadable(f"{file.file} is of {index.content}, its record of {found.record.revision.content}")
    return index


def _holds(destination: Destination, record: Record) -> bool:
    """Whether every file in the folder is as it was unpacked; nothing is taken from a cache."""
    request = SourceRequest(package=record.package, path=os.path.abspath(destination.path))
    try:
        content = read_content(request, DigestCache(None))
    except Moved:
        return False
    return isinstance(content, Content) and content.digest == record.revision.content


def _check_space(destination: Destination, size: Extent) -> None:
    """Old and new tree lie side by side until the switch; what it takes is known before the first byte (L20)."""
    found = os.fstatvfs(destination.parent)
    free = Bytes(found.f_bavail * found.f_frsize)
    if size.bytes > free:
        need = format_size(Bytes(size.bytes))
        raise OSError(errno.ENOSPC, f"no space: need {need}, have {format_size(free)}", destination.path)
