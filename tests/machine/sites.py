"""The stores, what befalls them, and what somebody who reads them sees."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.names import SiteName
from reconciler.model.sites import Address
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StateId, StoreFault, StoreId, StoreIdentity
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.store_names import IDENTITY
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from tests.end_to_end.onlooker import Usable, check, usable

from .lockstep import Gated

DOWN = StoreFault(Cause.NETWORK, "no route to host")


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@dataclass
class Place:
    """The store of one site. `away` is where it lies while something else is at its address.

    `touched`: somebody damaged what is there, and no look has gone over all of it since; `doubtful` are the records of
    then, as far as no look has found them whole. `highest` is the highest number that a reader has seen of each package
    since then, `read` the records that were read whole. `harmed`: it was touched once.
    """

    root: Path
    away: Path
    down: bool = False
    full: bool = False
    touched: bool = False
    harmed: bool = False
    foreign: dict[str, bytes] | None = None
    doubtful: set[tuple[str, int]] = field(default_factory=set)
    highest: dict[str, int] = field(default_factory=dict)
    read: dict[tuple[str, int], bytes] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        return self.root if self.foreign is None else self.away

    def records(self) -> dict[str, Usable]:
        """What a reader at the site takes for usable, by package."""
        return {found.package: found for found in usable(self.store).values()}

    def displace(self, other: StoreIdentity | None) -> None:
        """Unmount the store, or put another in its place."""
        os.rename(self.root, self.away)
        self.root.mkdir()
        if other is not None:
            (self.root / IDENTITY).write_bytes(identity_bytes(other))
        self.foreign = tree(self.root)

    def restore(self) -> None:
        if self.foreign is not None:
            self.require_foreign_untouched()
            shutil.rmtree(self.root)
            os.rename(self.away, self.root)
            self.foreign = None

    def require_foreign_untouched(self) -> None:
        """L37: nothing is written where another store is, or none."""
        if self.foreign is not None:
            assert tree(self.root) == self.foreign
            assert [path for path in self.root.rglob("*") if path.is_dir()] == []

    def require_whole(self) -> None:
        """R3, R5: what a reader takes is complete, never changes, and has a number that never falls."""
        for name, found in self.records().items():
            assert found.number >= self.highest.get(name, 0), f"R5: {name} fell to {found.number}"
            self.highest[name] = found.number
            if (name, found.number) not in self.doubtful and (name, found.number) not in self.read:
                check(self.store, found)
            path = self.store / "records" / name / f"{found.number:012}.json"
            data = path.read_bytes()
            assert self.read.setdefault((name, found.number), data) == data, "a record was overwritten"

    def touch(self) -> None:
        self.touched = self.harmed = True
        self.doubt(whole=set())
        self.highest.clear()
        self.read.clear()

    def looked_over(self, whole: set[tuple[str, int]]) -> None:
        """Somebody has read everything, and says which records are whole."""
        self.touched = False
        self.doubt(whole=whole)

    def doubt(self, *, whole: set[tuple[str, int]]) -> None:
        self.doubtful = {(path.parent.name, int(path.stem)) for path in self.record_files()} - whole

    def packs(self) -> list[Path]:
        """By what is in them: their names are drawn, and a run must be the same each time."""
        return sorted(self.store.glob("packs/*"), key=lambda path: path.read_bytes())

    def record_files(self) -> list[Path]:
        return sorted(self.store.glob("records/*/*"))


class Places:
    """All stores, and the way to them."""

    def __init__(self, root: Path, names: tuple[str, ...]) -> None:
        self._by_path: dict[str, Place] = {}
        for name in names:
            (root / name).mkdir(parents=True)
            self._by_path[str(root / name)] = Place(root / name, root / f"{name}.away")
        self._root = root

    def __getitem__(self, name: str) -> Place:
        return self._by_path[str(self._root / name)]

    def __iter__(self) -> Iterator[Place]:
        return iter(self._by_path.values())

    def open(self, address: Address) -> Sender:
        place = self._by_path.get(address.path)
        if place is None:
            return open_directory(address)
        if place.down:
            raise DOWN
        return Gated(open_directory(address), fault=lambda: DOWN if place.down else None, full=lambda: place.full)


def others(name: str, state: StateId) -> tuple[StoreIdentity | None, ...]:
    """What may be found where a store should be: nothing, another state's, another site's, another one of ours."""
    store = StoreId("9" * 32)
    return (
        None,
        StoreIdentity(site=SiteName(name), store=store, state=StateId("8" * 32)),
        StoreIdentity(site=SiteName("Z"), store=store, state=state),
        StoreIdentity(site=SiteName(name), store=store, state=state),
    )


def damage(path: Path, how: str) -> None:
    """By somebody who may do anything to a file at the site, but not what its name is."""
    data = path.read_bytes()
    path.chmod(0o600)
    match how:
        case "remove":
            path.unlink()
        case "truncate":
            path.write_bytes(data[: len(data) // 2])
        case "flip":
            middle = len(data) // 2
            path.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
