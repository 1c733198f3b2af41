"""A source becomes packs and an index: read once, hashed from the very bytes that are packed (L17, sending.md 2).

Reading, cutting and the files' digests go on in the caller's thread while a few others hash chunks and compress blocks;
everything is laid down in the order of the stream, so the same source gives the same chunks and blocks. Memory follows
the blocks on their way and the number of chunks, never the size of the files.
"""

import hashlib
import os
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO

from reconciler.model.looks import Moved
from reconciler.model.names import Digest
from reconciler.model.packages import SourceRequest
from reconciler.parcels import archive
from reconciler.parcels.cutting import ALONE, Cutter
from reconciler.parcels.filling import Filling, Gathering, LooseBlock
from reconciler.parcels.index import Index
from reconciler.parcels.listing import listed, look_at_source
from reconciler.parcels.opening import opened
from reconciler.parcels.packs import Chunk, seal_block
from reconciler.parcels.places import Places
from reconciler.parcels.problems import UNREADABLE, not_there, printable, problem_of
from reconciler.parcels.source_tree import Entry, Kind, Source, Unusable

_THREADS = min(3, os.cpu_count() or 1)
_HASHED_AT_ONCE = 64
"""Chunks: some MiB."""
_LISTING_IN_MEMORY = 2**22


class SourceChanged(Exception):
    """The source is not, or does not stay, what the send is about: nothing of this parcel counts."""


class SourceGone(Exception):
    """The source cannot be read."""


def pack_source(
    request: SourceRequest, expected: Digest, *, held: Places, put: Callable[[Sequence[bytes]], str]
) -> Index:
    """Pack a source into a depot; raises SourceChanged or SourceGone, and what `put` raises.

    `held` is what the depot holds already, and learns what is packed now; `put` writes a
    pack, which it is given in pieces, and says under which id.
    After an exception neither the packs nor `held` are of use.
    """
    with ExitStack() as stack:
        try:
            source = stack.enter_context(opened(request))
        except OSError as fault:
            raise SourceGone(not_there(request, fault).message) from fault
        pool = stack.enter_context(ThreadPoolExecutor(_THREADS))
        stream = _Stream(
            request=request, source=source, listing=stack.enter_context(SpooledTemporaryFile(_LISTING_IN_MEMORY))
        )
        laying = _Laying(
            pool=pool, places=held, gathering=Gathering(places=held), filling=Filling(places=held, name=put)
        )
        try:
            for chunks in stream.chunks(expected):
                laying.add(chunks)
        except Moved as moved:
            raise SourceChanged(f"{printable(moved.paths[0])} changed while it was packed") from moved
        laying.finish()
        return held.index(laying.rows, content=expected, tar=stream.tar, listing=stream.listed)


@dataclass(slots=True, kw_only=True)
class _Stream:
    """The archive and the listing of a source, cut into chunks."""

    request: SourceRequest
    source: Source
    listing: IO[bytes]
    cutter: Cutter = field(default_factory=Cutter)
    tar: int = 0
    listed: int = 0

    def chunks(self, expected: Digest) -> Iterator[list[bytes]]:
        """Ends only if what was read is what was expected, and still lies there as it was."""
        digest = hashlib.sha256()
        for entry in self.source.walk():
            if self.source.problems.count:
                break
            yield from self._entry(entry, digest)
        problem = problem_of(self.source.problems)
        if problem is not None:
            raise (SourceGone if problem.code in UNREADABLE else SourceChanged)(problem.message)
        if self.source.mark != look_at_source(self.request):
            raise Moved((self.request.path,))
        if f"sha256:{digest.hexdigest()}" != expected:
            raise SourceChanged(f"{printable(self.request.path)} holds sha256:{digest.hexdigest()}, not {expected}")
        yield self.cutter.add(archive.END)
        yield self.cutter.cut()
        self.tar += len(archive.END)
        self.listing.seek(0)
        for piece in iter(lambda: self.listing.read(2**20), b""):
            yield self.cutter.add(piece)
        yield self.cutter.cut()

    def _entry(self, entry: Entry, listing: "hashlib._Hash") -> Iterator[list[bytes]]:
        alone = entry.kind is not Kind.FOLDER and entry.size >= ALONE
        if alone:
            yield self.cutter.cut()
        head = archive.header(entry)
        yield self.cutter.add(head)
        hashed = None
        if entry.kind is not Kind.FOLDER:
            hashed = hashlib.sha256()
            for piece in self._pieces(entry):
                hashed.update(piece)
                yield self.cutter.add(piece)
            self.tar += entry.size
        tail = archive.padding(entry)
        yield self.cutter.add(tail)
        if alone:
            yield self.cutter.cut()
        line = listed(entry, hashed.digest() if hashed else None)
        listing.update(line)
        self.listing.write(line)
        self.tar += len(head) + len(tail)
        self.listed += len(line)

    def _pieces(self, entry: Entry) -> Iterator[bytes]:
        try:
            yield from entry.pieces()
        except Unusable as fault:
            path = printable(f"{self.request.path}/{entry.path}")
            raise SourceGone(f"{path} cannot be read: {fault}") from fault


@dataclass(slots=True, kw_only=True)
class _Laying:
    """Lays down what no pack holds yet, block by block; `rows` becomes the stream."""

    pool: ThreadPoolExecutor
    places: Places
    gathering: Gathering
    filling: Filling
    rows: "array[int]" = field(default_factory=lambda: array("I"))
    found: list[bytes] = field(default_factory=list)
    hashed: "deque[tuple[list[bytes], Future[list[bytes]]]]" = field(default_factory=deque)
    sealed: "deque[tuple[int, list[Chunk], Future[bytes]]]" = field(default_factory=deque)

    def add(self, chunks: list[bytes]) -> None:
        """The next chunks of the stream."""
        self.found += chunks
        if len(self.found) >= _HASHED_AT_ONCE:
            self._hash()
            self._take(leave=2 * _THREADS)

    def _hash(self) -> None:
        self.hashed.append((self.found, self.pool.submit(_ids, self.found)))
        self.found = []

    def finish(self) -> None:
        """Everything is laid down, and every place known."""
        self._hash()
        self._take(leave=0)
        self._seal(self.gathering.close())
        self._fill(leave=0)
        self.filling.close()

    def _take(self, *, leave: int) -> None:
        while len(self.hashed) > leave:
            chunks, ids = self.hashed.popleft()
            for plain, id in zip(chunks, ids.result(), strict=True):  # noqa: A001
                self.rows.append(self._row(Chunk(id, len(plain)), plain))

    def _row(self, chunk: Chunk, plain: bytes) -> int:
        row = self.places.find(chunk)
        if row is None:
            self._seal(self.gathering.add(chunk, plain))
            row = self.places.row(chunk)
        return row

    def _seal(self, block: LooseBlock | None) -> None:
        if block is not None:
            self._fill(leave=_THREADS - 1)
            self.sealed.append((block.number, block.chunks, self.pool.submit(seal_block, block.plain)))

    def _fill(self, *, leave: int) -> None:
        while len(self.sealed) > leave:
            number, chunks, frame = self.sealed.popleft()
            self.filling.add(number, chunks, frame.result())


def _ids(chunks: list[bytes]) -> list[bytes]:
    return [hashlib.sha256(chunk).digest() for chunk in chunks]
