"""From what lies in a store, and what is wanted of it, to what nothing refers to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from reconciler.engine.collecting.keeping import (
    Wishes,
    dropped_adoptions,
    dropped_parcels,
    dropped_records,
)
from reconciler.engine.collecting.stock import Filed, Reader, Shelf, Stock
from reconciler.model.collection import Action, Step
from reconciler.model.instants import Instant, Seconds
from reconciler.parcels.records import IndexFile, Parcel, Record
from reconciler.parcels.store_names import CONDEMNED, pack_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """It lies condemned since then."""

    name: str
    bytes: int
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The steps in the order in which they are done. With anything `unsure`, no pack and no index is touched."""

    steps: tuple[Step, ...]
    waiting: tuple[Waiting, ...]
    unsure: tuple[str, ...]


def find(
    stock: Stock,
    reader: Reader,
    wishes: Wishes,
    *,
    at: Instant,
    grace: Seconds,
    in_use: Collection[str] = (),
    stays: Collection[str] = (),
) -> Finding:
    """What is to be done. `in_use` are folders beneath `parts`; what `stays` could not be removed, so it counts."""
    finder = _Finder(stock=stock, reader=reader, wishes=wishes, stays=stays)
    dropped = [file for shelf in stock.shelves for file in finder.dropped(shelf)]
    names = {file.name for file in dropped} - set(stays)
    finder.refer(names)
    removals = [Step(action=Action.REMOVE, name=file.name, bytes=file.bytes) for file in dropped]
    kept = finder.referred.union(in_use)
    left = {name: size for name, size in (*stock.files.items(), *stock.parts.items()) if name not in kept}
    if finder.unsure:
        left = {name: size for name, size in left.items() if name in stock.parts}
    steps, waiting = _by_mark(stock, left, kept, at=at, grace=grace)
    return Finding(steps=(*removals, *steps), waiting=tuple(waiting), unsure=tuple(finder.unsure))


@dataclass(slots=True, kw_only=True)
class _Finder:
    stock: Stock
    reader: Reader
    wishes: Wishes
    stays: Collection[str]
    referred: set[str] = field(default_factory=set)
    unsure: list[str] = field(default_factory=list)

    def dropped(self, shelf: Shelf) -> Iterator[Filed]:
        """Records before parcels: an adopted parcel stays until a record takes its place."""
        wishes, folder = self.wishes, shelf.folder
        wanted = wishes.wanted.get(folder, frozenset())
        records = dropped_records(shelf.records, self.is_whole, keep=wishes.keep, wanted=wanted)
        yield from records
        recorded = {
            file.says.revision.content
            for file in shelf.records
            if isinstance(file.says, Record) and file not in records and self.is_whole(file.says.index)
        }
        if folder in wishes.packed:
            yield from dropped_parcels(shelf.parcels, self.is_whole, wishes.packed[folder])
        elif folder in wishes.declared:
            yield from dropped_adoptions(shelf.parcels, self.is_whole, recorded=recorded)

    def is_whole(self, file: IndexFile) -> bool:
        """What is condemned counts: the mark is lifted if it is kept."""
        uses = self.reader.uses(file)
        return uses is not None and all(self.stock.files.get(pack_name(use.pack), 0) >= use.bytes for use in uses)

    def refer(self, dropped: Collection[str]) -> None:
        """Everything that what is not dropped needs; every package counts, as chunks are shared (L41)."""
        self.referred |= self.stock.written
        for shelf in self.stock.shelves:
            if shelf.records and shelf.records[-1].says is None:
                self.unsure.append(f"{shelf.records[-1].name} cannot be understood")
            for file in (*shelf.records, *shelf.parcels):
                if file.name not in dropped and isinstance(file.says, Record | Parcel):
                    self._refer(file.says.index, current=file is (shelf.records or (None,))[-1], by=file.name)

    def _refer(self, file: IndexFile, *, current: bool, by: str) -> None:
        self.referred.add(file.file)
        uses = self.reader.uses(file)
        if uses is None and current:
            self.unsure.append(f"{file.file}, which {by} names, cannot be understood")
        self.referred.update(pack_name(use.pack) for use in uses or ())


def _by_mark(
    stock: Stock, left: dict[str, int], kept: Collection[str], *, at: Instant, grace: Seconds
) -> tuple[list[Step], list[Waiting]]:
    """Condemn, wait, delete; a mark on what is referred to, or gone, or that makes no sense, is lifted."""
    steps, waiting = [], []
    names = {name.rpartition("/")[2]: name for name in (*stock.files, *stock.parts)}
    for mark, since in sorted(stock.marks.items()):
        name = names.get(mark)
        if name is None or name in kept or since is None or since > at:
            steps.append(Step(action=Action.LIFT, name=f"{CONDEMNED}/{mark}", bytes=0))
        elif name in left and since <= at - grace:
            steps.append(Step(action=Action.DELETE, name=name, bytes=left[name]))
        elif name in left:
            waiting.append(Waiting(name=name, bytes=left[name], since=since))
    marked = {names[mark] for mark in stock.marks if mark in names}
    steps += [
        Step(action=Action.CONDEMN, name=name, bytes=size) for name, size in sorted(left.items()) if name not in marked
    ]
    order = list(Action)
    return sorted(steps, key=lambda step: order.index(step.action)), waiting
