"""A file of a directory store that is being written."""

import os

from reconciler.model.stores import StoreFault
from reconciler.senders.directory_files import write_all
from reconciler.senders.faults import told_of
from reconciler.senders.rooted import Root


class DirectoryPart:
    """See `Part`. Takes over both descriptors: of the file, and of the folder it lies in."""

    def __init__(self, root: Root, name: str, *, descriptor: int, folder: int) -> None:
        self._root = root
        self._place = root.at(name)
        self._descriptor = descriptor
        self._folder = folder
        self._fault: StoreFault | None = None

    def append(self, data: bytes | memoryview) -> None:
        """See `Part`."""
        self._require_sound()
        try:
            with told_of(self._place):
                write_all(self._descriptor, data)
        except StoreFault as fault:
            self._fault = fault
            raise

    def flush(self) -> None:
        """See `Part`: the bytes, and the first time the name. A lost write is told only once: no flush is retried."""
        self._require_sound()
        try:
            with told_of(self._place):
                self._root.flush_file(self._descriptor)
                if self._folder >= 0:
                    self._root.flush(self._folder)
                    self._folder = _closed(self._folder)
        except StoreFault as fault:
            self._fault = fault
            raise

    def close(self) -> None:
        """See `Part`."""
        self._folder = _closed(self._folder)
        self._descriptor = _closed(self._descriptor)

    def _require_sound(self) -> None:
        if self._fault is not None:
            raise self._fault


def _closed(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1
