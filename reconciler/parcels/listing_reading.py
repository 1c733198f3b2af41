"""A listing read back, as a stream: every rule of docs/reference/listing.md is checked, for a store may hold anything.

What passes here can be written: relative paths of plain names, in order, no two of them one name where case does not
count, no file that is a folder too. Memory follows the widest folder, not the number of files.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.model.names import Digest
from reconciler.parcels.source_tree import DEEPEST, Kind, fold_name
from reconciler.parcels.unreadable import Unreadable

LONGEST_NAME = 255
"""Bytes: what the file systems of Linux can hold, and so all that a source can have had."""

_LONGEST_ENTRY = (DEEPEST + 1) * (LONGEST_NAME + 1) + 128

_ENTRY = re.compile(rb"(?:([fx]) (0|[1-9][0-9]{0,18}) ([0-9a-f]{64})|d 0 -) ([^\0]+)", re.DOTALL)


class Listed(NamedTuple):
    """One file or empty folder, as the listing states it; `digest` is the file's SHA-256."""

    kind: Kind
    size: int
    digest: bytes
    path: str

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))


def read_listing(pieces: Iterable[bytes], content: Digest) -> Iterator[Listed]:
    """The entries of a listing; raises Unreadable, at the end too: if its digest is not `content`."""
    hashed = hashlib.sha256()
    checked = _Order()
    files = 0
    rest = b""
    for piece in pieces:
        hashed.update(piece)
        *entries, rest = (rest + piece).split(b"\0")
        for raw in entries:
            entry = _entry(raw)
            checked.follow(entry)
            files += entry.kind is not Kind.FOLDER
            yield entry
        if len(rest) > _LONGEST_ENTRY:
            raise Unreadable("the listing has an entry that is too long")
    if rest:
        raise Unreadable("the listing ends within an entry")
    if f"sha256:{hashed.hexdigest()}" != content:
        raise Unreadable(f"the listing has the digest sha256:{hashed.hexdigest()}, not {content}")
    if not files:
        raise Unreadable("the listing names no file")


def _entry(raw: bytes) -> Listed:
    found = _ENTRY.fullmatch(raw)
    if found is None:
        raise Unreadable(f"the listing has an entry of no known form: {raw[:80]!r}")
    kind, size, digest, path = found.groups()
    try:
        text = path.decode()
    except UnicodeDecodeError:
        raise Unreadable(f"the listing names a path that is not UTF-8: {path[:80]!r}") from None
    if kind is None:
        return Listed(Kind.FOLDER, 0, b"", text)
    return Listed(Kind(kind.decode()), int(size), bytes.fromhex(digest.decode()), text)


@dataclass(slots=True)
class _Order:
    """Where in the tree the last entry was: the folders on the way to it, and the names seen in each."""

    last: bytes = b""
    folders: list[str] = field(default_factory=list)
    names: list[set[str]] = field(default_factory=lambda: [set()])

    def follow(self, entry: Listed) -> None:
        """Raise Unreadable unless the entry may come next.

        Paths are sorted by their bytes, so everything beneath a folder comes in one run: a folder that is entered again
        under any spelling, or that was a file before, is a name seen already.
        """
        raw = entry.path.encode()
        if raw <= self.last:
            raise Unreadable(f"the listing is not sorted, or names a path twice: {entry.path!r}")
        self.last = raw
        *folders, name = entry.parts
        if len(folders) > DEEPEST:
            raise Unreadable(f"the listing names a path that is too deep: {entry.path[:80]!r}")
        for part in entry.parts:
            if part in ("", ".", "..") or len(part.encode()) > LONGEST_NAME:
                raise Unreadable(f"the listing names a path that leads elsewhere, or is too long: {entry.path[:80]!r}")
        kept = 0
        while kept < min(len(folders), len(self.folders)) and folders[kept] == self.folders[kept]:
            kept += 1
        del self.folders[kept:], self.names[kept + 1 :]
        for folder in folders[kept:]:
            self._new(folder, entry)
            self.folders.append(folder)
            self.names.append(set())
        self._new(name, entry)

    def _new(self, name: str, entry: Listed) -> None:
        seen, folded = self.names[-1], fold_name(name)
        if folded in seen:
            raise Unreadable(f"the listing has two names that are one where case does not count: {entry.path!r}")
        seen.add(folded)
