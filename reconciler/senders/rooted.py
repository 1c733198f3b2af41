"""Files beneath an open folder, reached name by name: no link and no mount is ever followed (sending.md 3).

The root itself may be reached through links. Everything else is relative to its descriptor, so what is unmounted, moved
away or put in its place later is never touched; `Root.check` notices (L37).
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault
from reconciler.senders.faults import store_fault
from reconciler.senders.mounts import is_mount_point, mount_of
from reconciler.senders.protocol import Hostile, Missing
from reconciler.senders.store_paths import above_and_last, parts_of

_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER = _ROOT | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""A FIFO that took a file's place does not block."""

_NO_FOLDER = frozenset((errno.ENOTDIR, errno.ELOOP))
_CANNOT_FLUSH = frozenset((errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS))

Identity = tuple[int, ...]
"""Device and inode; of a file also when it was last written to."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file open for reading, and the open folder it lies in; good within the `with` that opened it."""

    descriptor: int
    found: os.stat_result
    folder: int
    last: str


class Root:
    """An open folder. Raises OSError, Missing and Hostile; StoreFault where the root itself is at fault."""

    def __init__(self, path: str, *, require_mount: bool) -> None:
        self._path = path
        self._descriptor = _opened(path)
        self._flushed: set[Identity] = set()
        self._named: set[Identity] = set()
        self.flushes = True
        """Until the file system says that it cannot."""
        with closing_if_raised(self._descriptor):
            self._identity = identity_of(os.fstat(self._descriptor))
            self._mount = mount_of(self._descriptor)
            if require_mount and not is_mount_point(self._descriptor):
                raise StoreFault(Cause.STORE_MISMATCH, f"{path}: no file system is mounted there, though one must be")

    @property
    def descriptor(self) -> int:
        return self._descriptor

    def at(self, name: str) -> str:
        """For people."""
        return f"{self._path}/{name}" if name else self._path

    def check(self) -> None:
        """Raise StoreFault unless the path still leads here: else what is written would go where nobody looks (L37)."""
        try:
            now = identity_of(os.stat(self._path))
        except OSError as fault:
            raise _root_fault(self._path, fault) from fault
        if now != self._identity:
            raise StoreFault(Cause.STORE_MISMATCH, f"{self._path}: another folder stands there now; was it unmounted?")

    @contextmanager
    def folder(self, name: str, *, make: bool = False) -> Iterator[int]:
        """An open folder ("" for the root); with `make`, it and those above are there, durably. Raises Missing."""
        descriptor = self._descriptor
        try:
            for part in parts_of(name):
                below = self._below(descriptor, part, name, make=make)
                if descriptor != self._descriptor:
                    os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            if descriptor != self._descriptor:
                os.close(descriptor)

    @contextmanager
    def file(self, name: str) -> Iterator[Opened]:
        """A plain file, open for reading. Raises Missing."""
        above, last = above_and_last(name)
        with self.folder(above) as folder:
            require_plain(folder, last, name)
            try:
                descriptor = os.open(last, _FILE, dir_fd=folder)
            except FileNotFoundError:
                raise Missing(name) from None
            except OSError as fault:
                raise (Hostile(f"{name} is a link") if fault.errno in _NO_FOLDER else fault) from None
            try:
                found = os.fstat(descriptor)
                if not stat.S_ISREG(found.st_mode) or mount_of(descriptor) != self._mount:
                    raise Hostile(f"{name} is no plain file of this store")
                yield Opened(descriptor, found, folder=folder, last=last)
            finally:
                os.close(descriptor)

    def flush_file(self, descriptor: int, *, again: bool = True) -> None:
        """See `flush`. Without `again` only if it is not known to be done: who wrote the file may have died before."""
        identity = identity_of(os.fstat(descriptor))
        if again or identity not in self._flushed:
            self.flush(descriptor)
            self._flushed.add(identity)

    def flush(self, descriptor: int) -> None:
        """To the medium, where the file system can do that: a file's bytes, a folder's names."""
        try:
            os.fsync(descriptor)
        except OSError as fault:
            if fault.errno not in _CANNOT_FLUSH:
                raise
            self.flushes = False

    def close(self) -> None:
        """May be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _below(self, above: int, part: str, name: str, *, make: bool) -> int:
        try:
            below = os.open(part, _FOLDER, dir_fd=above)
        except FileNotFoundError:
            if not make:
                raise Missing(name) from None
            below = self._made(above, part)
        except OSError as fault:
            raise (Hostile(f"{name}: {part} is no folder") if fault.errno in _NO_FOLDER else fault) from None
        with closing_if_raised(below):
            if mount_of(below) != self._mount:
                raise Hostile(f"{name}: another file system is mounted at {part}")
            identity = identity_of(os.fstat(below))
            if make and identity not in self._named:  # whoever made it may have died before flushing
                self.flush(above)
                self._named.add(identity)
        return below

    def _made(self, above: int, part: str) -> int:
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, dir_fd=above)
        below = os.open(part, _FOLDER, dir_fd=above)
        self._named.discard(identity_of(os.fstat(below)))
        return below


def require_plain(folder: int, last: str, name: str) -> None:
    """Raise Hostile if anything but a plain file stands there, Missing if nothing does. Opens nothing: devices act."""
    try:
        found = os.lstat(last, dir_fd=folder)
    except FileNotFoundError:
        raise Missing(name) from None
    if not stat.S_ISREG(found.st_mode):
        raise Hostile(f"{name} is no plain file")


@contextmanager
def closing_if_raised(descriptor: int) -> Iterator[None]:
    """Whoever opened it has it only if all goes well."""
    try:
        yield
    except BaseException:
        os.close(descriptor)
        raise


def _opened(path: str) -> int:
    try:
        return os.open(path, _ROOT)
    except OSError as fault:
        raise _root_fault(path, fault) from fault


def _root_fault(path: str, fault: OSError) -> StoreFault:
    if fault.errno == errno.ENOENT:
        detail = f"{path}: there is no such folder; if no share is to be mounted there, make it by hand"
        return StoreFault(Cause.STORE_MISMATCH, detail)
    if fault.errno == errno.ENOTDIR:
        return StoreFault(Cause.STORE_MISMATCH, f"{path}: is no folder")
    return store_fault(fault, path)


def identity_of(found: os.stat_result) -> Identity:
    """The same for the same file until it is written to, for the same folder always."""
    same = found.st_dev, found.st_ino
    return (*same, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else same
