"""What `prune` does to one store, step by step (L41)."""

from pathlib import Path

import pytest

from reconciler.engine.collecting.places import places
from reconciler.engine.collecting.tenure import Taking
from reconciler.engine.pruning import prune
from reconciler.engine.stores.store import Recorded
from reconciler.engine.unneeded import Work
from reconciler.model.diagnostics import Where
from reconciler.model.fleet import Fleet
from reconciler.model.names import SiteName
from reconciler.model.pruning import Fate, Pruning
from reconciler.model.sites import Address, Site, SiteType
from reconciler.model.snapshot import Cause
from reconciler.model.stores import StoreFault, StoreIdentity
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.store_names import IDENTITY
from reconciler.senders.directory import open_directory
from reconciler.state.memory import MemoryState
from tests.builders import NOW
from tests.conformance.steps import ANNA, LEASE, ONE, Machine
from tests.engine.stores import STORE
from tests.engine.sweeping import TILL, Shop
from tests.senders.faulty import Faulty, Trip

DE1 = SiteName("DE1")


class Killed(BaseException):
    """What SIGKILL is to the caller."""


class World:
    """The store of DE1 with two revisions of till-4, which nothing needs, and three of cad: `gc` would take the first.

    The first ones of both share a pack.
    """

    def __init__(self, path: Path) -> None:
        self.shop = Shop(path)
        self.state = MemoryState(Machine().liveness)
        self.shop.send(1, "A")
        self.shop.send(2, "B")
        for number, letter in enumerate("ACD", start=11):
            self.shop.send(number, letter, package="cad")
        identity = StoreIdentity(site=DE1, store=STORE, state=self.state.identity)
        (path / IDENTITY).write_bytes(identity_bytes(identity))
        self.state.pin_store(DE1, STORE, ANNA)

    def prune(self, trips: dict[tuple[str, int], Trip] | None = None) -> Pruning | None:
        """What came of till-4, None if it is not there."""
        here = Address(type="directory", path=str(self.shop.path))
        site = Site(name=DE1, type=SiteType.PRIMARY, parent=None, where=Where("s"), labels={}, domains={}, address=here)
        work = Work(
            fleet=Fleet(sites=(site,), packages=(), jobs=(), digest=""),
            state=self.state,
            open_sender=lambda address: Faulty(open_directory(address), trips or {}),
            now=lambda: NOW,
            taking=Taking(
                worker=ONE, open_state=lambda: self.state, author=lambda: ANNA, lease=LEASE, clock=lambda: 0.0
            ),
            only=TILL,
        )
        found = [one for one in prune(tuple(places([site], depot_folder="none")), work) if isinstance(one, Pruning)]
        return found[0] if found else None


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_L41_what_was_removed_is_gone_for_every_reader_and_says_so(world: World) -> None:
    pruned = world.prune()
    assert pruned is not None
    assert (pruned.fate, pruned.records, pruned.number) == (Fate.PRUNED, 2, 3)
    assert world.shop.store().recorded(TILL) == Recorded(newest=None, highest=3)
    assert (world.shop.holds("A"), world.shop.holds("B")) == (True, False)
    assert world.shop.is_whole("cad")
    assert world.prune() is None


def test_L41_from_the_removal_on_no_earlier_record_counts(world: World) -> None:
    world.shop.prune(3)
    assert world.shop.records() == [1, 2, 3]
    assert world.shop.store().recorded(TILL) == Recorded(newest=None, highest=3)


def test_R5_a_removal_takes_a_number_above_all_that_the_state_has_seen(world: World) -> None:
    world.state.forget(TILL, DE1, 41, ANNA)
    pruned = world.prune()
    assert pruned is not None
    assert pruned.number == 42


def test_FM79_what_could_not_be_removed_is_told_and_counts_no_more(world: World) -> None:
    pruned = world.prune({("remove", 1): Trip(fault=StoreFault(Cause.PERMISSION, "read-only"))})
    assert pruned is not None
    assert (pruned.fate, [failure.detail for failure in pruned.failures]) == (Fate.FAILED, ["read-only"])
    assert world.shop.store().recorded(TILL).newest is None
    again = world.prune()
    assert again is not None
    assert (again.fate, world.shop.records()) == (Fate.PRUNED, [3])


@pytest.mark.parametrize(("operation", "least"), [("create", 2), ("remove", 2), ("remove_folder", 0)])
def test_R3_a_prune_killed_before_any_change_leaves_all_of_a_package_or_none(
    quick_folder: str, operation: str, least: int
) -> None:
    call, killed = 0, True
    while killed:
        call += 1
        world = World(Path(quick_folder) / str(call))
        try:
            world.prune({(operation, call): Trip(fault=Killed())})
        except Killed:
            pass
        else:
            killed = False
        found = world.shop.store().recorded(TILL)
        assert found.newest is None or world.shop.is_whole()
        world.prune()
        assert world.shop.records() == [3]
        assert world.shop.is_whole("cad")
    assert call > least
