"""A sender whose traffic is counted."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.senders.protocol import Entry, Pace, Part, Sender, Space, Traits, at_once


@dataclass(slots=True)
class Traffic:
    """What went over the way to a store; several senders may add to one, any thread may read it.

    `up` and `down` are bytes of files, `files` those made, `requests` everything asked; `round_trips` are the requests
    that wait for an answer: all but appending.
    """

    up: int = 0
    down: int = 0
    files: int = 0
    requests: int = 0
    round_trips: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, *, up: int = 0, down: int = 0, files: int = 0, requests: int = 0, round_trips: int = 0) -> None:
        """Count."""
        with self._lock:
            self.up += up
            self.down += down
            self.files += files
            self.requests += requests
            self.round_trips += round_trips


class Recorded:
    """A `Sender` that adds what it does to `traffic`: a request before it is made, bytes after they went.

    Goes directly around the sender itself, so that it sees the slices that other wrappers make.
    """

    def __init__(self, sender: Sender, traffic: Traffic) -> None:
        self._sender = sender
        self._traffic = traffic

    @property
    def traits(self) -> Traits:
        """See `Sender`."""
        return self._sender.traits

    def entries(self, folder: str) -> Sequence[Entry]:
        """See `Sender`."""
        self._ask()
        return self._sender.entries(folder)

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        """See `Sender`."""
        self._ask()
        found = self._sender.read(name, offset=offset, length=length)
        self._traffic.add(down=len(found))
        return found

    def begin(self, name: str, *, size: int = 0) -> "RecordedPart":
        """See `Sender`."""
        self._ask()
        part = self._sender.begin(name, size=size)
        self._traffic.add(files=1)
        return RecordedPart(part, self._traffic)

    def create(self, name: str, data: bytes) -> None:
        """See `Sender`. The bytes have gone, too, where somebody was first."""
        self._ask()
        self._traffic.add(up=len(data))
        self._sender.create(name, data)
        self._traffic.add(files=1)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        """See `Sender`. The names are new, the files are not."""
        self._ask()
        self._sender.publish(names)

    def remove(self, name: str) -> None:
        """See `Sender`."""
        self._ask()
        self._sender.remove(name)

    def remove_folder(self, folder: str) -> None:
        """See `Sender`."""
        self._ask()
        self._sender.remove_folder(folder)

    def space(self) -> Space:
        """See `Sender`."""
        self._ask()
        return self._sender.space()

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        """See `Sender`. Bytes count as they come back: none where the site computes."""
        self._ask()
        return self._sender.digest(name, length=length, pace=lambda wanted: self._came(pace(wanted)))

    def close(self) -> None:
        """See `Sender`."""
        self._sender.close()

    def _ask(self) -> None:
        self._traffic.add(requests=1, round_trips=1)

    def _came(self, count: int) -> int:
        self._traffic.add(down=count)
        return count


class RecordedPart:
    """See `Part`."""

    def __init__(self, part: Part, traffic: Traffic) -> None:
        self._part = part
        self._traffic = traffic

    def append(self, data: bytes | memoryview) -> None:
        """See `Part`."""
        self._traffic.add(requests=1)
        self._part.append(data)
        self._traffic.add(up=len(data))

    def flush(self) -> None:
        """See `Part`."""
        self._traffic.add(requests=1, round_trips=1)
        self._part.flush()

    def close(self) -> None:
        """See `Part`."""
        self._part.close()
