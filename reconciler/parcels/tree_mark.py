"""Which trees `unpack` made: a small file beside the folder, as the folder holds exactly the package's tree.

A tree is known by its folder's inode and time of birth, which renaming leaves as they are: another folder under the
same name, even one that was given the same inode, is not taken for ours and never removed.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.names import Digest, PackageName
from reconciler.parcels import store_json
from reconciler.parcels.kernel import birth
from reconciler.parcels.store_json import Fields
from reconciler.parcels.unreadable import Unreadable

_LARGEST = 2**16
_MARK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One folder, wherever it is renamed to. `birth` is in nanoseconds; None where the file system does not say."""

    inode: int
    birth: int | None

    @classmethod
    def of(cls, descriptor: int) -> "Identity":
        return cls(inode=os.fstat(descriptor).st_ino, birth=birth(descriptor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A tree: the content it was made of, from which send's record, and when."""

    package: PackageName
    number: int
    content: Digest
    at: Instant
    identity: Identity


def mark_bytes(trees: Iterable[Unpacked]) -> bytes:
    """The file."""
    entries = [
        {
            "package": tree.package,
            "number": tree.number,
            "content": tree.content,
            "unpackedAt": format_instant(tree.at),
            "inode": tree.identity.inode,
            "birth": tree.identity.birth or 0,
        }
        for tree in trees
    ]
    return store_json.written("Unpacked", {"trees": entries}) + b"\n"


def read_mark(name: str, *, within: int) -> tuple[Unpacked, ...]:
    """The trees that a mark names; none if there is no mark, or one that cannot be understood."""
    try:
        descriptor = os.open(name, _MARK, dir_fd=within)
        with open(descriptor, "rb") as stream:
            trees = store_json.read(stream.read(_LARGEST), "Unpacked").values["trees"]
        return tuple(_tree(Fields(entry)) for entry in trees)  # type: ignore[attr-defined]  # told by the TypeError
    except (OSError, Unreadable, ValueError, KeyError, TypeError, AttributeError):
        return ()


def _tree(entry: Fields) -> Unpacked:
    return Unpacked(
        package=PackageName(entry.name("package")),
        number=entry.count("number"),
        content=entry.digest("content"),
        at=parse_instant(entry.text("unpackedAt")),
        identity=Identity(inode=_long(entry, "inode"), birth=_long(entry, "birth") or None),
    )


def _long(entry: Fields, name: str) -> int:
    """Nanoseconds since 1970 have 19 digits; some file systems use all bits of an inode's number."""
    value = entry.values[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value
