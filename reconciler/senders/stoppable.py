"""A sender that asks before each step whether to go on."""

from collections.abc import Callable, Sequence

from reconciler.senders.protocol import Entry, Pace, Part, Sender, Space, Traits, at_once

SLICE = 2**20
"""Bytes between two questions: a chunk at most."""


class Stoppable:
    """A `Sender` that calls `checkpoint` before each operation and between slices of the bytes.

    `checkpoint` raises what ends the send: its claim is lost, its window closes, a stop was asked for (L22). What was
    under way is as if the process had died there. Nothing is asked before `close`.
    """

    def __init__(self, sender: Sender, checkpoint: Callable[[], None]) -> None:
        self._sender = sender
        self._checkpoint = checkpoint

    @property
    def traits(self) -> Traits:
        """See `Sender`."""
        return self._sender.traits

    def entries(self, folder: str) -> Sequence[Entry]:
        """See `Sender`."""
        self._checkpoint()
        return self._sender.entries(folder)

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        """See `Sender`. In slices, until one is short."""
        found = bytearray()
        while True:
            self._checkpoint()
            wanted = min(SLICE, length - len(found))
            piece = self._sender.read(name, offset=offset + len(found), length=wanted)
            found += piece
            if len(piece) < wanted or len(found) >= length:
                return bytes(found)

    def begin(self, name: str, *, size: int = 0) -> "StoppablePart":
        """See `Sender`."""
        self._checkpoint()
        return StoppablePart(self._sender.begin(name, size=size), self._checkpoint)

    def create(self, name: str, data: bytes) -> None:
        """See `Sender`."""
        self._checkpoint()
        self._sender.create(name, data)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        """See `Sender`."""
        self._checkpoint()
        self._sender.publish(names)

    def remove(self, name: str) -> None:
        """See `Sender`."""
        self._checkpoint()
        self._sender.remove(name)

    def remove_folder(self, folder: str) -> None:
        """See `Sender`."""
        self._checkpoint()
        self._sender.remove_folder(folder)

    def space(self) -> Space:
        """See `Sender`."""
        self._checkpoint()
        return self._sender.space()

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        """See `Sender`."""
        self._checkpoint()
        return self._sender.digest(name, length=length, pace=lambda wanted: self._slice(wanted, pace))

    def close(self) -> None:
        """See `Sender`."""
        self._sender.close()

    def _slice(self, wanted: int, pace: Pace) -> int:
        granted = pace(min(SLICE, wanted))
        self._checkpoint()  # after the waiting
        return granted


class StoppablePart:
    """See `Part`."""

    def __init__(self, part: Part, checkpoint: Callable[[], None]) -> None:
        self._part = part
        self._checkpoint = checkpoint

    def append(self, data: bytes | memoryview) -> None:
        """See `Part`. In slices."""
        data = memoryview(data)
        for start in range(0, len(data), SLICE):
            self._checkpoint()
            self._part.append(data[start : start + SLICE])

    def flush(self) -> None:
        """See `Part`."""
        self._checkpoint()
        self._part.flush()

    def close(self) -> None:
        """See `Part`."""
        self._part.close()
