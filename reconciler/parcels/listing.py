"""Listing version 1 and its SHA-256, the content digest (sending.md 1, docs/reference/listing.md).

Files are read once, in the order of the listing, and looked at again afterwards: what moved meanwhile is not acted on
(L39). Nothing is kept for each file, so 100,000 files take no more memory than the widest folder.
"""

import hashlib
import heapq
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark, Moved
from reconciler.model.names import Digest
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache, SourceDigests
from reconciler.parcels.problems import empty, not_there, problem_of
from reconciler.parcels.source_file import pieces
from reconciler.parcels.source_tree import FOLDER, GONE, Entry, Kind, Problems, Tree, is_portable

_SEEN = struct.Struct("<qqqQQI")


def read_content(request: SourceRequest, cache: DigestCache, *, seen: Mark | None = None) -> Content | SourceProblem:
    """Read a package's source.

    Raises `Moved` if anything of it changed meanwhile (L39), or if it is not as `look_at_source` saw it in `seen`. A
    pinned source that is missing or unreadable here is legal: nothing but its digest is known then (sending.md 2).
    """
    try:
        root = open_source(request)
    except OSError as fault:
        if seen not in (None, _absent(fault)):
            raise Moved((request.path,)) from fault
        return _elsewhere(request, not_there(request, fault))
    try:
        return _read(request, root, cache, seen)
    finally:
        os.close(root)


def look_at_source(request: SourceRequest) -> Mark:
    """Look at every file and folder of a source without opening a file; never fails."""
    try:
        root = open_source(request)
    except OSError as fault:
        return _absent(fault)
    try:
        return Walk(request, root, Tree(exclude=Patterns.of(request.exclude))).finish()
    except Moved as moved:
        return ("moving", *moved.paths)
    finally:
        os.close(root)


def listed(entry: Entry, digest: bytes | None) -> bytes:
    """The line of the listing; `digest` is None for an empty folder."""
    if digest is None:
        return b"d 0 - %s\0" % entry.raw
    kind = b"x" if entry.kind is Kind.EXECUTABLE else b"f"
    return b"%s %d %s %s\0" % (kind, entry.found.st_size, digest.hex().encode(), entry.raw)


def open_source(request: SourceRequest) -> int:
    """The source itself may be a link; within it, none is followed."""
    return os.open(request.path, FOLDER & ~os.O_NOFOLLOW)


def _absent(fault: OSError) -> Mark:
    return ("absent", fault.errno)


def _elsewhere(request: SourceRequest, problem: SourceProblem) -> Content | SourceProblem:
    if request.pin is None or problem.code not in ("source-missing", "source-unreadable"):
        return problem
    return Content(digest=request.pin, size=Bytes(0), files=0, readable=False)


def _read(request: SourceRequest, root: int, cache: DigestCache, seen: Mark | None) -> Content | SourceProblem:
    real_path = os.path.realpath(request.path)
    tree = Tree(exclude=Patterns.of(request.exclude))
    reading = _Reading(
        path=request.path, problems=tree.problems, digests=cache.of(real_path, request.exclude), clock=cache.clock
    )
    walk = Walk(request, root, tree)
    for entry in walk:
        reading.take(entry)
    if walk.mark != look_at_source(request) or seen not in (None, walk.mark):
        raise Moved((request.path,))
    problem = problem_of(tree.problems)
    if problem is not None:
        return _elsewhere(request, problem)
    if not reading.files:
        return empty(request)
    reading.digests.save()
    return Content(
        digest=Digest(f"sha256:{reading.listing.hexdigest()}"),
        size=Bytes(reading.size),
        files=reading.files,
        longest=tuple(path for _, path in sorted(reading.longest, reverse=True)),
        unportable=tuple(reading.unportable),
        real_path=real_path,
    )


@dataclass(slots=True)
class Walk:
    """One walk through an open source; once it has ended, `mark` stands for every entry it gave."""

    request: SourceRequest
    root: int
    tree: Tree
    seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[Entry]:
        """Raises Moved if something is no longer what its folder listed."""
        try:
            for entry in self.tree.walk(self.root):
                self.seen.update(_seen(entry))
                yield entry
        except OSError as fault:
            if fault.errno in GONE:
                raise Moved((self.request.path,)) from fault
            raise

    def finish(self) -> Mark:
        """Walk to the end without opening a file."""
        for _ in self:
            pass
        return self.mark

    @property
    def mark(self) -> Mark:
        found = os.fstat(self.root)
        return "source", found.st_dev, found.st_ino, self.seen.digest()


def _seen(entry: Entry) -> bytes:
    """What changes when an entry does. The times of an empty folder do not count: what is excluded may come and go."""
    found = entry.found
    size, mtime, ctime = (
        (0, 0, 0) if entry.kind is Kind.FOLDER else (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    )
    return entry.raw + _SEEN.pack(size, mtime, ctime, found.st_ino, found.st_dev, found.st_mode)


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is gathered on the way through a source."""

    path: str
    problems: Problems
    digests: SourceDigests
    clock: Callable[[], int]
    listing: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size: int = 0
    files: int = 0
    longest: list[tuple[int, str]] = field(default_factory=list)
    unportable: list[str] = field(default_factory=list)
    folder: str = ""
    folder_fits: bool = True

    def take(self, entry: Entry) -> None:
        if self.problems.count:
            return
        digest = None
        if entry.kind is not Kind.FOLDER:
            digest = self._digest(entry)
            if digest is None:
                return
            self.size += entry.found.st_size
            self.files += 1
        self.listing.update(listed(entry, digest))
        self._note(entry)

    def _note(self, entry: Entry) -> None:
        """Windows' rules hold for each component; files of one folder come one after the other."""
        length = (len(entry.path), entry.path)
        if len(self.longest) < 3:
            heapq.heappush(self.longest, length)
        elif length > self.longest[0]:
            heapq.heapreplace(self.longest, length)
        if len(self.unportable) < 3:
            folder = entry.path[: -len(entry.name)]
            if folder != self.folder:
                self.folder, self.folder_fits = folder, all(map(is_portable, folder.split("/")[:-1]))
            if not (self.folder_fits and is_portable(entry.name)):
                self.unportable.append(entry.path)

    def _digest(self, entry: Entry) -> bytes | None:
        known = self.digests.known(entry.raw, entry.found)
        if known is not None:
            return known
        hashed_at = self.clock()
        hashed = hashlib.sha256()
        try:
            for piece in pieces(entry, source=self.path):
                hashed.update(piece)
        except OSError:
            self.problems.add(entry.path, code="source-unreadable")
            return None
        self.digests.learn(entry.raw, entry.found, hashed.digest(), hashed_at=hashed_at)
        return hashed.digest()
