"""Files that Git LFS keeps beside the repository; in the commit lies a pointer to them."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 1024
"""Bytes of a pointer, at the most: what is larger is none."""

_PIECE = 2**20

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n"
)


class MissingLfs(Exception):
    """What the pointer stands for is not kept here, or is damaged."""

    def __init__(self, pointer: "Pointer") -> None:
        super().__init__(f"Git LFS object {pointer.oid} is not in this repository")
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Pointer:
    """`oid` is the SHA-256 of a file of `size` bytes."""

    oid: str
    size: int


def pointer_of(data: bytes) -> Pointer | None:
    """What a blob points to; None if it is an ordinary file."""
    if len(data) > LONGEST:
        return None
    found = _POINTER.fullmatch(data)
    return None if found is None else Pointer(found[1].decode("ascii"), int(found[2]))


def resolve(common_dir: str, pointer: Pointer, *, most: int) -> bytes:
    """The first `most` bytes of the file; raises MissingLfs unless all of it is here, as its name says."""
    hashed, kept = hashlib.sha256(), bytearray()
    try:
        for piece in _pieces(f"{common_dir}/lfs/objects/{pointer.oid[:2]}/{pointer.oid[2:4]}/{pointer.oid}"):
            hashed.update(piece)
            kept += piece[: most - len(kept)]
    except OSError as fault:
        raise MissingLfs(pointer) from fault
    if hashed.hexdigest() != pointer.oid:
        raise MissingLfs(pointer)
    return bytes(kept)


def _pieces(path: str) -> Iterator[bytes]:
    with open(path, "rb", buffering=0) as stream:
        while piece := stream.read(_PIECE):
            yield piece
