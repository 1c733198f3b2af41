"""What travels to a site: of a parcel in the depot, each chunk that no pack at the site holds, once (L19, L36).

A pack of the depot of which everything is wanted goes as it is, and so does such a block; of other blocks the wanted
chunks are taken out and sealed anew. Nothing leaves that was not checked here against its digest (L17).
"""

import hashlib
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from reconciler.parcels.filling import Filling, Gathering, LooseBlock, NewPack
from reconciler.parcels.index import Index, PackUse
from reconciler.parcels.packs import (
    LARGEST_PACK,
    Block,
    Chunk,
    Table,
    open_block,
    seal_block,
    table_size,
)
from reconciler.parcels.places import Places
from reconciler.parcels.store_names import new_id
from reconciler.parcels.unreadable import Unreadable

_PIECE = 2**20

_TABLES = 16
"""Tables of packs that are remembered; a later revision's runs go to and fro between those of earlier ones."""


class Portion(NamedTuple):
    """The chunks of one block that come next in a stream."""

    pack: str
    block: Block
    chunks: slice


def portions(index: Index, table_of: Callable[[str], Table]) -> Iterator[Portion]:
    """An index, block by block; raises Unreadable if a run does not begin and end at chunks."""
    for run in index.runs:
        blocks = table_of(run.pack).blocks_between(run.at, run.end)
        start, end = run.skip, run.skip + run.length
        for block in blocks:
            cuts = [0]
            for chunk in block.chunks:
                cuts.append(cuts[-1] + chunk.size)
            first, last = max(start, 0), min(end, cuts[-1])
            if first not in cuts or last not in cuts or first >= last:
                raise Unreadable(f"a run of pack {run.pack} does not begin and end at chunks")
            yield Portion(run.pack, block, slice(cuts.index(first), cuts.index(last)))
            start, end = start - cuts[-1], end - cuts[-1]
        if end > 0:
            raise Unreadable(f"a run of pack {run.pack} ends beyond its blocks")


def wholly_needed(index: Index, table_of: Callable[[str], Table]) -> frozenset[str]:
    """The packs of which a stream needs every chunk, none of them twice over: they may travel as they are."""
    needed = _needed(index, table_of)
    return frozenset(use.pack for use in index.packs if _needs_all(use, table_of(use.pack), needed))


Read = Callable[[str, int, int], bytes]
"""Bytes of a pack in the depot: pack, offset, length."""


@dataclass(slots=True)
class Checked:
    """The packs of a depot that a process has read and found right: each once, however many sends wait for it.

    What spoils a pack afterwards is found by reading back.
    """

    found: set[PackUse] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def require(self, use: PackUse, read: Read) -> None:
        """Raise Unreadable if the pack's bytes are not those that its index states (L17)."""
        with self.lock:
            if use in self.found:
                return
            digest = hashlib.sha256()
            for piece in _pieces(use, read):
                digest.update(piece)
            if digest.digest() != use.digest:
                raise _other_than_stated(use)
            self.found.add(use)


def whole_pack(use: PackUse, read: Read, checked: Checked) -> Iterator[bytes]:
    """The bytes of a pack in the depot, checked before the first of them; raises Unreadable."""
    checked.require(use, read)
    return _pieces(use, read)


def _pieces(use: PackUse, read: Read) -> Iterator[bytes]:
    for start in range(0, use.bytes, _PIECE):
        wanted = min(_PIECE, use.bytes - start)
        piece = read(use.pack, start, wanted)
        if len(piece) != wanted:
            raise _other_than_stated(use)
        yield piece


def _other_than_stated(use: PackUse) -> Unreadable:
    return Unreadable(f"pack {use.pack} does not have the digest that its index states")


Needed = dict[tuple[str, int], bytearray]
"""By pack and place of a block: a byte for each of its chunks, 1 if the stream consists of it."""


def _needed(index: Index, table_of: Callable[[str], Table]) -> Needed:
    needed: Needed = {}
    for pack, block, chunks in portions(index, table_of):
        flags = needed.setdefault((pack, block.at), bytearray(len(block.chunks)))
        flags[chunks] = b"\1" * (chunks.stop - chunks.start)
    return needed


def _needs_all(use: PackUse, table: Table, needed: Needed) -> bool:
    return table.end == use.bytes and all(all(needed.get((use.pack, block.at), b"\0")) for block in table.blocks)


