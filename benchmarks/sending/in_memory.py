"""A store without a disk: what is left of a send when the sender does nothing. May be as slow as a far site."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.senders.protocol import Entry, Missing, Pace, Proof, Space, Taken, Traits, at_once

_TRAITS = Traits(kind="memory", creates_exclusively=True, links=True, flushes=True, proof=Proof.REMOTE_DIGEST)


@dataclass(slots=True)
class Files:
    """What lies in one store: bytes by name, in folders."""

    folders: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def get(self, name: str) -> bytes:
        above, _, last = name.rpartition("/")
        try:
            return self.folders[above][last]
        except KeyError:
            raise Missing(name) from None

    def put(self, name: str, data: bytes) -> None:
        above, _, last = name.rpartition("/")
        if last in self.folders.setdefault(above, {}):
            raise Taken(name)
        self.folders[above][last] = data


@dataclass(slots=True)
class InMemory:
    """A `Sender`; each operation takes `latency` seconds, appending excepted: that is not answered."""

    files: Files
    latency: float = 0.0

    @property
    def traits(self) -> Traits:
        return _TRAITS

    def entries(self, folder: str) -> Sequence[Entry]:
        self.wait()
        start = f"{folder}/" if folder else ""
        names = (name for name, files in self.files.folders.items() if files and name.startswith(start) and name)
        below = {name[len(start) :].split("/")[0] for name in names}
        found = self.files.folders.get(folder, {})
        return (
            *(Entry(name=name, size=0, is_file=False, is_folder=True) for name in sorted(below)),
            *(Entry(name=name, size=len(found[name]), is_file=True, is_folder=False) for name in sorted(found)),
        )

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        self.wait()
        return self.files.get(name)[offset : offset + length]

    def begin(self, name: str, *, size: int = 0) -> "PartInMemory":  # noqa: ARG002 - memory has room
        self.wait()
        return PartInMemory(self, name)

    def create(self, name: str, data: bytes) -> None:
        self.wait()
        self.files.put(name, data)

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        self.wait()
        for part, name in names:
            self.files.put(name, self.files.get(part))

    def remove(self, name: str) -> None:
        self.wait()
        above, _, last = name.rpartition("/")
        self.files.folders.get(above, {}).pop(last, None)

    def remove_folder(self, folder: str) -> None:
        self.wait()
        if not self.files.folders.get(folder):
            self.files.folders.pop(folder, None)

    def space(self) -> Space:
        self.wait()
        return Space(bytes=2**60, files=None)

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:  # noqa: ARG002 - no byte comes back
        self.wait()
        return hashlib.sha256(self.files.get(name)[:length]).digest()

    def close(self) -> None:
        pass

    def wait(self) -> None:
        """Until the answer is there."""
        if self.latency:
            time.sleep(self.latency)


@dataclass(slots=True)
class PartInMemory:
    """A `Part`."""

    sender: InMemory
    name: str
    pieces: list[bytes] = field(default_factory=list)

    def append(self, data: bytes | memoryview) -> None:
        self.pieces.append(bytes(data))

    def flush(self) -> None:
        self.sender.wait()
        if self.pieces:
            self.sender.files.put(self.name, b"".join(self.pieces))
            self.pieces = []

    def close(self) -> None:
        pass
