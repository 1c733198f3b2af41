"""From an index and the packs it names to a tree of files, every byte checked on the way, little of it held.

The content digest is the root of all trust: it fixes the listing, and the listing fixes each path, size and digest.
What the store says besides, in tables and headers, is only ever compared with that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from reconciler.parcels.index import Index, Run
from reconciler.parcels.listing_reading import read_listing
from reconciler.parcels.packs import TABLE_HEAD, Block, Table, open_block, parse_table, table_length
from reconciler.parcels.source_tree import Kind
from reconciler.parcels.store_names import pack_name
from reconciler.parcels.tar_reading import members
from reconciler.parcels.tree_writer import TreeWriter
from reconciler.parcels.unreadable import Unreadable

Read = Callable[[str, int, int], bytes]
"""(name in the store, offset, length) → bytes, fewer only at the end of the file; raises Unreadable if it is gone."""

Told = Callable[[int, str], None]
"""Bytes of files written so far, and the path that is being written."""

_TABLES, _BLOCKS = 64, 4
"""What is remembered of packs: a later revision's runs go to and fro between blocks of it and of earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What a listing makes: files, empty folders, and the bytes of the files together."""

    files: int
    folders: int
    bytes: int


def extent(index: Index, read: Read) -> Extent:
    """Read and check the listing alone; raises Unreadable."""
    files = folders = size = 0
    for entry in read_listing(_plain(index, read, index.tar, index.listing), index.content):
        folders += entry.kind is Kind.FOLDER
        files += entry.kind is not Kind.FOLDER
        size += entry.size
    if size > index.tar:
        raise Unreadable(f"the listing states {size} bytes, the archive has {index.tar}")
    return Extent(files=files, folders=folders, bytes=size)


def unpack(index: Index, read: Read, tree: TreeWriter, told: Told) -> None:
    """Write the whole tree, durable when this returns.

    Raises Unreadable for damage, naming the pack and the file that needs it, and OSError if it cannot be written.
    """
    entries = read_listing(_plain(index, read, index.tar, index.listing), index.content)
    done = 0
    for entry, content in members(_plain(index, read, 0, index.tar), entries):
        try:
            if entry.kind is Kind.FOLDER:
                tree.folder(entry.parts)
            else:
                counted = _counted(content, told, done, entry.path)
                tree.file(entry.parts, counted, executable=entry.kind is Kind.EXECUTABLE)
        except _Torn as fault:
            raise Unreadable(f"{fault}; {entry.path!r} needs it") from fault
        done += entry.size
    tree.finish()


def _counted(content: Iterator[memoryview], told: Told, done: int, path: str) -> Iterator[memoryview]:
    for piece in content:
        told(done, path)
        yield piece
        done += len(piece)


class _Torn(Unreadable):
    """A pack that does not hold what its table and the index say."""


def _plain(index: Index, read: Read, start: int, length: int) -> Iterator[bytes]:
    """`length` bytes of the stream from `start` on, in pieces of a chunk at most."""
    table = lru_cache(_TABLES)(partial(_table, read))
    chunks = lru_cache(_BLOCKS)(partial(_chunks, read))
    for run in index.runs:
        if start >= run.length:
            start -= run.length
            continue
        if not length:
            return
        taken = min(run.length - start, length)
        try:
            yield from _run(run, table(run.pack), chunks, run.skip + start, taken)
        except Unreadable as fault:
            raise _Torn(f"{pack_name(run.pack)}: {fault}") from fault
        start, length = 0, length - taken


def _table(read: Read, pack: str) -> Table:
    name = pack_name(pack)
    head = read(name, 0, TABLE_HEAD)
    length = table_length(head)
    if length > len(head):
        head += read(name, len(head), length - len(head))
    return parse_table(head)


def _chunks(read: Read, pack: str, block: Block) -> tuple[bytes, ...]:
    return tuple(open_block(block, read(pack_name(pack), block.at, block.stored)))


def _run(
    run: Run, table: Table, chunks: Callable[[str, Block], tuple[bytes, ...]], skip: int, length: int
) -> Iterator[bytes]:
    """`length` plain bytes of the run's blocks after the first `skip`; blocks that are not needed are not read."""
    for block in table.blocks_between(run.at, run.end):
        if skip >= block.plain:
            skip -= block.plain
            continue
        for chunk in chunks(run.pack, block):
            piece = chunk[skip : skip + length]
            skip = max(skip - len(chunk), 0)
            length -= len(piece)
            if piece:
                yield piece
            if not length:
                return
    raise Unreadable(f"it holds {length} bytes less than a run states")
