"""`gc` and the sends of the state: neither gets in the other's way (sending.md 7)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.engine.collecting.collect import Collecting, collect
from reconciler.engine.collecting.places import places
from reconciler.engine.collecting.tenure import Taking
from reconciler.model.collection import Action, Collected, Outcome
from reconciler.model.diagnostics import Where
from reconciler.model.fleet import Fleet
from reconciler.model.names import SiteName
from reconciler.model.sites import Address, Site, SiteType
from reconciler.model.stores import StoreIdentity
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.store_names import IDENTITY
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.memory import MemoryState
from tests.builders import NOW
from tests.conformance.steps import ANNA, LEASE, ONE, TWO, Machine, claim, may_claim, open_send
from tests.engine.stores import STORE
from tests.engine.sweeping import Shop
from tests.senders.faulty import Faulty

DE1 = SiteName("DE1")


@dataclass
class World:
    """The store of DE1 with three revisions, of which one goes; `at` is what the clock of the process says."""

    shop: Shop
    machine: Machine = field(default_factory=Machine)
    at: float = 0.0
    opened: Callable[[Address], Sender] = open_directory

    def __post_init__(self) -> None:
        self.state = MemoryState(self.machine.liveness)
        for number, letter in enumerate("ABC", start=1):
            self.shop.send(number, letter)
        identity = StoreIdentity(site=DE1, store=STORE, state=self.state.identity)
        (self.shop.path / IDENTITY).write_bytes(identity_bytes(identity))
        self.state.pin_store(DE1, STORE, ANNA)

    def collect(self, *, write: bool = True) -> Collected:
        taking = Taking(
            worker=TWO, open_state=lambda: self.state, author=lambda: ANNA, lease=LEASE, clock=lambda: self.at
        )
        site = Site(
            name=DE1,
            type=SiteType.PRIMARY,
            parent=None,
            where=Where("sites.yaml"),
            labels={},
            domains={},
            address=Address(type="directory", path=str(self.shop.path)),
        )
        work = Collecting(
            fleet=Fleet(sites=(site,), packages=(), jobs=(), digest=""),
            state=self.state,
            open_sender=self.opened,
            now=lambda: NOW,
            taking=taking if write else None,
        )
        (found,) = collect(tuple(places([site], depot_folder="none")), work)
        return found

    def after(self, operation: str, do: Callable[[], None]) -> None:
        """Each time that the store was asked so."""

        def happens(done: str) -> None:
            if done == operation:
                do()

        self.opened = lambda address: Faulty(open_directory(address), {}, after=happens)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Shop(tmp_path))


def test_what_is_not_kept_is_removed(world: World) -> None:
    found = world.collect()
    assert (found.outcome, [step.name for step in found.of(Action.REMOVE)]) == (
        Outcome.READ,
        ["records/till-4/000000000001.json"],
    )


def test_no_send_is_claimed_while_a_site_is_collected(world: World) -> None:
    send = open_send(world.state, "DE1")
    claimed: list[bool] = []
    world.after("remove", lambda: claimed.append(may_claim(world.state, send, by=ONE)))
    assert world.collect().outcome is Outcome.READ
    assert claimed == [False]
    assert may_claim(world.state, send, by=ONE)


def test_a_site_to_which_a_send_is_on_its_way_is_left_alone(world: World) -> None:
    claim(world.state, open_send(world.state, "DE1"), by=ONE)
    before = world.shop.files()
    found = world.collect()
    assert (found.outcome, found.detail) == (
        Outcome.BUSY,
        "a send is on its way there, or another process has the site for itself",
    )
    assert world.shop.files() == before
    assert world.collect(write=False).outcome is Outcome.BUSY


def test_a_site_that_somebody_else_has_is_left_alone(world: World) -> None:
    world.state.take(ONE, "site/DE1", ANNA, lease=LEASE)
    assert world.collect().outcome is Outcome.BUSY
    assert world.shop.records() == [1, 2, 3]


def test_R6_a_site_whose_collector_died_is_free_again(world: World) -> None:
    world.state.take(ONE, "site/DE1", ANNA, lease=LEASE)
    world.machine.dead.add(ONE.id)
    assert world.collect().outcome is Outcome.READ


def test_nothing_more_is_done_once_the_lease_may_have_run_out(world: World) -> None:
    def wake_up_late() -> None:
        world.at += LEASE + 1

    world.after("remove", wake_up_late)
    found = world.collect()
    assert (found.outcome, "its lease ran out" in found.detail) == (Outcome.BUSY, True)
    assert world.shop.condemned() == []
    assert world.shop.is_whole()


def test_the_site_is_given_back(world: World) -> None:
    world.collect()
    assert world.state.take(ONE, "site/DE1", ANNA, lease=LEASE)


def test_L37_a_store_of_another_state_is_left_alone(world: World) -> None:
    world.shop.send(4, "D")
    found = world.collect()
    assert (found.outcome, "belongs to another state" in found.detail) == (Outcome.FAILED, True)
    assert world.shop.records() == [1, 2, 3, 4]
