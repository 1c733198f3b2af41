"""A store of DE1 with revisions of one byte's difference in it, swept, and looked at as a reader at the site does."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.engine.collecting.collect import GRACE
from reconciler.engine.collecting.keeping import Wishes
from reconciler.engine.collecting.stock import Reader, Stock
from reconciler.engine.collecting.sweep import Sweep, Swept
from reconciler.engine.stores.opening import identity_at
from reconciler.engine.stores.store import Store
from reconciler.model.collection import Action
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import Digest, PackageName
from reconciler.model.sites import Address
from reconciler.parcels.index import index_bytes
from reconciler.parcels.records import Parcel, Record, parcel_bytes
from reconciler.parcels.removal import Removal, removal_bytes
from reconciler.parcels.store_names import pack_name, parcel_name, record_name
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from tests.builders import NOW
from tests.parcels.staging import Staged, put_in_store, record_of, staged_files

TILL = PackageName("till-4")
DAY = 86_400


def revision(letter: str) -> Staged:
    """A revision whose one file holds this letter; its pack has an id of its own."""
    pack = hashlib.sha256(letter.encode()).hexdigest()[:32]
    return staged_files({"till.txt": ("f", letter.encode() * 3000)}, pack=pack)


def content(letter: str) -> Digest:
    return revision(letter).index.content


def folder_of(package: str) -> str:
    return package.lower()


@dataclass
class Shop:
    """`wishes` are those of a site that keeps one earlier content, unless a test says otherwise."""

    path: Path
    wishes: Wishes = field(default_factory=Wishes)
    opened: Callable[[Address], Sender] = open_directory

    def send(self, number: int, letter: str, *, package: str = "till-4") -> Record:
        return put_in_store(self.path, revision(letter), number=number, package=package)

    def pack(self, number: int, letter: str, *, package: str = "till-4") -> None:
        """A parcel, as a depot or `adopt` enters it; its index is that of record 9`number`."""
        staged = revision(letter)
        index = index_bytes(staged.index)
        file = record_of(index, number=90 + number, content=staged.index.content).index
        parcel = Parcel(
            package=PackageName(package),
            number=number,
            content=staged.index.content,
            bytes=3000,
            index=file,
            packed_at=NOW,
        )
        files = {file.file: index, parcel_name(parcel.package, number): parcel_bytes(parcel), **staged.packs}
        for name, data in files.items():
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self.path / name).write_bytes(data)

    def prune(self, number: int) -> None:
        """What `prune` leaves: from this number on there is no record."""
        removal = Removal(package=TILL, site=self.store().identity.site, number=number, removed_at=NOW)
        (self.path / record_name(TILL, number)).write_bytes(removal_bytes(removal))

    def store(self) -> Store:
        sender = self.opened(Address(type="directory", path=str(self.path)))
        identity = identity_at(sender)
        assert identity is not None
        return Store(sender=sender, identity=identity)

    def sweep(
        self,
        *,
        at: int = NOW,
        grace: int = GRACE,
        in_use: Callable[[Stock], Collection[str]] = lambda _: (),
        write: bool = True,
    ) -> Swept:
        store = self.store()
        try:
            sweep = Sweep(
                reader=Reader(store, lambda: None),
                wishes=self.wishes,
                at=Instant(at),
                grace=Seconds(grace),
                in_use=in_use,
            )
            return sweep.run() if write else sweep.look()
        finally:
            store.sender.close()

    def files(self) -> list[str]:
        return sorted(str(file.relative_to(self.path)) for file in self.path.rglob("*") if file.is_file())

    def records(self, package: str = "till-4") -> list[int]:
        return sorted(int(file.stem) for file in (self.path / "records" / folder_of(package)).glob("*.json"))

    def parcels(self, package: str = "till-4") -> list[int]:
        return sorted(int(file.stem) for file in (self.path / "parcels" / folder_of(package)).glob("*.json"))

    def condemned(self) -> list[str]:
        return sorted(file.name for file in self.path.glob("condemned/*"))

    def holds(self, letter: str) -> bool:
        """Whether the pack of the revision is there, for a send too."""
        (name,) = revision(letter).packs
        return name in {pack_name(pack) for pack in self.store().packs()}

    def lies(self, letter: str) -> bool:
        (name,) = revision(letter).packs
        return (self.path / name).exists()

    def is_whole(self, package: str = "till-4") -> bool:
        """Whether the highest valid record is complete: its index as it says, every pack there at its size."""
        store = self.store()
        newest = store.recorded(PackageName(package)).newest
        assert newest is not None
        return all(
            (self.path / pack_name(use.pack)).stat().st_size >= use.bytes for use in store.index(newest.index).packs
        )


def names(swept: Swept, action: Action) -> list[str]:
    return [step.name for step in swept.steps if step.action is action]
