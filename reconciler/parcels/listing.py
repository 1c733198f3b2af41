"""Listing version 1 and its SHA-256, the content digest (sending.md 1, docs/reference/listing.md).

Files are read once, in the order of the listing, and looked at again afterwards: what moved meanwhile is not acted on
(L39). Nothing is kept for each file, so 100,000 files take no more memory than the widest folder.
"""

import hashlib
import heapq
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from reconciler.model.looks import Mark, Moved
from reconciler.model.names import Digest
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.model.quantities import Bytes
from reconciler.parcels.digest_cache import DigestCache, SourceDigests
from reconciler.parcels.known_trees import forget_content, known_content, remember_content
from reconciler.parcels.opening import opened
from reconciler.parcels.problems import UNREADABLE, empty, not_there, problem_of
from reconciler.parcels.source_tree import Entry, Kind, Problems, Source, Unusable, is_portable


def read_content(request: SourceRequest, cache: DigestCache, *, seen: Mark | None = None) -> Content | SourceProblem:
    """Read a package's source.

    Raises `Moved` if anything of it changed meanwhile (L39), or if it is not as `look_at_source` saw it in `seen`. A
    pinned source that is missing or unreadable here is legal: nothing but its digest is known then (sending.md 2).
    """
    known = None if request.tree is None else known_content(cache, request.tree, request.exclude)
    if known is not None:
        return known
    with ExitStack() as stack:
        try:
            source = stack.enter_context(opened(request))
        except OSError as fault:
            if seen not in (None, _absent(fault)):
                raise Moved((request.path,)) from fault
            return _elsewhere(request, not_there(request, fault))
        return _read(request, source, cache, seen)


def look_at_source(request: SourceRequest) -> Mark:
    """Look at every file and folder of a source without opening a file; never fails. A tree never moves."""
    try:
        with opened(request) as source:
            return source.look()
    except OSError as fault:
        return _absent(fault)
    except Moved as moved:
        return ("moving", *moved.paths)


def forget_source(request: SourceRequest, cache: DigestCache) -> None:
    """Nothing is remembered of a source any more: it was found to be another than it seemed (sending.md 2)."""
    with suppress(OSError), opened(request) as source:
        cache.forget(source.known_as, request.exclude)
    if request.tree is not None:
        forget_content(cache, request.tree, request.exclude)


def listed(entry: Entry, digest: bytes | None) -> bytes:
    """The line of the listing; `digest` is None for an empty folder."""
    if digest is None:
        return b"d 0 - %s\0" % entry.raw
    kind = b"x" if entry.kind is Kind.EXECUTABLE else b"f"
    return b"%s %d %s %s\0" % (kind, entry.size, digest.hex().encode(), entry.raw)


def _absent(fault: OSError) -> Mark:
    return ("absent", fault.errno)


def _elsewhere(request: SourceRequest, problem: SourceProblem) -> Content | SourceProblem:
    if request.pin is None or problem.code not in ("source-missing", *UNREADABLE):
        return problem
    return Content(digest=request.pin, size=Bytes(0), files=0, readable=False)


def _read(request: SourceRequest, source: Source, cache: DigestCache, seen: Mark | None) -> Content | SourceProblem:
    reading = _Reading(problems=source.problems, digests=cache.of(source.known_as, request.exclude), clock=cache.clock)
    for entry in source.walk():
        reading.take(entry)
    if source.mark != look_at_source(request) or seen not in (None, source.mark):
        raise Moved((request.path,))
    problem = problem_of(source.problems)
    if problem is not None:
        return _elsewhere(request, problem)
    if not reading.files:
        return empty(request)
    reading.digests.save()
    content = Content(
        digest=Digest(f"sha256:{reading.listing.hexdigest()}"),
        size=Bytes(reading.size),
        files=reading.files,
        longest=tuple(path for _, path in sorted(reading.longest, reverse=True)),
        unportable=tuple(reading.unportable),
        real_path=source.real_path,
        tree=request.tree,
    )
    if request.tree is not None:
        remember_content(cache, request.tree, request.exclude, content)
    return content


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What is gathered on the way through a source."""

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
            self.size += entry.size
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
        known = self.digests.known(entry)
        if known is not None:
            return known
        hashed_at = self.clock()
        hashed = hashlib.sha256()
        try:
            for piece in entry.pieces():
                hashed.update(piece)
        except Unusable as fault:
            self.problems.add(f"{entry.path} ({fault})", code=fault.code)
            return None
        self.digests.learn(entry, hashed.digest(), hashed_at=hashed_at)
        return hashed.digest()
