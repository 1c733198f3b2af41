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

FRESH = 2_000_000_000
"""Nanoseconds: a file that changed so shortly before it was hashed may change again without a trace in its times."""

KEPT = 90 * 86400
"""Seconds after which a source's file that nothing changed any more is dropped, and the source hashed once again."""

_HEADER = b"reconciler digests 1\n"
_RECORD = struct.Struct("<QqqQQI32s")
"""Size, mtime_ns, ctime_ns, inode, device, length of the path, SHA-256; the path follows."""

_SUFFIX = ".digests"
_PRIVATE = ".digests-part"


@dataclass(slots=True)
class DigestCache:
    """Lives in `directory`, which is created private when needed; with None nothing is remembered."""

    directory: str | None
    clock: Callable[[], int] = time.time_ns
    swept: bool = False

    def of(self, source: str, exclude: tuple[str, ...]) -> "SourceDigests":
        """What is remembered of the source with this real path, as far as `exclude` leaves it."""
        name = hashlib.sha256("\0".join((source, *exclude)).encode(errors="surrogateescape")).hexdigest() + _SUFFIX
        return SourceDigests(cache=self, name=name, records=_records(self._load(name)))

    def _load(self, name: str) -> bytes:
        """The records; empty if there are none, or if they cannot be trusted."""
        if self.directory is None:
            return b""
        try:
            with _folder(self.directory, create=False) as folder, _opened(name, os.O_RDONLY, folder) as descriptor:
                data = _read_all(descriptor)
        except OSError:
            return b""
        content, checksum = data[:-32], data[-32:]
        if not content.startswith(_HEADER) or hashlib.sha256(content).digest() != checksum:
            return b""
        return content[len(_HEADER) :]

    def store(self, name: str, records: bytes | bytearray) -> None:
        """Remember these; whoever writes last is remembered."""
        if self.directory is None:
            return
        checksum = hashlib.sha256(_HEADER)
        checksum.update(records)
        with contextlib.suppress(OSError), _folder(self.directory, create=True) as folder:
            private = secrets.token_hex(8) + _PRIVATE
            try:
                with _opened(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder) as descriptor:
                    for part in (_HEADER, records, checksum.digest()):
                        _write_all(descriptor, part)
                os.rename(private, name, src_dir_fd=folder, dst_dir_fd=folder)
            except OSError:
                os.unlink(private, dir_fd=folder)
            if not self.swept:
                self.swept = True
                _sweep(folder, older_than=self.clock() // 10**9 - KEPT)


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

    def known(self, path: bytes, found: os.stat_result) -> bytes | None:
        """The SHA-256 of a file that is as it was when it was hashed."""
        while self.next is not None and self.next[0] < path:
            self.changed = True
            self.next = next(self.records, None)
        if self.next is None or self.next[0] != path:
            return None
        _, fixed, digest = self.next
        self.next = next(self.records, None)
        if fixed != _record(path, found, digest):
            self.changed = True
            return None
        self.kept += fixed + path
        return digest

    def learn(self, path: bytes, found: os.stat_result, digest: bytes, *, hashed_at: int) -> None:
        """`hashed_at`: when the hashing began, on the cache's clock."""
        if abs(hashed_at - found.st_mtime_ns) > FRESH and hashed_at - found.st_ctime_ns > FRESH:
            self.kept += _record(path, found, digest) + path
            self.changed = True

    def save(self) -> None:
        """Once all files were asked for."""
        if self.changed or self.next is not None:
            self.cache.store(self.name, self.kept)


def _record(path: bytes, found: os.stat_result, digest: bytes) -> bytes:
    return _RECORD.pack(
        found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev, len(path), digest
    )


def _records(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(path, fixed part, digest) of each record."""
    index = 0
    while index < len(data):
        end = index + _RECORD.size
        fixed = data[index:end]
        length, digest = _RECORD.unpack(fixed)[5:]
        yield data[end : end + length], fixed, digest
        index = end + length


@contextlib.contextmanager
def _folder(path: str, *, create: bool) -> Iterator[int]:
    """The cache's folder, open; raises OSError also if another user could have written there."""
    if create:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o700)
    with _opened(path, os.O_RDONLY | os.O_DIRECTORY, None) as descriptor:
        yield descriptor


@contextlib.contextmanager
def _opened(name: str, flags: int, folder: int | None) -> Iterator[int]:
    descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError("others may write here")
        yield descriptor
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    return b"".join(iter(lambda: os.read(descriptor, 2**24), b""))


def _write_all(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sweep(folder: int, *, older_than: int) -> None:
    """Drop what belongs to sources that are gone, and what a killed process left."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith((_SUFFIX, _PRIVATE)) and entry.stat(follow_symlinks=False).st_mtime < older_than:
                os.unlink(entry.name, dir_fd=folder)
