"""Everything of ours that lies in a store, listed in one look; what it says is read once (records never change)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from reconciler.engine.stores.store import LARGEST_RECORD, Store
from reconciler.model.instants import Instant
from reconciler.parcels.index import PackUse
from reconciler.parcels.records import IndexFile, Parcel, Record, parse_parcel, parse_record
from reconciler.parcels.removal import Removal, parse_condemned, parse_removal
from reconciler.parcels.store_names import (
    CONDEMNED,
    FOLDER,
    INDEXES,
    PACKS,
    PARCELS,
    PARTS,
    RECORDS,
    attempt_folder,
    index_id,
    is_id,
    number_of,
    pack_id,
    package_folder,
)
from reconciler.parcels.unreadable import Unreadable
from reconciler.senders.protocol import Entry, Hostile, Missing

T = TypeVar("T")
Still = Callable[[], None]
"""Called before each step; raises if the store must be left alone from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A file in a package's folder; `says` is None if it cannot be understood."""

    name: str
    number: int
    bytes: int
    says: Record | Removal | Parcel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What lies there of one package, lowest number first."""

    folder: str
    records: tuple[Filed, ...]
    parcels: tuple[Filed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """`files` are packs and indexes with their bytes, `marks` since when what bears a mark is condemned.

    `parts` are the folders of attempts and what a `create` that died left, with their bytes; `written` are the packs
    whose parts lie there still: somebody may be about to refer to them. A mark that cannot be understood has no time.
    """

    shelves: tuple[Shelf, ...]
    files: Mapping[str, int]
    marks: Mapping[str, Instant | None]
    parts: Mapping[str, int]
    written: frozenset[str]

    @property
    def filed(self) -> Iterator[str]:
        """The names of all records and parcels."""
        return (file.name for shelf in self.shelves for file in (*shelf.records, *shelf.parcels))


@dataclass(slots=True)
class Reader:
    """Reads one store again and again. All raise StoreFault; what cannot be understood does not."""

    store: Store
    still: Still
    _said: dict[str, Record | Removal | Parcel | None] = field(default_factory=dict)
    _uses: dict[IndexFile, tuple[PackUse, ...] | None] = field(default_factory=dict)

    def stock(self) -> Stock:
        """What lies there now. Packs and indexes are listed first: what is published later is not taken for left."""
        files = dict(self._files())
        marks = {entry.name: self._since(entry) for entry in self._entries(CONDEMNED) if entry.is_file}
        parts, written = self._parts()
        records, parcels = dict(self._filed(RECORDS, _record)), dict(self._filed(PARCELS, _parcel))
        return Stock(
            shelves=tuple(
                Shelf(folder=folder, records=records.get(folder, ()), parcels=parcels.get(folder, ()))
                for folder in sorted(records.keys() | parcels.keys())
            ),
            files=files,
            marks=marks,
            parts=parts,
            written=frozenset(written),
        )

    def uses(self, file: IndexFile) -> tuple[PackUse, ...] | None:
        """The packs that an index names; None if it is not there, or not what the record says."""
        if file not in self._uses:
            self.still()
            try:
                self._uses[file] = self.store.index(file).packs
            except (Unreadable, Missing, Hostile):
                self._uses[file] = None
        return self._uses[file]

    def _files(self) -> Iterator[tuple[str, int]]:
        for folder, id_of in ((PACKS, pack_id), (INDEXES, index_id)):
            for entry in self._entries(folder):
                if entry.is_file and id_of(entry.name) is not None:
                    yield f"{folder}/{entry.name}", entry.size

    def _parts(self) -> tuple[dict[str, int], set[str]]:
        sizes: dict[str, int] = {}
        written: set[str] = set()
        for entry in self._entries(PARTS):
            if not is_id(entry.name):
                continue
            name = attempt_folder(entry.name)
            if entry.is_file:
                sizes[name] = entry.size
            elif entry.is_folder:
                within = [part for part in self._entries(name) if part.is_file]
                sizes[name] = sum(part.size for part in within)
                written.update(f"{PACKS}/{part.name}.pack" for part in within)
        return sizes, written

    def _filed(
        self, folder: str, parse: Callable[[bytes], Record | Removal | Parcel]
    ) -> Iterator[tuple[str, tuple[Filed, ...]]]:
        for package in self._entries(folder):
            if package.is_folder and FOLDER.fullmatch(package.name):
                found = [
                    self._one(f"{folder}/{package.name}/{entry.name}", entry, package.name, number, parse)
                    for entry in self._entries(f"{folder}/{package.name}")
                    if entry.is_file and (number := number_of(entry.name)) is not None
                ]
                yield package.name, tuple(sorted(found, key=lambda one: one.number))

    def _one(
        self, name: str, entry: Entry, folder: str, number: int, parse: Callable[[bytes], Record | Removal | Parcel]
    ) -> Filed:
        if name not in self._said:
            said = self._parsed(name, parse)
            true = said is not None and (package_folder(said.package), said.number) == (folder, number)
            other_site = isinstance(said, Record | Removal) and said.site != self.store.identity.site
            self._said[name] = said if true and not other_site else None
        return Filed(name=name, number=number, bytes=entry.size, says=self._said[name])

    def _since(self, entry: Entry) -> Instant | None:
        return self._parsed(f"{CONDEMNED}/{entry.name}", parse_condemned)

    def _parsed(self, name: str, parse: Callable[[bytes], T]) -> T | None:
        self.still()
        try:
            return parse(self.store.sender.read(name, length=LARGEST_RECORD))
        except (Unreadable, Missing, Hostile):
            return None

    def _entries(self, folder: str) -> Iterator[Entry]:
        self.still()
        try:
            yield from self.store.sender.entries(folder)
        except Hostile:
            return  # It is told among the strangers, where it lies.


def _record(data: bytes) -> Record | Removal:
    try:
        return parse_record(data)
    except Unreadable:
        return parse_removal(data)


def _parcel(data: bytes) -> Parcel:
    return parse_parcel(data)
