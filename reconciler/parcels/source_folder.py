"""A source that is a folder, as it stands: walked without opening a file, and looked at again afterwards (L39).

Walked relative to open folders, no link followed. Memory follows the widest folder, not the number of files.
"""

import hashlib
import os
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from reconciler.model.ignoring import Patterns
from reconciler.model.looks import Mark, Moved
from reconciler.parcels.source_file import GONE, FolderEntry
from reconciler.parcels.source_tree import DEEPEST, FolderNames, Kind, Problems

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_SEEN = struct.Struct("<qqqQQI")


@dataclass(slots=True, kw_only=True)
class FolderSource:
    """A Source: the folder `root`, which was opened at `path`. The source itself may be a link."""

    path: str
    root: int
    exclude: Patterns
    problems: Problems = field(default_factory=Problems)
    seen: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    @property
    def real_path(self) -> str:
        return os.path.realpath(self.path)

    @property
    def known_as(self) -> str:
        return self.real_path

    @property
    def mark(self) -> Mark:
        found = os.fstat(self.root)
        return "source", found.st_dev, found.st_ino, self.seen.digest()

    def look(self) -> Mark:
        for _ in self.walk():
            pass
        return self.mark

    def walk(self) -> Iterator[FolderEntry]:
        try:
            for entry in self._walk(self.root, "", depth=0):
                self.seen.update(_seen(entry))
                yield entry
        except OSError as fault:
            if fault.errno in GONE:
                raise Moved((self.path,)) from fault
            raise

    def _walk(self, folder: int, prefix: str, *, depth: int) -> Iterator[FolderEntry]:
        """Every entry beneath an open folder. Raises OSError of `GONE` when something is not what its folder listed."""
        above = os.fsencode(prefix)
        for raw, entry, empty in self._sorted(folder, prefix):
            name = entry.name
            path = prefix + name
            found = entry.stat(follow_symlinks=False)
            if empty is None:
                kind = self._kind(path, found.st_mode)
                yield FolderEntry(kind, path, above + raw, name, folder, found, self.path)
            elif empty:
                yield FolderEntry(Kind.FOLDER, path, above + raw, name, folder, found, self.path)
            elif depth == DEEPEST:
                self.problems.add(path, code="source-unreadable")
                yield FolderEntry(Kind.OTHER, path, above + raw, name, folder, found, self.path)
            else:
                below = os.open(name, FOLDER, dir_fd=folder)
                try:
                    yield from self._walk(below, f"{path}/", depth=depth + 1)
                finally:
                    os.close(below)

    def _sorted(self, folder: int, prefix: str) -> "list[tuple[bytes, os.DirEntry[str], bool | None]]":
        """Name, entry, and whether it is an empty folder; None for what is no folder, or one that cannot be read.

        A folder that is not empty sorts as its content does, with a slash after its name.
        """
        keyed: list[tuple[bytes, os.DirEntry[str], bool | None]] = []
        names = FolderNames(prefix, self.problems)
        for entry in self._listed(folder, prefix):
            name = entry.name
            names.add(name)
            raw = os.fsencode(name)
            if entry.is_dir(follow_symlinks=False):
                empty = self._is_empty(folder, name, f"{prefix}{name}")
                keyed.append((raw + b"/" if empty is False else raw, entry, empty))
            else:
                keyed.append((raw, entry, None))
        keyed.sort(key=itemgetter(0))
        return keyed

    def _listed(self, folder: int, prefix: str) -> "Iterator[os.DirEntry[str]]":
        with os.scandir(folder) as entries:
            for entry in entries:
                if not self.exclude or not self.exclude.verdict(
                    f"{prefix}{entry.name}", folder=entry.is_dir(follow_symlinks=False)
                ):
                    yield entry

    def _is_empty(self, above: int, name: str, path: str) -> bool | None:
        try:
            folder = os.open(name, FOLDER, dir_fd=above)
        except OSError as fault:
            if fault.errno in GONE:
                raise
            self.problems.add(path, code="source-unreadable")
            return None
        try:
            return next(self._listed(folder, f"{path}/"), None) is None
        finally:
            os.close(folder)

    def _kind(self, path: str, mode: int) -> Kind:
        if stat.S_ISREG(mode):
            return Kind.EXECUTABLE if mode & stat.S_IXUSR else Kind.FILE
        if stat.S_ISLNK(mode):
            self.problems.add(path, code="source-link")
        elif not stat.S_ISDIR(mode):
            self.problems.add(path, code="source-device")
        return Kind.OTHER


def _seen(entry: FolderEntry) -> bytes:
    """What changes when an entry does. The times of an empty folder do not count: what is excluded may come and go."""
    found = entry.found
    size, mtime, ctime = (
        (0, 0, 0) if entry.kind is Kind.FOLDER else (found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    )
    return entry.raw + _SEEN.pack(size, mtime, ctime, found.st_ino, found.st_dev, found.st_mode)
