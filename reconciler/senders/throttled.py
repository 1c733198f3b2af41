"""A sender at a limited rate."""

from collections.abc import Sequence

from reconciler.senders.bucket import Bucket
from reconciler.senders.protocol import Entry, Pace, Part, Sender, Space, Traits, at_once


class Throttled:
    """A `Sender` whose bytes go up and come back no faster than the buckets of its site allow (L22).

    What is small, listings and answers, is not counted. Wraps whatever is to be asked between two slices.
    """

    def __init__(self, sender: Sender, *, up: Bucket, down: Bucket) -> None:
        self._sender = sender
        self._up = up
        self._down = down

    @property
    def traits(self) -> Traits:
        """See `Sender`."""
        return self._sender.traits

    def entries(self, folder: str) -> Sequence[Entry]:
        """See `Sender`."""
        return self._sender.entries(folder)

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        """See `Sender`. In slices, until one is short."""
        found = bytearray()
        while True:
            wanted = self._down.take(length - len(found)) if length > len(found) else 0
            piece = self._sender.read(name, offset=offset + len(found), length=wanted)
            found += piece
            if len(piece) < wanted or len(found) >= length:
                return bytes(found)

    def begin(self, name: str, *, size: int = 0) -> "ThrottledPart":
        """See `Sender`."""
        return ThrottledPart(self._sender.begin(name, size=size), self._up)

    def create(self, name: str, data: bytes) -> None:
        """See `Sender`. It appears whole, so the waiting comes before."""
        self._up.take_all(len(data))
        self._sender.create(name, data)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        """See `Sender`."""
        self._sender.publish(names)

    def remove(self, name: str) -> None:
        """See `Sender`."""
        self._sender.remove(name)

    def remove_folder(self, folder: str) -> None:
        """See `Sender`."""
        self._sender.remove_folder(folder)

    def space(self) -> Space:
        """See `Sender`."""
        return self._sender.space()

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        """See `Sender`."""
        return self._sender.digest(name, length=length, pace=lambda wanted: pace(self._down.take(wanted)))

    def close(self) -> None:
        """See `Sender`."""
        self._sender.close()


class ThrottledPart:
    """See `Part`."""

    def __init__(self, part: Part, up: Bucket) -> None:
        self._part = part
        self._up = up

    def append(self, data: bytes | memoryview) -> None:
        """See `Part`. In slices."""
        data = memoryview(data)
        done = 0
        while done < len(data):
            count = self._up.take(len(data) - done)
            self._part.append(data[done : done + count])
            done += count

    def flush(self) -> None:
        """See `Part`."""
        self._part.flush()

    def close(self) -> None:
        """See `Part`."""
        self._part.close()
