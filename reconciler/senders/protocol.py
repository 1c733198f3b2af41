"""What every sender does and promises; `tests/conformance/sender.py` holds each implementation to it.

A sender moves bytes between here and one site's store. It knows files by their names in the store
(`packs/4f….pack`) and nothing of what is in them: that is the business of `reconciler.engine.stores`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Proof(Enum):
    """How what arrived is checked, best first (sending.md 6)."""

    REMOTE_DIGEST = "remote-digest"
    """The site computes the digests: no byte comes back."""
    READ_BACK = "read-back"
    """Every byte is read again from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an address can do: data, so that procedures ask instead of knowing kinds.

    `creates_exclusively`: two that create one name at a time never both succeed; without it a store has one writer.
    `links`: `publish` gives a file a second name without moving its bytes. `flushes`: what a `Part` or `create`
    said is durable survives a power cut. `proof`: the best there is. `links` and `flushes` hold until the address has
    once refused: nothing is written to find out, as the store may be another's (L37).
    """

    kind: str
    creates_exclusively: bool
    links: bool
    flushes: bool
    proof: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a folder lists: `is_file` is False for folders and for what a store does not hold (links, devices)."""

    name: str
    size: int
    is_file: bool
    is_folder: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Free for us: bytes, and files that may still be made (None where the file system does not count them)."""

    bytes: int
    files: int | None


class Missing(Exception):
    """There is no such file."""


class Taken(Exception):
    """The name exists already: somebody was first."""


class Hostile(Exception):
    """What stands at the name is no plain file or folder of this store (a link, a device, a mount): never followed."""


Pace = Callable[[int], int]
"""Asked before bytes come back: of so many that are wanted, how many may come now (at least one). May wait or raise.

A sender that wraps another restricts first and then asks the pace it was given, which has the last word.
"""


def at_once(wanted: int) -> int:
    """As many as are wanted."""
    return wanted


class Part(Protocol):
    """A file that is being written, private to the attempt that began it.

    After a fault nothing of it is believed: the same fault is raised again, the attempt starts over.
    """

    def append(self, data: bytes | memoryview) -> None:
        """Add to the end; durable only after `flush`."""
        ...

    def flush(self) -> None:
        """What was appended is durable when this returns, where the address can do that (`Traits.flushes`)."""
        ...

    def close(self) -> None:
        """Free it; may be called twice. Does not flush, does not remove."""
        ...


class Sender(Protocol):
    """The files of one site's store.

    Names are relative, their parts joined with `/`, and made by `reconciler.parcels` alone. No link is followed
    anywhere beneath the store's root: reading, writing or removing what is behind one raises `Hostile`. All methods
    raise `StoreFault` for the world's faults, classified: `network`, `authentication`, `space`, `permission`,
    `store-mismatch` (the root is missing, or no file system is mounted there though one must be). EIO and time-outs are
    `network`, transient. An instance belongs to one thread; several senders, processes too, may use one store at a
    time.
    """

    @property
    def traits(self) -> Traits: ...

    def entries(self, folder: str) -> Sequence[Entry]:
        """What lies directly in a folder ("" for the store itself), by name; empty if the folder is not there."""
        ...

    def read(self, name: str, *, offset: int = 0, length: int) -> bytes:
        """At most `length` bytes from `offset` on; fewer only at the end of the file. Raises Missing."""
        ...

    def begin(self, name: str, *, size: int = 0) -> Part:
        """Create a file for appending, its folders too; raises Taken.

        `size` bytes are expected, 0 if that is not known: room for them is set aside where that can be done, and a full
        store says so at once, without leaving the file. It is as long as what was appended, whatever was expected.
        """
        ...

    def create(self, name: str, data: bytes) -> None:
        """Make a small file appear whole, durable, and exclusively; raises Taken.

        No reader ever sees a part of it where the address can do that; elsewhere a torn one fails its own digest. One
        that dies meanwhile may leave a file directly beneath `parts`, named with 32 hexadecimal digits.
        """
        ...

    def publish(self, names: Sequence[tuple[str, str]]) -> None:
        """Give flushed parts their final names, exclusively and durably: pairs of (part, name); raises Taken.

        Those before the one that was taken are published. The names of the parts stay until they are removed. A part
        that a dead attempt left is flushed first.
        """
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error. An empty folder that is left goes with `remove_folder`.

        Not flushed: after a power cut the file may be back.
        """
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder; one that is not there, or not empty, is no error."""
        ...

    def space(self) -> Space:
        """What is free at the store."""
        ...

    def digest(self, name: str, *, length: int, pace: Pace = at_once) -> bytes:
        """The SHA-256 of the first `length` bytes as they lie in the store; raises Missing if there are fewer.

        With `Proof.READ_BACK` by reading them again, at the given pace: from the medium as far as that can be had, but
        for what this instance wrote, as that proves transport alone (sending.md 6). What it covers is durable, whoever
        wrote it: a receipt may rest on it (R4).
        """
        ...

    def close(self) -> None:
        """Free what it holds; may be called twice."""
        ...