@dataclass(slots=True, kw_only=True)
class Travel:
    """One parcel's way to one site.

    `table_of` gives the tables of the depot's packs and `read` their bytes. `site` is what the site holds, what dead
    attempts left there included; it learns what goes there, and is of no use if that does not arrive. No pack is made
    larger than `largest`, unless by a single chunk, so that one is soon over a slow link.
    `checked` are the packs of the depot that this process has read and found right; it learns of more.
    """

    index: Index
    table_of: Callable[[str], Table]
    read: Read
    site: Places
    largest: int = LARGEST_PACK
    checked: Checked = field(default_factory=Checked)
    rows: "array[int]" = field(default_factory=lambda: array("I"))
    gathering: Gathering = field(init=False)
    filling: Filling = field(init=False)

    def __post_init__(self) -> None:
        self.table_of = lru_cache(_TABLES)(self.table_of)
        self.gathering = Gathering(places=self.site)
        self.gathering.largest = min(self.gathering.largest, self.largest // 4)
        self.filling = Filling(places=self.site, name=lambda _: new_id(), largest=self.largest)

    def packs(self) -> Iterator[NewPack]:
        """What travels, in the order of the stream; nothing if the site holds everything. Raises Unreadable."""
        needed = _needed(self.index, self.table_of)
        uses = {use.pack: use for use in self.index.packs}
        for portion in portions(self.index, self.table_of):
            use = uses.pop(portion.pack, None)
            if use is not None and self._is_whole(use, needed):
                yield self._whole(use)
            yield from self._portion(portion, needed)
        yield from self._seal(self.gathering.close())
        yield from _if_any(self.filling.close())

    def site_index(self) -> Index:
        """The same stream from the packs at the site, once all of `packs` was taken."""
        index = self.index
        return self.site.index(self.rows, content=index.content, tar=index.tar, listing=index.listing)

    def missing(self) -> int:
        """Bytes that will travel at most, before anything does: what the site must have room for (L20)."""
        total = 0
        for _, block, part in portions(self.index, self.table_of):
            plain = sum(chunk.size for chunk in block.chunks[part] if chunk not in self.site)
            total += block.stored if plain == block.plain else min(plain, block.stored)
        return total

    def _is_whole(self, use: PackUse, needed: Needed) -> bool:
        table = self.table_of(use.pack)
        return (
            use.bytes <= self.largest
            and _needs_all(use, table, needed)
            and self._is_new([chunk for block in table.blocks for chunk in block.chunks])
        )

    def _is_new(self, chunks: "list[Chunk] | tuple[Chunk, ...]") -> bool:
        """Nothing of it is at the site, and nothing comes twice."""
        return len({chunk.id for chunk in chunks}) == len(chunks) and not any(chunk in self.site for chunk in chunks)

    def _whole(self, use: PackUse) -> NewPack:
        pieces = whole_pack(use, self.read, self.checked)
        pack = NewPack(use=PackUse(new_id(), use.bytes, use.digest), pieces=pieces, table=self.table_of(use.pack))
        self.site.add(pack.use, pack.table)
        return pack

    def _portion(self, portion: Portion, needed: Needed) -> Iterator[NewPack]:
        pack, block, part = portion
        chunks = block.chunks[part]
        if not all(chunk in self.site for chunk in chunks):
            data = self.read(pack, block.at, block.stored)
            opened = list(open_block(block, data))
            fits = table_size(1, len(block.chunks)) + block.stored <= self.largest
            if fits and all(needed[pack, block.at]) and self._is_new(block.chunks):
                yield from self._seal(self.gathering.close())
                number = self.site.new_block()
                for chunk in block.chunks:
                    self.site.put(chunk, block=number)
                yield from _if_any(self.filling.add(number, block.chunks, data))
            else:
                for chunk, plain in zip(chunks, opened[part], strict=True):
                    if chunk not in self.site:
                        yield from self._seal(self.gathering.add(chunk, plain))
        self.rows.extend(map(self.site.row, chunks))

    def _seal(self, block: LooseBlock | None) -> Iterator[NewPack]:
        """Lay down a block that was sealed anew."""
        if block is not None:
            yield from _if_any(self.filling.add(block.number, block.chunks, seal_block(block.plain)))


def _if_any(pack: NewPack | None) -> Iterator[NewPack]:
    if pack is not None:
        yield pack
