"""Chunks gathered to blocks, blocks to packs, each closed before it becomes too large."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from reconciler.parcels.index import PackUse
from reconciler.parcels.packs import LARGEST_BLOCK, LARGEST_PACK, LARGEST_TABLE, Chunk, Table, laid_out, table_size
from reconciler.parcels.places import Places

_FULL = LARGEST_BLOCK - 2**15
"""Four blocks of what does not compress fill a pack, with room for its table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseBlock:
    """Chunks that will be one block: its number in `Places`, and their plain bytes."""

    number: int
    chunks: list[Chunk]
    plain: list[bytes]


@dataclass(slots=True, kw_only=True)
class Gathering:
    """`places` learns of each chunk as it comes; where its block lies is told later, by `Filling`."""

    places: Places
    largest: int = _FULL
    block: LooseBlock | None = None
    size: int = 0

    def add(self, chunk: Chunk, plain: bytes) -> LooseBlock | None:
        """Add a chunk; the block before it if that is complete because this one does not fit."""
        complete = self.close() if self.size + chunk.size > self.largest else None
        if self.block is None:
            self.block = LooseBlock(number=self.places.new_block(), chunks=[], plain=[])
        self.block.chunks.append(chunk)
        self.block.plain.append(plain)
        self.size += chunk.size
        self.places.put(chunk, block=self.block.number)
        return complete

    def close(self) -> LooseBlock | None:
        """The block of what was added since the last one; None if that is nothing."""
        block, self.block, self.size = self.block, None, 0
        return block


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPack:
    """A pack that is complete: what is written, in pieces that can be taken once, and what it holds."""

    use: PackUse
    pieces: Iterable[bytes]
    table: Table


@dataclass(slots=True, kw_only=True)
class Filling:
    """`places` learns where each block came to lie; `name` gives a complete pack its id."""

    places: Places
    name: Callable[[Sequence[bytes]], str]
    largest: int = LARGEST_PACK
    numbers: list[int] = field(default_factory=list)
    blocks: list[tuple[Sequence[Chunk], bytes]] = field(default_factory=list)
    stored: int = 0
    chunks: int = 0

    def add(self, number: int, chunks: Sequence[Chunk], frame: bytes) -> NewPack | None:
        """Add a block; the pack before it if that is complete because this one does not fit."""
        table = table_size(len(self.blocks) + 1, self.chunks + len(chunks))
        full = table > LARGEST_TABLE or table + self.stored + len(frame) > self.largest
        complete = self.close() if full else None
        self.numbers.append(number)
        self.blocks.append((chunks, frame))
        self.stored += len(frame)
        self.chunks += len(chunks)
        return complete

    def close(self) -> NewPack | None:
        """The pack of what was added since the last one; None if that is nothing."""
        if not self.blocks:
            return None
        pieces, table = laid_out(self.blocks)
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        use = PackUse(self.name(pieces), table.end, digest.digest())
        self.places.laid(use, table, self.numbers)
        self.numbers, self.blocks, self.stored, self.chunks = [], [], 0, 0
        return NewPack(use=use, pieces=pieces, table=table)
