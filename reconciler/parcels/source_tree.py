"""A package's source as it stands: every file and empty folder in the order of the listing, found without opening one.

Walked relative to open folders, no link followed. Memory follows the widest folder, not the number of files.
"""

import errno
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter
from typing import NamedTuple

from reconciler.model.ignoring import Patterns
from reconciler.model.names import is_reserved

DEEPEST = 200
"""Folders within folders; each level of the walk holds a descriptor."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

GONE = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
"""The entry is no longer what the folder listed."""

_UNPORTABLE = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]\Z')


class Kind(Enum):
    """The types of listing version 1; `OTHER` is what cannot travel, or cannot be read."""

    FILE = "f"
    EXECUTABLE = "x"
    FOLDER = "d"
    OTHER = "-"


class Entry(NamedTuple):
    """`path` is relative to the source, `raw` its bytes.

    `name` and `within`, an open descriptor, are good until the walk goes on.
    """

    kind: Kind
    path: str
    raw: bytes
    name: str
    within: int
    found: os.stat_result


@dataclass(slots=True)
class Problems:
    """What is wrong in a source, by diagnostic code: the first paths, and how many there are."""

    first: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, path: str, *, code: str) -> None:
        self.count[code] += 1
        if len(self.first[code]) < 3:
            self.first[code].append(path)


@dataclass(slots=True, kw_only=True)
class Tree:
    """One walk through a source; what cannot travel is in `problems` afterwards."""

    exclude: Patterns
    problems: Problems = field(default_factory=Problems)

    def walk(self, folder: int, prefix: str = "", *, depth: int = 0) -> Iterator[Entry]:
        """Every entry beneath an open folder, sorted by the bytes of its path.

        Raises OSError of `GONE` when something is no longer what its folder listed.
        """
        above = os.fsencode(prefix)
        for raw, entry, empty in self._sorted(folder, prefix):
            name = entry.name
            path = prefix + name
            found = entry.stat(follow_symlinks=False)
            if empty is None:
                yield Entry(self._kind(path, found.st_mode), path, above + raw, name, folder, found)
            elif empty:
                yield Entry(Kind.FOLDER, path, above + raw, name, folder, found)
            elif depth == DEEPEST:
                self.problems.add(path, code="source-unreadable")
                yield Entry(Kind.OTHER, path, above + raw, name, folder, found)
            else:
                below = os.open(name, FOLDER, dir_fd=folder)
                try:
                    yield from self.walk(below, f"{path}/", depth=depth + 1)
                finally:
                    os.close(below)

    def _sorted(self, folder: int, prefix: str) -> "list[tuple[bytes, os.DirEntry[str], bool | None]]":
        """Name, entry, and whether it is an empty folder; None for what is no folder, or one that cannot be read.

        A folder that is not empty sorts as its content does, with a slash after its name.
        """
        keyed: list[tuple[bytes, os.DirEntry[str], bool | None]] = []
        folded: dict[str, str] = {}
        for entry in self._listed(folder, prefix):
            name = entry.name
            other = folded.setdefault(fold_name(name), name)
            if other is not name:
                self.problems.add(f"{prefix}{other} and {name}", code="source-names-collide")
            if not is_utf8(name):
                self.problems.add(f"{prefix}{name}", code="source-name-not-utf8")
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


def is_portable(name: str) -> bool:
    """Whether a Windows file system can hold this name (L30)."""
    return _UNPORTABLE.search(name) is None and not is_reserved(name)


def is_utf8(name: str) -> bool:
    """Names that are not come from the system with lone surrogates."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def fold_name(name: str) -> str:
    """The form in which two names of one folder are compared."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
