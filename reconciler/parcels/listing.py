"""Listing version 1 and the content digest (sending.md 1, docs/reference/listing.md)."""

from reconciler.model.looks import Mark
from reconciler.model.packages import Content, SourceProblem, SourceRequest
from reconciler.parcels.digest_cache import DigestCache


def read_content(request: SourceRequest, cache: DigestCache, *, seen: Mark | None = None) -> Content | SourceProblem:
    """Read a package's source, whatever its size, in little memory.

    Raises `Moved` if anything of it changed meanwhile (L39), or if it is not as `look_at_source` saw it in `seen`.
    """
    raise NotImplementedError


def look_at_source(request: SourceRequest) -> Mark:
    """Look at every file and folder of a source without opening a file; never fails."""
    raise NotImplementedError


def unsettled(request: SourceRequest) -> SourceProblem:
    """The problem of a source that does not come to rest (`Look.unsettled`)."""
    raise NotImplementedError
