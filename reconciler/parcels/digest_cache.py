"""Digests of files that have not changed since they were hashed: a cache, no state (sending.md 1).

One file for each source, in the order of its listing, ended by the SHA-256 of all before it, published by renaming: a
reader needs no lock, and a torn or altered file is not used. What cannot be read or written is silently done without.
"""

import contextlib
import hashlib
import os
import secrets
import stat
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from reconciler.parcels.source_tree import Entry

KEPT = 90 * 86400
"""Seconds after which a source's file that nothing changed any more is dropped, and the source hashed once again."""

_HEADER = "reconciler digests 1\n"
"""Goes into the checksum: another format's file does not pass it."""
_RECORD = struct.Struct("<40sI32s")
"""Stamp, length of the path, SHA-256; the path follows."""

_SUFFIX = ".digests"
_PRIVATE = ".digests-part"


@dataclass(slots=True)
class DigestCache:
    """Lives in `directory`, which is created private when needed; with None nothing is remembered."""

    directory: str | None
    clock: Callable[[], int] = time.time_ns
    swept: bool = False

    def of(self, source: str, exclude: tuple[str, ...]) -> "SourceDigests":
        """What is remembered of the source that is known by this name, as far as `exclude` leaves it."""
        name = name_of(source, *exclude)
        return SourceDigests(cache=self, name=name, records=_records(self.load(name)))

    def forget(self, source: str, exclude: tuple[str, ...]) -> None:
        """Nothing is remembered of this source any more."""
        self.store(name_of(source, *exclude), b"")

    def load(self, name: str) -> bytes:
        """The records; empty if there are none, or if they cannot be trusted."""
        if self.directory is None:
            return b""
        try:
            with _opened(f"{self.directory}/{name}", os.O_RDONLY) as descriptor:
                data = _read_all(descriptor)
        except OSError:
            return b""
        records = data[:-32]
        return records if _checksum(name, records) == data[-32:] else b""

    def store(self, name: str, records: bytes | bytearray) -> None:
        """Remember these; whoever writes last is remembered."""
        if self.directory is None:
            return
        private = f"{self.directory}/{secrets.token_hex(8)}{_PRIVATE}"
        with contextlib.suppress(OSError):
            _create(self.directory)
            try:
                with _opened(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
                    for part in (records, _checksum(name, records)):
                        _write_all(descriptor, part)
                os.rename(private, f"{self.directory}/{name}")
            except OSError:
                os.unlink(private)
            if not self.swept:
                self.swept = True
                _sweep(self.directory, older_than=self.clock() // 10**9 - KEPT)


@dataclass(slots=True, kw_only=True)
class SourceDigests:
    """What is known of one source's files. Files are asked for in the order of the listing, each once."""

    cache: DigestCache
    name: str
    records: Iterator[tuple[bytes, bytes, bytes]]
    kept: bytearray = field(default_factory=bytearray)
    changed: bool = False
    next: tuple[bytes, bytes, bytes] | None = None

    def __post_init__(self) -> None:
        self.next = next(self.records, None)

    def known(self, entry: Entry) -> bytes | None:
        """The SHA-256 of a file that is as it was when it was hashed."""
        path = entry.raw
        while self.next is not None and self.next[0] < path:
            self.changed = True
            self.next = next(self.records, None)
        if self.next is None or self.next[0] != path:
            return None
        _, fixed, digest = self.next
        self.next = next(self.records, None)
        if fixed != _record(entry, digest):
            self.changed = True
            return None
        self.kept += fixed + path
        return digest

    def learn(self, entry: Entry, digest: bytes, *, hashed_at: int) -> None:
        """`hashed_at`: when the hashing began, on the cache's clock."""
        if entry.is_settled(hashed_at):
            self.kept += _record(entry, digest) + entry.raw
            self.changed = True

    def save(self) -> None:
        """Once all files were asked for."""
        if self.changed or self.next is not None:
            self.cache.store(self.name, self.kept)


def name_of(*parts: str) -> str:
    """The file that something is remembered in, by what tells it from everything else."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest() + _SUFFIX


def _record(entry: Entry, digest: bytes) -> bytes:
    return _RECORD.pack(entry.stamp, len(entry.raw), digest)


def _records(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(path, fixed part, digest) of each record."""
    index = 0
    while index < len(data):
        end = index + _RECORD.size
        fixed = data[index:end]
        length, digest = _RECORD.unpack(fixed)[1:]
        yield data[end : end + length], fixed, digest
        index = end + length


def _checksum(name: str, records: bytes | bytearray) -> bytes:
    """Over the name too: a file under another source's name says nothing."""
    checksum = hashlib.sha256(f"{_HEADER}{name}\n".encode())
    checksum.update(records)
    return checksum.digest()


def _create(directory: str) -> None:
    os.makedirs(os.path.dirname(directory) or ".", exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(directory, 0o700)


@contextlib.contextmanager
def _opened(path: str, flags: int) -> Iterator[int]:
    """Raises OSError also if the file is another user's, or one that others could have written."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError("others may have written this")
        yield descriptor
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 2**24), b""))


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sweep(directory: str, *, older_than: int) -> None:
    """Drop what belongs to sources that are gone, and what a killed process left."""
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith((_SUFFIX, _PRIVATE)) and entry.stat(follow_symlinks=False).st_mtime < older_than:
                os.unlink(entry.path)
