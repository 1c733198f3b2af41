"""Packing a revision once, into the depot of its origin; every send starts from there (sending.md 2)."""

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from reconciler.engine.depots import packed_in
from reconciler.engine.stores.store import Store
from reconciler.model.instants import Instant
from reconciler.model.names import Digest
from reconciler.model.packages import Package, SourceRequest
from reconciler.model.stores import StoreFault
from reconciler.parcels.index import Index, index_bytes
from reconciler.parcels.packing import pack_source
from reconciler.parcels.places import Places
from reconciler.parcels.records import IndexFile, Parcel, parcel_bytes
from reconciler.parcels.store_names import attempt_folder, index_name, new_id, pack_name, parcel_name, part_name
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Missing, Taken


def source_of(package: Package) -> SourceRequest:
    """The package's source where its content was read from: a folder, or a commit."""
    source = package.source
    return SourceRequest(
        package=package.name, path=source.path, exclude=source.exclude, pin=source.pin, tree=package.content.tree
    )


def pack(package: Package, depot: Store, *, at: Instant, wrote: Callable[[int], None] = lambda _: None) -> Parcel:
    """Make sure that the depot holds the package's content; returns its parcel.

    Raises SourceChanged or SourceGone (reconciler.parcels.packing) if the source is not what is to be packed, and
    StoreFault. A parcel that is there is not made again, even if somebody else was faster. `wrote` is told the bytes of
    each pack before it is written, and may raise what ends the packing.
    """
    content = package.content
    return pack_content(source_of(package), content.digest, depot, size=content.size, at=at, wrote=wrote)


def pack_content(
    request: SourceRequest,
    content: Digest,
    depot: Store,
    *,
    size: int,
    at: Instant,
    wrote: Callable[[int], None] = lambda _: None,
) -> Parcel:
    """The same for a source of any origin; `size` is the sum of its files' bytes."""
    packed = packed_in(depot, request.package, content)
    if packed is not None:
        return packed.parcel
    with ThreadPoolExecutor(1, thread_name_prefix="depot") as writer:
        writing = _Writing(depot=depot, wrote=wrote, writer=writer)
        try:
            index = pack_source(request, content, held=_held(depot, request), put=writing.put)
            writing.publish()
            return _enter(depot, request, index, size=size, at=at)
        finally:
            writing.clear()


@dataclass(slots=True, kw_only=True)
class _Writing:
    """The packs of one packing: private until the last of them is flushed.

    They are written by a thread of their own, one after the other, while the next one is made: a flush holds up nobody.
    Nothing else uses the depot's sender meanwhile.
    """

    depot: Store
    wrote: Callable[[int], None]
    writer: Executor
    attempt: str = field(default_factory=new_id)
    packs: list[str] = field(default_factory=list)
    underway: "Future[None] | None" = None

    def put(self, pieces: Sequence[bytes]) -> str:
        """Begin to write a pack once the one before is durable; the id it will have."""
        self._finish()
        self.wrote(sum(map(len, pieces)))
        identity = new_id()
        self.packs.append(identity)
        self.underway = self.writer.submit(self._write, part_name(self.attempt, identity), pieces)
        return identity

    def publish(self) -> None:
        self._finish()
        names = [(part_name(self.attempt, identity), pack_name(identity)) for identity in self.packs]
        self.depot.sender.publish(names)

    def clear(self) -> None:
        """What cannot be removed now, `gc` removes."""
        with contextlib.suppress(StoreFault):
            self._finish()
        with contextlib.suppress(StoreFault):
            for identity in self.packs:
                self.depot.sender.remove(part_name(self.attempt, identity))
            self.depot.sender.remove_folder(attempt_folder(self.attempt))

    def _finish(self) -> None:
        underway, self.underway = self.underway, None
        if underway is not None:
            underway.result()

    def _write(self, name: str, pieces: Sequence[bytes]) -> None:
        part = self.depot.sender.begin(name, size=sum(map(len, pieces)))
        try:
            for piece in pieces:
                part.append(piece)
            part.flush()
        finally:
            part.close()


def _held(depot: Store, request: SourceRequest) -> Places:
    """Chunks of the package's other parcels: a new revision costs only what changed in it."""
    places = Places()
    packs = depot.packs()
    seen = set()
    for parcel in depot.parcels(request.package):
        try:
            index = depot.index(parcel.index)
        except (Unreadable, Missing):
            continue
        for use in index.packs:
            if use not in seen and packs.get(use.pack, 0) >= use.bytes:
                seen.add(use)
                with contextlib.suppress(Unreadable, Missing):
                    places.add(use, depot.table_of(pack_name(use.pack)))
    return places


def _enter(depot: Store, request: SourceRequest, index: Index, *, size: int, at: Instant) -> Parcel:
    data = index_bytes(index)
    file = IndexFile(file=index_name(new_id()), bytes=len(data), digest=_digest(data))
    depot.sender.create(file.file, data)
    while True:
        number = depot.next_parcel(request.package)
        parcel = Parcel(
            package=request.package, number=number, content=index.content, bytes=size, index=file, packed_at=at
        )
        try:
            depot.sender.create(parcel_name(request.package, number), parcel_bytes(parcel))
        except Taken:
            continue
        return parcel


def _digest(data: bytes) -> Digest:
    return Digest(f"sha256:{hashlib.sha256(data).hexdigest()}")
