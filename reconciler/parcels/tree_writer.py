"""A tree of files written by our own path layer: relative to open folders, never through a link, never over anything.

What is written lies in a folder that only its writer can reach (`reconciler.parcels.destination`); the flags hold even
if it is not so. Files and folders are flushed, several at a time beside the writing, as a journal takes them together
(5,000 small files in a third of the time): what is complete here survives a power cut.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from reconciler.parcels.source_folder import FOLDER

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_AT_ONCE = 16
_AHEAD = 64
"""Descriptors that may wait to be flushed."""


@dataclass(slots=True)
class _Flushes:
    """Takes descriptors over; a fault of one is raised by a later `add`, or by `finish`."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE))
    waiting: deque[Future[None]] = field(default_factory=deque)

    def add(self, descriptor: int, parts: Sequence[str]) -> None:
        self.waiting.append(self.pool.submit(_flush, descriptor, parts))
        if len(self.waiting) > _AHEAD:
            self.waiting.popleft().result()

    def finish(self) -> None:
        while self.waiting:
            self.waiting.popleft().result()

    def close(self) -> None:
        self.pool.shutdown()


@dataclass(slots=True)
class TreeWriter:
    """Writes beneath `root`, an open and empty folder.

    Entries come in the order of a listing: once another folder is entered, nothing is added to the one before. Raises
    OSError, with the path of the entry in it.
    """

    root: int
    _names: list[str] = field(default_factory=list)
    _folders: list[int] = field(default_factory=list)
    _flushes: _Flushes = field(default_factory=_Flushes)

    def folder(self, parts: Sequence[str]) -> None:
        """An empty folder."""
        self._enter(parts)

    def file(self, parts: Sequence[str], content: Iterable[memoryview], *, executable: bool) -> None:
        """A file; its mode is 0644 or 0755 as far as the umask lets it."""
        *folders, name = _plain(parts)
        within = self._enter(folders)
        with _naming(parts):
            descriptor = os.open(name, _NEW_FILE, 0o755 if executable else 0o644, dir_fd=within)
        try:
            for piece in content:
                with _naming(parts):
                    _write(descriptor, piece)
        except BaseException:
            os.close(descriptor)
            raise
        self._flushes.add(descriptor, parts)

    def finish(self) -> None:
        """Everything is durable when this returns."""
        self._leave(0)
        self._flushes.finish()
        os.fsync(self.root)

    def close(self) -> None:
        """Free what is held; may be called twice."""
        self._flushes.close()
        while self._folders:
            os.close(self._folders.pop())
        self._names.clear()

    def _enter(self, parts: Sequence[str]) -> int:
        """The folder of this path, open; those on the way to it that are new are made."""
        kept = 0
        while kept < min(len(parts), len(self._names)) and parts[kept] == self._names[kept]:
            kept += 1
        self._leave(kept)
        within = self._folders[-1] if self._folders else self.root
        for name in _plain(parts)[kept:]:
            with _naming(parts):
                os.mkdir(name, 0o755, dir_fd=within)
                within = os.open(name, FOLDER, dir_fd=within)
            self._names.append(name)
            self._folders.append(within)
        return within

    def _leave(self, kept: int) -> None:
        """Close all but the first folders on the way; nothing is added to them any more."""
        while len(self._folders) > kept:
            self._flushes.add(self._folders.pop(), tuple(self._names))
            self._names.pop()


def _flush(descriptor: int, parts: Sequence[str]) -> None:
    try:
        with _naming(parts):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]


def _plain(parts: Sequence[str]) -> Sequence[str]:
    """The names, each of which stays in its folder; whoever reads a listing has looked already."""
    if any(name in ("", ".", "..") or "/" in name or "\0" in name for name in parts):
        raise ValueError(f"{'/'.join(parts)!r} is no path within a tree")
    return parts


@contextmanager
def _naming(parts: Sequence[str]) -> Iterator[None]:
    """A fault of the world names the entry it is about."""
    try:
        yield
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, "/".join(parts)) from None
