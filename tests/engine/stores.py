"""Stores of DE1 on disk, a state that knows what was proved there, and looks at them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.engine.verifying.verify import Means, verify
from reconciler.model.diagnostics import Where
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Holding, Receipt
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.sites import Address, Site, SiteType
from reconciler.model.stores import StoreId, StoreIdentity
from reconciler.model.verification import PairLook, SiteLook
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.records import Record
from reconciler.parcels.store_names import IDENTITY
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author
from tests.builders import NOW
from tests.parcels.staging import TILL, Staged, put_in_store, staged_files
from tests.senders.faulty import Faulty, Trip

DE1, TILL_4 = SiteName("DE1"), PackageName("till-4")
STORE = StoreId("5" * 32)
YOU = Author(actor="you", at=NOW)

Opened = Callable[[Address], Sender]


def site(path: Path, name: str = "DE1", **fields: object) -> Site:
    return Site(
        name=SiteName(name),
        type=SiteType.PRIMARY,
        parent=None,
        where=Where("sites.yaml"),
        labels={},
        domains={},
        address=Address(type="directory", path=str(path)),
        **fields,  # type: ignore[arg-type]  # what a test says of it
    )


def fleet_of(*sites: Site) -> Fleet:
    return Fleet(sites=tuple(sorted(sites, key=lambda one: one.name)), packages=(), jobs=(), digest="")


@dataclass
class World:
    """The store of DE1 in a folder, and the state. `stage` is what a send leaves at the site, `prove` its receipt."""

    path: Path
    state: MemoryState = field(default_factory=MemoryState)

    def stage(self, number: int = 1, *, package: str = "till-4", staged: Staged | None = None) -> Record:
        record = put_in_store(self.path, staged or staged_files(TILL), number=number, package=package)
        self.identify()
        return record

    def identify(self, *, store: StoreId = STORE, site: str = "DE1", state: str = "") -> None:
        found = StoreIdentity(site=SiteName(site), store=store, state=state or self.state.identity)  # type: ignore[arg-type]
        (self.path / IDENTITY).write_bytes(identity_bytes(found))

    def prove(self, record: Record, *, at: Instant = NOW) -> None:
        self.state.receive(
            Receipt(
                package=record.package,
                site=DE1,
                number=record.number,
                held=record.held,
                verified_at=at,
                verifier="worker",
                proof="read-back",
            ),
            YOU,
        )
        self.state.pin_store(DE1, STORE, YOU)

    def look(
        self,
        *,
        at: int = NOW,
        deep: bool = False,
        opened: Opened = open_directory,
        write: bool = True,
        **fields: object,
    ) -> SiteLook:
        """Verify DE1; `fields` are of the site."""
        here = site(self.path, **fields)
        (found,) = verify([here], fleet_of(here), self.state, means(at=at, deep=deep, opened=opened), write=write)
        return found

    def pair(self, **fields: object) -> PairLook:
        """The one pair that a look finds."""
        (found,) = self.look(**fields).pairs  # type: ignore[arg-type]
        return found

    def holding(self, package: str = "till-4") -> Holding:
        (pair,) = self.state.pairs(package=PackageName(package), site=DE1)
        return pair.holding


def means(*, at: int = NOW, deep: bool = False, opened: Opened = open_directory, patience: float = 30.0) -> Means:
    return Means(
        open_sender=opened,
        now=lambda: Instant(at),
        author=lambda: Author(actor="you", at=Instant(at)),
        shown=lambda _done, _read: None,
        deep=deep,
        patience=patience,
    )


@dataclass
class Tripping:
    """Opens stores that trip by script; `made` are the senders so far."""

    script: Mapping[tuple[str, int], Trip] = field(default_factory=dict)
    after: Callable[[str], None] = lambda _: None
    made: list[Faulty] = field(default_factory=list)

    def __call__(self, address: Address) -> Sender:
        self.made.append(Faulty(open_directory(address), self.script, after=self.after))
        return self.made[-1]
