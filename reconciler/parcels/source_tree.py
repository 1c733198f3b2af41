"""A package's source, wherever it lies: every file and empty folder in the order of the listing (sending.md 1)."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from reconciler.model.looks import Mark
from reconciler.model.names import is_reserved

DEEPEST = 200
"""Folders within folders."""

_UNPORTABLE = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]\Z')


class Kind(Enum):
    """The types of listing version 1; `OTHER` is what cannot travel, or cannot be read."""

    FILE = "f"
    EXECUTABLE = "x"
    FOLDER = "d"
    OTHER = "-"


class Unusable(Exception):
    """A file cannot be read; `code` is that of the diagnostic, the message says why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class Entry(Protocol):
    """One file or empty folder; good until the walk goes on."""

    @property
    def kind(self) -> Kind: ...
    @property
    def path(self) -> str:
        """Relative to the source; `name` is the last part of it, `raw` its bytes."""

    @property
    def name(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def stamp(self) -> bytes:
        """40 bytes that are others if the file is another."""

    def is_settled(self, at: int) -> bool:
        """Whether what was read at `at`, in nanoseconds, cannot change any more and keep its stamp."""

    def pieces(self) -> Iterator[bytes]:
        """The file's bytes: exactly `size`. Raises Moved if they do not stay as the walk found them, or Unusable."""


class Source(Protocol):
    """An open source. What cannot travel is in `problems` once it was walked through."""

    @property
    def problems(self) -> "Problems": ...
    @property
    def real_path(self) -> str:
        """Where it lies once links are followed (L23); "" for what is no folder."""

    @property
    def known_as(self) -> str:
        """What the digests of its files are remembered under."""

    @property
    def mark(self) -> Mark:
        """Stands for every entry that the walk gave, once it has ended."""

    def walk(self) -> Iterator[Entry]:
        """Every entry, sorted by the bytes of its path. Raises Moved if something changed on the way."""

    def look(self) -> Mark:
        """The mark that a walk would end with, without opening a file. Raises Moved."""


@dataclass(slots=True)
class Problems:
    """What is wrong in a source, by diagnostic code: the first paths, and how many there are."""

    first: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, path: str, *, code: str) -> None:
        self.count[code] += 1
        if len(self.first[code]) < 3:
            self.first[code].append(path)


@dataclass(slots=True)
class FolderNames:
    """The names of one folder, looked at one by one for what other systems could not hold beside each other."""

    prefix: str
    problems: Problems
    folded: dict[str, str] = field(default_factory=dict)

    def add(self, name: str) -> None:
        folded = fold_name(name)
        if folded in self.folded:
            self.problems.add(f"{self.prefix}{self.folded[folded]} and {name}", code="source-names-collide")
        self.folded.setdefault(folded, name)
        if not is_utf8(name):
            self.problems.add(f"{self.prefix}{name}", code="source-name-not-utf8")


def is_portable(name: str) -> bool:
    """Whether a Windows file system can hold this name (L30)."""
    return _UNPORTABLE.search(name) is None and not is_reserved(name)


def is_utf8(name: str) -> bool:
    """Names that are not come from the system with lone surrogates."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def fold_name(name: str) -> str:
    """The form in which two names of one folder are compared."""
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()
