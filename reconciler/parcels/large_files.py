"""Files that Git LFS keeps beside a repository: a blob in it only says which file is meant, and how large it is."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.parcels.source_tree import Unusable

LONGEST_POINTER = 1024
"""Bytes; what is longer is a file by itself (the specification of Git LFS)."""

_POINTER = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\n"
    rb"(?P<extensions>(?:ext-[^\n]*\n)*)"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\n"
    rb"size (?P<size>[0-9]{1,18})\n?"
)
_PIECE = 2**20
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Pointer:
    """A large file: its SHA-256, 64 hexadecimal digits, and its bytes.

    One that is `extended` is made from that object by programs, which are never run.
    """

    oid: str
    size: int
    extended: bool = False


def pointer_in(data: bytes) -> Pointer | None:
    """The large file that a blob stands for; None if it is a file by itself."""
    found = _POINTER.fullmatch(data)
    return None if found is None else Pointer(found["oid"].decode(), int(found["size"]), bool(found["extensions"]))


@dataclass(frozen=True, slots=True)
class LargeFiles:
    """The large files that a repository has here, in `folder`."""

    folder: str

    @classmethod
    def of(cls, git_dir: str) -> "LargeFiles":
        """Those of a repository; one with several work trees has them in one place."""
        try:
            with open(f"{git_dir}/commondir", encoding="utf-8", errors="surrogateescape") as file:
                git_dir = os.path.join(git_dir, file.read().strip())
        except OSError:
            pass
        return cls(f"{git_dir}/lfs/objects")

    def holds(self, pointer: Pointer) -> bool:
        try:
            found = os.stat(self._path(pointer))
        except OSError:
            return False
        return not pointer.extended and stat.S_ISREG(found.st_mode) and found.st_size == pointer.size

    def pieces(self, pointer: Pointer) -> Iterator[bytes]:
        """The file's bytes; raises Unusable, after the last of them too, if they are not those that are meant."""
        hashed = hashlib.sha256()
        left = pointer.size
        try:
            descriptor = os.open(self._path(pointer), _FILE)
            try:
                while left and (piece := os.read(descriptor, min(left, _PIECE))):
                    left -= len(piece)
                    hashed.update(piece)
                    yield piece
            finally:
                os.close(descriptor)
        except OSError as fault:
            raise Unusable("source-lfs-missing", f"object {pointer.oid}: {fault.strerror or fault}") from fault
        if left or hashed.hexdigest() != pointer.oid:
            raise Unusable("source-lfs-missing", f"object {pointer.oid} is damaged")

    def _path(self, pointer: Pointer) -> str:
        return f"{self.folder}/{pointer.oid[:2]}/{pointer.oid[2:4]}/{pointer.oid}"
