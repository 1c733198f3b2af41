"""What a process finds out once for all its sends: about parcels, and about packs that many sites hold."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from reconciler.engine.depots import Packed
from reconciler.engine.stores.store import Store
from reconciler.model.names import Digest
from reconciler.parcels.store_names import pack_name
from reconciler.parcels.travelling import Checked, wholly_needed
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Hostile, Missing

CHUNKS = 200_000
"""Chunk ids of packs that are remembered: some 30 MB."""

PARCELS = 256


@dataclass(slots=True)
class ParcelFacts:
    """Of one parcel: `whole` are the packs that it needs wholly, `checked` those that were read and found right."""

    whole: frozenset[str] | None = None
    checked: Checked = field(default_factory=Checked)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wholly_needed(self, packed: Packed) -> frozenset[str]:
        """The packs that may travel as they are."""
        with self.lock:
            if self.whole is None:
                self.whole = wholly_needed(packed.index, packed.table)
            return self.whole


class Knowledge:
    """Shared by the threads of a process. What it says of packs at sites are hints, by the packs' ids.

    A hint that is wrong costs a send its short way, or sends a chunk that was there: never more.
    """

    def __init__(self) -> None:
        self._parcels: OrderedDict[Digest, ParcelFacts] = OrderedDict()
        self._packs: OrderedDict[tuple[str, int], frozenset[bytes]] = OrderedDict()
        self._chunks = 0
        self._lock = threading.Lock()

    def of(self, packed: Packed) -> ParcelFacts:
        """What is known of a parcel."""
        with self._lock:
            facts = self._parcels.setdefault(packed.parcel.index.digest, ParcelFacts())
            self._parcels.move_to_end(packed.parcel.index.digest)
            if len(self._parcels) > PARCELS:
                self._parcels.popitem(last=False)
            return facts

    def chunks(self, store: Store, pack: str, size: int) -> frozenset[bytes]:
        """The ids of the chunks of a pack; none of one that cannot be understood."""
        key = pack, size
        with self._lock:
            if key in self._packs:
                self._packs.move_to_end(key)
                return self._packs[key]
        try:
            table = store.table_of(pack_name(pack))
        except (Unreadable, Missing, Hostile):
            return frozenset()
        ids = frozenset(chunk.id for block in table.blocks for chunk in block.chunks)
        with self._lock:
            if key not in self._packs:
                self._chunks += len(ids)
            self._packs[key] = ids
            while self._chunks > CHUNKS and len(self._packs) > 1:
                self._chunks -= len(self._packs.popitem(last=False)[1])
        return ids
