"""Bytes at a store, read again and compared: only what was read counts as there (sending.md 6)."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.engine.stores.store import Store
from reconciler.parcels.index import Index, PackUse, Sha256
from reconciler.parcels.packs import Block, Table, open_block
from reconciler.parcels.store_names import pack_name
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing, Sender

TWICE = 2
"""Readings before a pack is called damaged (sending.md 6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """A file of blocks as far as it is whole: so many bytes from its beginning, their SHA-256, and what they hold."""

    length: int
    digest: Sha256
    table: Table

    def as_pack(self, pack: str) -> PackUse:
        return PackUse(pack, self.length, self.digest)


def read_back(store: Store, name: str) -> ReadBack | None:
    """The blocks of a pack, or of a part that an attempt left, each chunk checked; None if not even one is whole."""
    try:
        table = store.table_of(name)
        head = store.sender.read(name, length=table.length)
    except (Unreadable, Missing, Hostile):
        return None
    digest = hashlib.sha256(head)
    whole: list[Block] = []
    for block in table.blocks:
        try:
            data = store.sender.read(name, offset=block.at, length=block.stored)
            for _ in open_block(block, data):
                pass
        except (Unreadable, Missing, Hostile):
            break
        digest.update(data)
        whole.append(block)
    if not whole:
        return None
    return ReadBack(length=whole[-1].end, digest=digest.digest(), table=Table(tuple(whole), table.length))


def is_lasting(sender: Sender, name: str, found: ReadBack) -> bool:
    """Whether what was read is there for good: flushed now, as whoever wrote it may not have lived to, and read again.

    After a flush that failed a file's bytes may be right in memory alone (reliability.md 5): they are not here.
    """
    return _reads_as(sender, name, length=found.length, digest=found.digest)


def failing(sender: Sender, uses: Iterable[PackUse]) -> PackUse | None:
    """The first pack whose bytes are not those that an index states, None if all are; each is read twice to be sure.

    A pack that cannot be read raises StoreFault: that is not known to be damaged (sending.md 6).
    """
    for use in uses:
        if not any(_reads_as(sender, pack_name(use.pack), length=use.bytes, digest=use.digest) for _ in range(TWICE)):
            return use
    return None


def reading(sender: Sender) -> Callable[[str, int, int], bytes]:
    """How an index's packs are read where one that is gone is as good as one that cannot be understood."""

    def read(name: str, offset: int, length: int) -> bytes:
        try:
            return sender.read(name, offset=offset, length=length)
        except Missing:
            raise Unreadable("it is not there") from None
        except Hostile as fault:
            raise Unreadable(str(fault)) from None

    return read


def absent(sizes: Mapping[str, int], index: Index) -> PackUse | None:
    """The first pack of an index that is not there, or shorter than it must be."""
    return next((use for use in index.packs if sizes.get(use.pack, 0) < use.bytes), None)


def _reads_as(sender: Sender, name: str, *, length: int, digest: Sha256) -> bool:
    try:
        return sender.digest(name, length=length) == digest
    except (Missing, Hostile):
        return False
