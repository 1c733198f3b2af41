"""Why a source cannot be used, in words: each code has a row in docs/reference/diagnostics.md."""

import errno
import os
from collections.abc import Mapping
from typing import Final

from reconciler.model.packages import SourceProblem, SourceRequest
from reconciler.parcels.source_tree import Problems

_WORDS: Mapping[str, tuple[str, str]] = {
    "source-name-not-utf8": ("names that are not UTF-8", "rename them, or leave them out with spec.source.exclude"),
    "source-link": (
        "links, which do not travel",
        "put what they lead to in their place, or leave them out with spec.source.exclude",
    ),
    "source-device": (
        "devices, sockets or FIFOs, which do not travel",
        "remove them, or leave them out with spec.source.exclude",
    ),
    "source-submodule": (
        "submodules, whose files are not in the commit",
        "commit the files themselves, or leave them out with spec.source.exclude",
    ),
    "source-names-collide": (
        "names that are one name where case does not count",
        "rename one of each pair, or leave it out with spec.source.exclude",
    ),
    "source-unreadable": (
        "what cannot be read",
        "let the user who runs this read it, or leave it out with spec.source.exclude",
    ),
    "source-objects-missing": (
        "what cannot be had from the repository",
        "git fetch --refetch --no-filter gets what a partial clone left out; git fsck tells what is damaged",
    ),
    "source-lfs-missing": (
        "files that Git LFS does not keep here",
        "get them with git lfs fetch; git lfs fsck tells what is damaged",
    ),
}
"""Code → what the source holds, and the next action; the first code found in this order is reported."""


UNREADABLE: Final = frozenset(("source-unreadable", "source-objects-missing", "source-lfs-missing"))
"""It may well be right, and cannot be read here and now."""


def problem_of(problems: Problems) -> SourceProblem | None:
    """The first kind of problem there is, its first three paths named."""
    for code, (what, hint) in _WORDS.items():
        if code in problems.count:
            named = ", ".join(printable(path) for path in problems.first[code])
            more = problems.count[code] - len(problems.first[code])
            return SourceProblem(code=code, message=f"the source holds {what}: {named}{_and(more)}", hint=hint)
    return None


def not_there(request: SourceRequest, fault: OSError) -> SourceProblem:
    """The problem of a source that cannot be opened at all."""
    path = printable(request.path)
    if fault.errno == errno.ENOENT:
        return SourceProblem(
            code="source-missing",
            message=f"there is no directory {path}",
            hint="correct the path; a source that lies elsewhere needs spec.source.digest",
        )
    if fault.errno == errno.ENOTDIR and os.path.lexists(request.path):
        return SourceProblem(
            code="source-not-a-directory",
            message=f"{path} is no directory",
            hint="name the folder that holds the files",
        )
    return SourceProblem(
        code="source-unreadable",
        message=f"{path} cannot be read: {fault.strerror or fault}",
        hint="let the user who runs this read it; a source that lies elsewhere needs spec.source.digest",
    )


def empty(request: SourceRequest) -> SourceProblem:
    """A folder without a file is no content: perhaps a share that is not mounted."""
    left = " that spec.source.exclude leaves" if request.exclude else ""
    return SourceProblem(
        code="source-empty",
        message=f"{printable(request.path)} holds no file{left}",
        hint="put the files there; if a file system should be mounted there, mount it",
    )


def unsettled(request: SourceRequest) -> SourceProblem:
    """A source that does not come to rest (`Look.unsettled`): its package waits, the others go on (R9)."""
    return SourceProblem(
        code="source-moving",
        message=f"{printable(request.path)} keeps changing",
        hint="let what writes there finish, or leave it out with spec.source.exclude",
    )


def printable(path: str) -> str:
    """Bytes that are not UTF-8 as `\\xff`."""
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _and(more: int) -> str:
    return f" and {more} more" if more else ""
