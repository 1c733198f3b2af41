"""One file of a source that is a folder, read once and looked at before and after (L39, sending.md 2)."""

import errno
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.model.looks import Moved
from reconciler.parcels.source_tree import Kind, Unusable

FRESH = 2_000_000_000
"""Nanoseconds: a file that changed so shortly before it was hashed may change again without a trace in its times."""

GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
"""The entry is no longer what the folder listed."""

_STAMP = struct.Struct("<QqqQQ")
"""Size, mtime_ns, ctime_ns, inode, device."""

_PIECE = 2**20
"""Bytes read at a time."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FolderEntry(NamedTuple):
    """An Entry of the folder `source`; `within` is an open descriptor of the folder that `name` lies in."""

    kind: Kind
    path: str
    raw: bytes
    name: str
    within: int
    found: os.stat_result
    source: str

    @property
    def size(self) -> int:
        return self.found.st_size

    @property
    def stamp(self) -> bytes:
        found = self.found
        return _STAMP.pack(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev)

    def is_settled(self, at: int) -> bool:
        return abs(at - self.found.st_mtime_ns) > FRESH and at - self.found.st_ctime_ns > FRESH

    def pieces(self) -> Iterator[bytes]:
        """No link is followed."""
        try:
            yield from self._pieces()
        except OSError as fault:
            raise Unusable("source-unreadable", fault.strerror or str(fault)) from fault

    def _pieces(self) -> Iterator[bytes]:
        moved = Moved((f"{self.source}/{self.path}",))
        try:
            descriptor = os.open(self.name, _FILE, dir_fd=self.within)
        except OSError as fault:
            if fault.errno in GONE:
                raise moved from fault
            raise
        try:
            left = self.found.st_size if _same(self.found, os.fstat(descriptor)) else -1
            while left > 0:
                piece = os.read(descriptor, min(left + 1, _PIECE))
                left = left - len(piece) if piece else -1
                if left >= 0:
                    yield piece
            if left < 0 or not _same(self.found, os.fstat(descriptor)):
                raise moved
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
