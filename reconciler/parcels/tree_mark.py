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
from reconciler.parcels.source_folder import FOLDER
from reconciler.parcels.store_json import Fields
from reconciler.parcels.unreadable import Unreadable

_LARGEST = 2**16
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


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


def write_mark(name: str, trees: Iterable[Unpacked], *, within: int, by_way_of: int) -> None:
    """Whole or not at all, and durable: written in a folder of the writer's own, then renamed to its place."""
    with open(os.open("mark", _NEW_FILE, 0o644, dir_fd=by_way_of), "wb") as stream:
        stream.write(mark_bytes(trees))
        stream.flush()
        os.fsync(stream.fileno())
    os.rename("mark", _mark_of(name), src_dir_fd=by_way_of, dst_dir_fd=within)
    os.fsync(within)


def read_mark(name: str, *, within: int) -> tuple[Unpacked, ...]:
    """The trees that unpack made under this name; none if there is no mark, or one that cannot be understood."""
    try:
        descriptor = os.open(_mark_of(name), _READ, dir_fd=within)
        with open(descriptor, "rb") as stream:
            trees = store_json.read(stream.read(_LARGEST), "Unpacked").values["trees"]
        return tuple(_tree(Fields(entry)) for entry in trees)  # type: ignore[attr-defined]  # told by the TypeError
    except (OSError, Unreadable, ValueError, KeyError, TypeError, AttributeError):
        return ()


def read_mark_beside(path: str) -> tuple[Unpacked, ...]:
    """The same for a real path."""
    above, name = os.path.split(path)
    try:
        folder = os.open(above, FOLDER)
    except OSError:
        return ()
    try:
        return read_mark(name, within=folder)
    finally:
        os.close(folder)


def _mark_of(name: str) -> str:
    return f".{name}.reconciler.json"


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
