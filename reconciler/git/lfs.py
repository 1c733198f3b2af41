"""Files that Git LFS keeps beside the repository; in the commit lies a pointer to them."""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.faults import GitFault

LONGEST = 1024
"""Bytes of a pointer, at the most: what is larger is none."""

_PIECE = 2**20

_POINTER = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\n"
    rb"(?P<extensions>(?:ext-[^\n]*\n)*)oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,18})\n?"
)


class MissingLfs(GitFault):
    """What the pointer stands for is not kept here, or is damaged."""

    def __init__(self, pointer: "Pointer") -> None:
        super().__init__(f"Git LFS object {pointer.oid} is not in this repository")
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Pointer:
    """`oid` is the SHA-256 of a file of `size` bytes.

    An `extended` one stands for what programs of the user's make of that file; they are never run.
    """

    oid: str
    size: int
    extended: bool = False


def pointer_of(data: bytes) -> Pointer | None:
    """What a blob points to; None if it is an ordinary file."""
    if len(data) > LONGEST:
        return None
    found = _POINTER.fullmatch(data)
    return (
        None if found is None else Pointer(found["oid"].decode("ascii"), int(found["size"]), bool(found["extensions"]))
    )


def common_dir_of(git_dir: str) -> str:
    """Where a repository with several work trees keeps what they share, large files among it; no git is run."""
    try:
        with open(f"{git_dir}/commondir", encoding="utf-8", errors="surrogateescape") as file:
            return os.path.join(git_dir, file.read().removesuffix("\n"))
    except OSError:
        return git_dir


def is_kept(common_dir: str, pointer: Pointer) -> bool:
    """Whether the file is here, by its name and size."""
    try:
        found = os.stat(_path(common_dir, pointer))
    except OSError:
        return False
    return not pointer.extended and stat.S_ISREG(found.st_mode) and found.st_size == pointer.size


def pieces(common_dir: str, pointer: Pointer) -> Iterator[bytes]:
    """The file's bytes; raises MissingLfs, after the last of them too, unless they are those that are meant."""
    if not is_kept(common_dir, pointer):
        raise MissingLfs(pointer)
    hashed, left = hashlib.sha256(), pointer.size
    try:
        with open(_path(common_dir, pointer), "rb", buffering=0) as stream:
            while piece := stream.read(min(left, _PIECE)):
                left -= len(piece)
                hashed.update(piece)
                yield piece
    except OSError as fault:
        raise MissingLfs(pointer) from fault
    if left or hashed.hexdigest() != pointer.oid:
        raise MissingLfs(pointer)


def resolve(common_dir: str, pointer: Pointer, *, most: int) -> bytes:
    """The first `most` bytes of the file; raises MissingLfs unless all of it is here, as its name says."""
    kept = bytearray()
    for piece in pieces(common_dir, pointer):
        kept += piece[: most - len(kept)]
    return bytes(kept)


def _path(common_dir: str, pointer: Pointer) -> str:
    return f"{common_dir}/lfs/objects/{pointer.oid[:2]}/{pointer.oid[2:4]}/{pointer.oid}"
