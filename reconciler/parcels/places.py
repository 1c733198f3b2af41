"""Where chunks lie in the packs of one store: millions of them, some 56 bytes each.

A dict of ids would take four times as much; so the ids stand in one row of bytes, and a table of open addressing says
which row a chunk has. Rows are given out in the order in which chunks become known.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from reconciler.model.names import Digest
from reconciler.parcels.index import Index, PackUse, Run
from reconciler.parcels.packs import Chunk, Table

_ID = 32
_NO_PACK = 2**32 - 1


@dataclass(slots=True)
class Places:
    """The chunks of a store by id; of a chunk that lies in several places the first counts.

    `ids`, `sizes`, `blocks` (the number of the chunk's block) and `skips` (where it begins in the block's plain bytes)
    have a row for each chunk; `packs`, `ats`, `stored` and `plain` one for each block.
    """

    ids: bytearray = field(default_factory=bytearray)
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    blocks: "array[int]" = field(default_factory=lambda: array("I"))
    skips: "array[int]" = field(default_factory=lambda: array("I"))
    packs: "array[int]" = field(default_factory=lambda: array("I"))
    ats: "array[int]" = field(default_factory=lambda: array("I"))
    stored: "array[int]" = field(default_factory=lambda: array("I"))
    plain: "array[int]" = field(default_factory=lambda: array("I"))
    uses: list[PackUse] = field(default_factory=list)
    slots: "array[int]" = field(default_factory=lambda: array("I", bytes(4 * 1024)))

    def __len__(self) -> int:
        return len(self.sizes)

    def __contains__(self, chunk: Chunk) -> bool:
        return self.find(chunk) is not None

    def add(self, use: PackUse, table: Table) -> None:
        """A pack that lies in the store: its blocks that end within the bytes that count."""
        self.uses.append(use)
        for block in table.blocks:
            if block.end > use.bytes:
                break
            number = self.new_block()
            for chunk in block.chunks:
                self.put(chunk, block=number)
            self._settle(number, at=block.at, stored=block.stored)

    def find(self, chunk: Chunk) -> int | None:
        """The row of a chunk; None if it is in none of the packs, or one of them lies about its size."""
        row = self.slots[self._slot(chunk.id)] - 1
        return row if row >= 0 and self.sizes[row] == chunk.size else None

    def row(self, chunk: Chunk) -> int:
        """The row of a chunk that is there; raises KeyError if it is not."""
        row = self.find(chunk)
        if row is None:
            raise KeyError(chunk.id.hex())
        return row

    def new_block(self) -> int:
        """The number of a block whose place in a pack is told later, by `laid`."""
        self.packs.append(_NO_PACK)
        for column in (self.ats, self.stored, self.plain):
            column.append(0)
        return len(self.packs) - 1

    def put(self, chunk: Chunk, *, block: int) -> None:
        """The next chunk of a block."""
        skip = self.plain[block]
        self.plain[block] = skip + chunk.size
        slot = self._slot(chunk.id)
        row = self.slots[slot] - 1
        if row < 0:
            row = self._new_row(chunk.id, slot)
        elif self.sizes[row] == chunk.size:
            return
        self.sizes[row], self.blocks[row], self.skips[row] = chunk.size, block, skip

    def laid(self, use: PackUse, table: Table, blocks: Iterable[int]) -> None:
        """The pack in which these blocks were laid, in its order."""
        self.uses.append(use)
        for number, block in zip(blocks, table.blocks, strict=True):
            self._settle(number, at=block.at, stored=block.stored)

    def index(self, rows: Iterable[int], *, content: Digest, tar: int, listing: int) -> Index:
        """The index of the stream that these chunks make up."""
        runs = tuple(self.runs(rows))
        used = dict.fromkeys(run.pack for run in runs)
        by_id = {use.pack: use for use in self.uses if use.pack in used}
        return Index(content=content, tar=tar, listing=listing, packs=tuple(by_id[pack] for pack in used), runs=runs)

    def runs(self, rows: Iterable[int]) -> Iterator[Run]:
        """Chunks that lie one after the other, block after block, are one run."""
        first = last = -1
        skip = length = before = 0
        for row in rows:
            block, start = self.blocks[row], self.skips[row]
            if length and block != last and self._follows(block, last):
                at_end = before + self.plain[last]
                if start == 0 and skip + length == at_end:
                    before, last = at_end, block
            if length and block == last and before + start == skip + length:
                length += self.sizes[row]
                continue
            if length:
                yield self._run(first, last, skip, length)
            first = last = block
            skip, length, before = start, self.sizes[row], 0
        if length:
            yield self._run(first, last, skip, length)

    def _run(self, first: int, last: int, skip: int, length: int) -> Run:
        at = self.ats[first]
        pack = self.uses[self.packs[first]].pack
        return Run(pack, at, self.ats[last] + self.stored[last] - at, skip, length)

    def _follows(self, block: int, other: int) -> bool:
        return self.packs[block] == self.packs[other] and self.ats[block] == self.ats[other] + self.stored[other]

    def _settle(self, block: int, *, at: int, stored: int) -> None:
        self.packs[block] = len(self.uses) - 1
        self.ats[block] = at
        self.stored[block] = stored

    def _slot(self, id: bytes) -> int:  # noqa: A002
        """The slot where the chunk is, or where it would be put."""
        mask = len(self.slots) - 1
        slot = int.from_bytes(id[:8], "little") & mask
        while (row := self.slots[slot]) and self.ids[(row - 1) * _ID : row * _ID] != id:
            slot = (slot + 1) & mask
        return slot

    def _new_row(self, id: bytes, slot: int) -> int:  # noqa: A002
        self.ids += id
        for column in (self.sizes, self.blocks, self.skips):
            column.append(0)
        self.slots[slot] = len(self.sizes)
        if len(self.sizes) * 3 > len(self.slots) * 2:
            self._grow()
        return len(self.sizes) - 1

    def _grow(self) -> None:
        self.slots = array("I", bytes(8 * len(self.slots)))
        mask = len(self.slots) - 1
        for row in range(len(self.sizes)):
            slot = int.from_bytes(self.ids[row * _ID : row * _ID + 8], "little") & mask
            while self.slots[slot]:
                slot = (slot + 1) & mask
            self.slots[slot] = row + 1
