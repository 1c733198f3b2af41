"""The store in a directory: a local disk or a mounted share, by the system's own calls (Linux)."""

import contextlib
import errno
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack

from reconciler.model.sites import Address
from reconciler.senders.directory_files import (
    NEW,
    digest_of,
    exclusively,
    forget_cached,
    listed,
    pieces,
    read_at,
    unlink,
    write_new,
)
from reconciler.senders.directory_part import DirectoryPart
from reconciler.senders.faults import told_of
from reconciler.senders.kernel import set_aside
from reconciler.senders.protocol import Entry, Missing, Pace, Proof, Space, Traits, at_once
from reconciler.senders.rooted import Opened, Root, closing_if_raised, require_plain
from reconciler.senders.store_paths import above_and_last

_PRIVATE = "parts"

_NO_LINKS = frozenset((errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV))
"""There are no links here (vfat), no more of them, or none to another user's file: the bytes are copied."""


def open_directory(address: Address) -> "Directory":
    """The store at an address; raises StoreFault. Nothing is created or changed."""
    return Directory(Root(address.path, require_mount=address.require_mount))


class Directory:
    """See `Sender`."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._links = True
        self._published: set[str] = set()
        self._begun: set[str] = set()

    @property
    def traits(self) -> Traits:
        """See `Sender`."""
        return Traits(
            kind="directory",
            creates_exclusively=True,
            links=self._links,
            flushes=self._root.flushes,
            proof=Proof.READ_BACK,
        )

    def entries(self, folder: str) -> Sequence[Entry]:
        """See `Sender`."""
        with told_of(self._root.at(folder)):
            try:
                with self._root.folder(folder) as descriptor:
                    return sorted(listed(descriptor), key=lambda entry: entry.name)
            except Missing:
                return ()

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        """See `Sender`."""
        with told_of(self._root.at(name)), self._root.file(name) as opened:
            return read_at(opened.descriptor, offset, max(0, min(length, opened.found.st_size - offset)))

    def begin(self, name: str, *, size: int = 0) -> DirectoryPart:
        """See `Sender`."""
        above, last = above_and_last(name)
        with told_of(self._root.at(name)):
            self._root.check()
            with self._root.folder(above, make=True) as folder, exclusively(folder, last, name):
                descriptor = os.open(last, NEW, 0o666, dir_fd=folder)
                with closing_if_raised(descriptor):
                    self._begun.add(name)
                    try:
                        set_aside(descriptor, size)
                    except OSError:
                        unlink(last, folder)
                        raise
                    return DirectoryPart(self._root, name, descriptor=descriptor, folder=os.dup(folder))

    def create(self, name: str, data: bytes) -> None:
        """See `Sender`."""
        above, last = above_and_last(name)
        private = secrets.token_hex(16)
        with told_of(self._root.at(name)), ExitStack() as held:
            self._root.check()
            folder = held.enter_context(self._root.folder(above, make=True))
            parts = held.enter_context(self._root.folder(_PRIVATE, make=True))
            held.callback(unlink, private, parts)
            write_new(self._root, parts, private, (data,))
            with exclusively(folder, last, name):
                if not self._link(parts, private, folder, last):
                    write_new(self._root, folder, last, (data,))
            self._root.flush(folder)
            self._published.add(name)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        """See `Sender`. Each folder is flushed once, at the end."""
        with told_of(self._root.at(names[0][1] if names else "")), ExitStack() as held:
            self._root.check()
            folders: dict[str, int] = {}
            try:
                for part, name in names:
                    above, last = above_and_last(name)
                    if above not in folders:
                        folders[above] = held.enter_context(self._root.folder(above, make=True))
                    with self._root.file(part) as opened, exclusively(folders[above], last, name):
                        self._publish(opened, folders[above], last)
            finally:
                for folder in folders.values():
                    self._root.flush(folder)
            self._published.update(name for _, name in names)

    def remove(self, name: str) -> None:
        """See `Sender`."""
        above, last = above_and_last(name)
        with told_of(self._root.at(name)), contextlib.suppress(Missing), self._root.folder(above) as folder:
            require_plain(folder, last, name)
            unlink(last, folder)
            self._published.discard(name)

    def remove_folder(self, folder: str) -> None:
        """See `Sender`."""
        above, last = above_and_last(folder)
        with told_of(self._root.at(folder)), contextlib.suppress(Missing), self._root.folder(above) as parent:
            with self._root.folder(folder):
                pass
            try:
                os.rmdir(last, dir_fd=parent)
            except OSError as fault:
                if fault.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    raise

    def space(self) -> Space:
        """See `Sender`. File systems without a fixed number of files say that they have none at all."""
        with told_of(self._root.at("")):
            found = os.fstatvfs(self._root.descriptor)
        return Space(bytes=found.f_bavail * found.f_frsize, files=found.f_favail if found.f_files else None)

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        """See `Sender`. What was written just now proves its transport from wherever it is read (sending.md 6)."""
        with told_of(self._root.at(name)), self._root.file(name) as opened:
            self._root.flush_file(opened.descriptor, again=False)
            if name not in self._published:
                self._root.flush(opened.folder)
            if name not in self._begun:
                forget_cached(opened.descriptor)
            digest = digest_of(opened.descriptor, length=length, pace=pace)
            if digest is None:
                raise Missing(f"{name} is shorter than {length} bytes")
            return digest

    def close(self) -> None:
        """See `Sender`."""
        self._root.close()

    def _publish(self, opened: Opened, folder: int, last: str) -> None:
        self._root.flush_file(opened.descriptor, again=False)
        if not self._link(opened.folder, opened.last, folder, last):
            write_new(self._root, folder, last, pieces(opened.descriptor))

    def _link(self, above: int, private: str, folder: int, last: str) -> bool:
        try:
            os.link(private, last, src_dir_fd=above, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as fault:
            if fault.errno not in _NO_LINKS:
                raise
            self._links = self._links and fault.errno == errno.EMLINK
            return False
        return True
