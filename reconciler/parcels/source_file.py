"""One file of a source, read once and looked at before and after (L39, sending.md 2)."""

import os
from collections.abc import Iterator

from reconciler.model.looks import Moved
from reconciler.parcels.source_tree import GONE, Entry

_PIECE = 2**20
"""Bytes read at a time."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def pieces(entry: Entry, *, source: str) -> Iterator[bytes]:
    """The file's bytes. No link is followed.

    Raises Moved, with the path beneath `source`, if the file is not, or does not stay, what the walk found; OSError if
    it cannot be read.
    """
    try:
        descriptor = os.open(entry.name, _FILE, dir_fd=entry.within)
    except OSError as fault:
        if fault.errno in GONE:
            raise Moved((f"{source}/{entry.path}",)) from fault
        raise
    try:
        left = entry.found.st_size if _same(entry.found, os.fstat(descriptor)) else -1
        while left > 0:
            piece = os.read(descriptor, min(left + 1, _PIECE))
            left = left - len(piece) if piece else -1
            if left >= 0:
                yield piece
        if left < 0 or not _same(entry.found, os.fstat(descriptor)):
            raise Moved((f"{source}/{entry.path}",))
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
