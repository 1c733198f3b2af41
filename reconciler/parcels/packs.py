"""A pack: at most 16 MiB of chunks, compressed block by block, after a table that says what is where.

The layout is docs/reference/store-format.md; why it is so, decision 0017. What is read from a store is capped before
anything is allocated for it.
"""

import hashlib
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Final, NamedTuple

from reconciler.parcels import frames
from reconciler.parcels.unreadable import Unreadable

LARGEST_CHUNK: Final = 2**20
LARGEST_BLOCK: Final = 2**22
"""Plain bytes of a block."""
LARGEST_PACK: Final = 2**24
LARGEST_TABLE: Final = 2**20

TABLE_HEAD: Final = 2**16
"""Bytes to read first: nearly always the whole table; `table_length` says whether more is needed."""

_MAGIC = 0x184D2A50
_MARK = b"RCNPACK1"
_START = struct.Struct("<II")
_HEAD = struct.Struct("<II8sI")
_BLOCK = struct.Struct("<II")
_CHUNK = struct.Struct("<I32s")


class Chunk(NamedTuple):
    """A piece of a stream: `id` is the SHA-256 of its plain bytes, `size` their number."""

    id: bytes
    size: int


class Block(NamedTuple):
    """Chunks that were compressed together: `stored` bytes from `at` on in the pack."""

    at: int
    stored: int
    chunks: tuple[Chunk, ...]

    @property
    def plain(self) -> int:
        return sum(chunk.size for chunk in self.chunks)

    @property
    def end(self) -> int:
        return self.at + self.stored


class Table(NamedTuple):
    """What a pack holds; `length` is the table's own, in bytes. A pack whose writer died may end before `end`."""

    blocks: tuple[Block, ...]
    length: int

    @property
    def end(self) -> int:
        """Bytes of the whole pack."""
        return self.blocks[-1].end if self.blocks else self.length

    def blocks_between(self, at: int, end: int) -> tuple[Block, ...]:
        """The blocks that make up exactly these bytes of the pack; raises Unreadable if none do."""
        first = bisect_left(self.blocks, at, key=attrgetter("at"))
        last = bisect_left(self.blocks, end, lo=first, key=attrgetter("at"))
        found = self.blocks[first:last]
        if not found or found[0].at != at or found[-1].end != end:
            raise Unreadable(f"no blocks of the pack begin at {at} and end at {end}")
        return found


def laid_out(blocks: Sequence[tuple[Sequence[Chunk], bytes]]) -> tuple[tuple[bytes, ...], Table]:
    """A pack of these blocks, each its chunks and the frame that `seal_block` made of them: its bytes, in pieces."""
    if not blocks:
        raise ValueError("a pack holds at least one block")
    length = table_size(len(blocks), sum(len(chunks) for chunks, _ in blocks))
    table = bytearray(_HEAD.pack(_MAGIC, length - _START.size, _MARK, len(blocks)))
    for chunks, frame in blocks:
        table += _BLOCK.pack(len(frame), len(chunks))
        for chunk in chunks:
            table += _CHUNK.pack(chunk.size, chunk.id)
    table += hashlib.sha256(table).digest()
    places = accumulate((len(frame) for _, frame in blocks), initial=length)
    laid = tuple(Block(at, len(frame), tuple(chunks)) for at, (chunks, frame) in zip(places, blocks, strict=False))
    if laid[-1].end > LARGEST_PACK or length > LARGEST_TABLE:
        raise ValueError(f"a pack of {laid[-1].end} bytes with a table of {length} is too large")
    return (bytes(table), *(frame for _, frame in blocks)), Table(laid, length)


def table_size(blocks: int, chunks: int) -> int:
    """Bytes of the table of a pack with so many blocks and chunks."""
    return _HEAD.size + _BLOCK.size * blocks + _CHUNK.size * chunks + 32


def table_length(start: bytes) -> int:
    """Bytes of the table that begins with these (8 suffice); raises Unreadable."""
    if len(start) < _START.size:
        raise Unreadable("the pack ends within its table")
    magic, rest = _START.unpack_from(start)
    length = int(rest) + _START.size
    if magic != _MAGIC or not table_size(1, 1) <= length <= LARGEST_TABLE:
        raise Unreadable("the pack does not begin with a table of this format")
    return length


def parse_table(head: bytes) -> Table:
    """The table at the beginning of a pack; raises Unreadable. Whether the blocks are there is another question."""
    length = table_length(head)
    if len(head) < length:
        raise Unreadable("the pack ends within its table")
    table = memoryview(head)[:length]
    if hashlib.sha256(table[:-32]).digest() != table[-32:]:
        raise Unreadable("the pack's table does not have the digest it ends with")
    _, _, mark, count = _HEAD.unpack_from(table)
    if mark != _MARK:
        raise Unreadable("the pack does not begin with a table of this format")
    return Table(tuple(_blocks(table[_HEAD.size : -32], count, at=length)), length)


def _blocks(entries: memoryview, count: int, *, at: int) -> Iterator[Block]:
    """No more is read than there is, whatever the counts say."""
    place = 0
    for _ in range(count):
        if len(entries) - place < _BLOCK.size:
            raise Unreadable("the pack's table has fewer entries than it states")
        stored, chunks = _BLOCK.unpack_from(entries, place)
        place += _BLOCK.size
        if len(entries) - place < chunks * _CHUNK.size:
            raise Unreadable("the pack's table has fewer entries than it states")
        end = place + chunks * _CHUNK.size
        block = Block(at, stored, tuple(Chunk(id, size) for size, id in _CHUNK.iter_unpack(entries[place:end])))  # noqa: A001
        place, at = end, block.end
        _check(block)
        yield block
    if place != len(entries):
        raise Unreadable("the pack's table has more entries than it states")


def _check(block: Block) -> None:
    if not block.stored or not block.chunks or block.end > LARGEST_PACK:
        raise Unreadable("a block of the pack is empty, or lies beyond what a pack may hold")
    if not all(0 < chunk.size <= LARGEST_CHUNK for chunk in block.chunks):
        raise Unreadable(f"a chunk is not of 1 to {LARGEST_CHUNK} bytes")
    if block.plain > LARGEST_BLOCK:
        raise Unreadable(f"a block is larger than {LARGEST_BLOCK} bytes")


def seal_block(chunks: Sequence[bytes]) -> bytes:
    """The frame that holds these chunks."""
    return frames.sealed(b"".join(chunks))


def open_block(block: Block, data: bytes) -> Iterator[bytes]:
    """The chunks of a block from its bytes in the pack, each checked against its id; raises Unreadable."""
    if len(data) != block.stored:
        raise Unreadable(f"a block of {block.stored} bytes has only {len(data)}")
    plain = frames.opened(data, size=block.plain)
    start = 0
    for chunk in block.chunks:
        piece = plain[start : start + chunk.size]
        if hashlib.sha256(piece).digest() != chunk.id:
            raise Unreadable(f"a chunk does not have the digest {chunk.id.hex()}")
        yield piece
        start += chunk.size
