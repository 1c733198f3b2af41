"""Listing version 1 and its SHA-256, the content digest (sending.md 1, docs/reference/listing.md).

Files are read once, in the order of the listing, and looked at again afterwards: what moved meanwhile is not acted on
(L39). Nothing is kept for each file, so 100,000 files take no more memory than the widest folder.
"""

import hashlib
import heapq
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark, Moved
from reconciler.model.names import Digest
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache, SourceDigests
from reconciler.parcels.problems import empty, not_there, problem_of
from reconciler.parcels.source_tree import FOLDER, GONE, Entry, Kind, Problems, Tree, is_portable

_PIECE = 2**20
"""Bytes read at a time."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_SEEN = struct.Struct("<qqqQQI")


def read_content(request: SourceRequest, cache: DigestCache, *, seen: Mark | None = None) -> Content | SourceProblem:
    """Read a package's source.

    Raises `Moved` if anything of it changed meanwhile (L39), or if it is not as `look_at_source` saw it in `seen`. A
    pinned source that is missing or unreadable here is legal: nothing but its digest is known then (sending.md 2).
    """
    try:
        root = _open(request)
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
        root = _open(request)
    except OSError as fault:
        return _absent(fault)
    try:
        return _walk(request, root, Tree(exclude=Patterns.of(request.exclude)))
    except Moved as moved:
        return ("moving", *moved.paths)
    finally:
        os.close(root)


def _open(request: SourceRequest) -> int:
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
    mark = _walk(request, root, tree, reading.take)
    if mark != look_at_source(request) or seen not in (None, mark):
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


def _walk(request: SourceRequest, root: int, tree: Tree, take: Callable[[Entry], None] | None = None) -> Mark:
    """What `take` is given is what the mark stands for; raises Moved."""
    found = os.fstat(root)
    seen = hashlib.sha256()
    try:
        for entry in tree.walk(root):
            seen.update(_seen(entry))
            if take is not None:
                take(entry)
    except OSError as fault:
        if fault.errno in GONE:
            raise Moved((request.path,)) from fault
        raise
    return "source", found.st_dev, found.st_ino, seen.digest()


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
        if entry.kind is Kind.FOLDER:
            self.listing.update(b"d 0 - %s\0" % entry.raw)
        else:
            digest = self._digest(entry)
            if digest is None:
                return
            kind = b"x" if entry.kind is Kind.EXECUTABLE else b"f"
            self.listing.update(b"%s %d %s %s\0" % (kind, entry.found.st_size, digest.hex().encode(), entry.raw))
            self.size += entry.found.st_size
            self.files += 1
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
        try:
            digest = _hash(entry)
        except OSError as fault:
            if fault.errno in GONE:
                raise Moved((f"{self.path}/{entry.path}",)) from fault
            self.problems.add(entry.path, code="source-unreadable")
            return None
        if digest is None:
            raise Moved((f"{self.path}/{entry.path}",))
        self.digests.learn(entry.raw, entry.found, digest, hashed_at=hashed_at)
        return digest


def _hash(entry: Entry) -> bytes | None:
    """The SHA-256 of a file; None if it is not, or does not stay, what the walk found."""
    descriptor = os.open(entry.name, _FILE, dir_fd=entry.within)
    try:
        if not _same(entry.found, os.fstat(descriptor)):
            return None
        hashed = hashlib.sha256()
        left = entry.found.st_size
        while left >= 0:
            piece = os.read(descriptor, min(left + 1, _PIECE))
            hashed.update(piece)
            left -= len(piece)
            if not piece or left == 0:
                break
        return hashed.digest() if left == 0 and _same(entry.found, os.fstat(descriptor)) else None
    finally:
        os.close(descriptor)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (
        one.st_size == other.st_size
        and one.st_mtime_ns == other.st_mtime_ns
        and one.st_ctime_ns == other.st_ctime_ns
        and one.st_ino == other.st_ino
        and one.st_dev == other.st_dev
        and one.st_mode == other.st_mode
    )
