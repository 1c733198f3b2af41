"""Verification beside the passes: real stores, a real state, a clock that a test sets."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from reconciler.engine.verifying import rounds
from reconciler.engine.verifying.rounds import Rounds, Touring
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.holdings import Damaged, Receipt, Staged
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.sites import Address, Site
from reconciler.model.snapshot import Cause, Hold
from reconciler.model.stores import StoreFault, StoreId, StoreIdentity
from reconciler.model.verification import Answer, SiteLook
from reconciler.parcels.identity import identity_bytes
from reconciler.parcels.records import record_bytes
from reconciler.parcels.store_names import IDENTITY, pack_name, record_name
from reconciler.senders.directory import open_directory
from reconciler.senders.protocol import Sender
from reconciler.state.protocol import Author, State
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.engine.stores import TILL_4, fleet_of, site
from tests.parcels.staging import PACK, TILL, put_in_store, staged_files
from tests.senders.faulty import Faulty, Trip

WAIT = 30.0
DAY = 86400
OLD = NOW - 8 * DAY
"""Longer ago than `verify.every`."""


@dataclass
class Place:
    """Sites with a store each, all holding number 1 of till-4, proved long ago."""

    folder: Path
    now: int = NOW
    fleet: Fleet | None = None
    fault: StateError | None = None
    looks: "queue.SimpleQueue[SiteLook]" = field(default_factory=queue.SimpleQueue)
    said: list[str] = field(default_factory=list)
    opened: dict[str, Callable[[Address], Sender]] = field(default_factory=dict)
    """How a site is reached, if not as ever."""

    def open_state(self) -> State:
        if self.fault is not None:
            raise self.fault
        return open_sqlite(str(self.folder / "state.db"), write=True)

    def open_sender(self, address: Address) -> Sender:
        return self.opened.get(Path(address.path).name, open_directory)(address)

    def author(self) -> Author:
        return Author(actor="anna", at=Instant(self.now))

    def make(self, *names: str, verified: int = OLD) -> tuple[Site, ...]:
        """The stores, and what the state knows of them."""
        sites = tuple(site(self.folder / name, name) for name in names)
        with closing(self.open_state()) as state:
            for each in sites:
                self._stage(each.name, state, Instant(verified))
        return sites

    def _stage(self, name: SiteName, state: State, verified: Instant) -> None:
        store = self.folder / name
        record = replace(put_in_store(store, staged_files(TILL), number=1), site=name)
        (store / record_name(TILL_4, 1)).write_bytes(record_bytes(record))
        own = StoreIdentity(site=name, store=StoreId("5" * 32), state=state.identity)
        (store / IDENTITY).write_bytes(identity_bytes(own))
        proof = Receipt(
            package=TILL_4,
            site=name,
            number=1,
            held=record.held,
            verified_at=verified,
            verifier="worker",
            proof="read-back",
        )
        state.receive(proof, self.author())

    def damage(self, name: str) -> None:
        pack = self.folder / name / pack_name(PACK)
        data = bytearray(pack.read_bytes())
        data[-20] ^= 1
        pack.write_bytes(data)

    def touring(self, *, at_once: int = 4) -> Touring:
        return Touring(
            open_state=self.open_state,
            open_sender=self.open_sender,
            fleet=lambda: self.fleet,
            now=lambda: Instant(self.now),
            author=self.author,
            tell=self.looks.put,
            say=self.said.append,
            at_once=at_once,
        )

    def next(self, number: int) -> list[SiteLook]:
        """So many looks, by site."""
        return sorted((self.looks.get(timeout=WAIT) for _ in range(number)), key=lambda look: look.site)

    def holding(self, name: str) -> object:
        with closing(self.open_state()) as state:
            (pair,) = state.pairs(site=SiteName(name))
            return pair.holding


@pytest.fixture
def place(quick_folder: str, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(rounds, "EVERY", 0.02)
    monkeypatch.setattr(rounds, "LEAST", 0.01)
    return Place(Path(quick_folder))


@pytest.fixture
def begin(place: Place) -> Iterator[Callable[..., Rounds]]:
    begun = []

    def begin(*sites: Site, at_once: int = 4) -> Rounds:
        place.fleet = fleet_of(*sites)
        begun.append(Rounds(place.touring(at_once=at_once)))
        return begun[-1]

    yield begin
    for each in begun:
        each.close(WAIT)
    assert [thread for thread in threading.enumerate() if thread.name in ("rounds", "verification")] == []


Begin = Callable[..., Rounds]


def test_each_store_is_read_when_its_time_has_come_and_again_in_the_next_round(place: Place, begin: Begin) -> None:
    sites = place.make("DE1", "EU1", "FR1")
    begin(*sites)
    for _ in range(2):
        found = place.next(3)
        assert [(look.site, look.answer, look.pairs[0].read) for look in found] == [
            (each.name, Answer.READ, True) for each in sites
        ]
        with closing(place.open_state()) as state:
            assert {one.site: one.oldest for one in state.verifications()} == {each.name: place.now for each in sites}
        place.now += 7 * DAY
    assert place.said == []


def test_what_was_verified_a_short_time_ago_is_left(place: Place, begin: Begin) -> None:
    (fresh,), (old,) = place.make("DE1", verified=NOW), place.make("EU1")
    begin(fresh, old)
    assert [look.site for look in place.next(1)] == ["EU1"]
    place.now += 6 * DAY + DAY // 2
    assert [look.site for look in place.next(1)] == ["DE1"]


def test_L34_drift_is_found_recorded_and_told(place: Place, begin: Begin) -> None:
    sites = place.make("DE1", "EU1")
    place.damage("DE1")
    begin(*sites)
    here, there = place.next(2)
    assert [len(look.drifted) for look in (here, there)] == [1, 0]
    assert isinstance(place.holding("DE1"), Damaged)
    assert isinstance(place.holding("EU1"), Staged)


def test_a_store_is_read_once_and_not_again_at_once(place: Place, begin: Begin) -> None:
    sites = place.make("DE1", "EU1")
    begin(*sites)
    place.next(2)
    (other,) = place.make("FR1")
    place.fleet = fleet_of(*sites, other)
    assert [look.site for look in place.next(1)] == ["FR1"]
    assert place.looks.empty()


def test_nothing_is_read_before_the_first_pass(place: Place, begin: Begin) -> None:
    sites = place.make("DE1")
    begin()
    place.fleet = None
    place.fleet = fleet_of(*sites)
    assert [look.site for look in place.next(1)] == ["DE1"]


def test_a_suspended_site_is_left(place: Place, begin: Begin) -> None:
    sites = place.make("DE1", "EU1")
    with closing(place.open_state()) as state:
        hold = Hold(site=SiteName("DE1"), package=None, actor="anna", reason="works", since=NOW, until=Instant(NOW + 9))
        state.hold(hold, place.author())
    begin(*sites)
    assert [look.site for look in place.next(1)] == ["EU1"]
    place.now += 9
    assert [look.site for look in place.next(1)] == ["DE1"]


def unreachable(_address: Address) -> Sender:
    raise StoreFault(Cause.NETWORK, "the line is down")


def test_L21_a_site_that_does_not_answer_is_tried_again_later_and_keeps_its_proof(place: Place, begin: Begin) -> None:
    sites = place.make("DE1", "EU1")
    place.opened["DE1"] = unreachable
    begin(*sites)
    assert [(look.site, look.answer) for look in place.next(2)] == [("DE1", Answer.SILENT), ("EU1", Answer.READ)]
    (third,) = place.make("FR1")
    place.fleet = fleet_of(*sites, third)
    assert [look.site for look in place.next(1)] == ["FR1"]  # and not DE1
    place.now += 2 * 60
    assert [(look.site, look.answer) for look in place.next(1)] == [("DE1", Answer.SILENT)]
    place.now += 80  # enough after the first try, but not after the second
    (fourth,) = place.make("GB1")
    place.fleet = fleet_of(*sites, third, fourth)
    assert [look.site for look in place.next(1)] == ["GB1"]
    place.opened.clear()
    place.now += 80
    assert [(look.site, look.answer) for look in place.next(1)] == [("DE1", Answer.READ)]
    assert place.holding("DE1") == replace(place.holding("DE1"), verified_at=place.now)  # type: ignore[type-var]


@dataclass
class Hanging:
    """Ways to sites that do not answer until the test is over."""

    asked: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, address: Address) -> Sender:
        return Faulty(
            open_directory(address), {("*", 1): Trip(fault=None, delay=1)}, sleep=lambda _: self.hang(address)
        )

    def hang(self, address: Address) -> None:
        self.asked.put(Path(address.path).name)
        self.over.wait()

    def next(self, number: int) -> list[str]:
        return sorted(self.asked.get(timeout=WAIT) for _ in range(number))


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hanging = Hanging()
    yield hanging
    hanging.over.set()


def test_L21_a_few_are_read_at_a_time_and_one_that_hangs_holds_up_no_other(
    place: Place, begin: Begin, hanging: Hanging
) -> None:
    names = [f"S{number}" for number in range(6)]
    place.opened = {"S0": hanging}
    begin(*place.make(*names), at_once=2)
    assert hanging.next(1) == ["S0"]
    assert [look.site for look in place.next(5)] == names[1:]
    assert hanging.asked.empty()


def test_what_was_just_read_is_not_read_by_an_older_answer_of_the_state(
    place: Place, begin: Begin, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Semaphore(0)
    opens = place.open_state

    def open_state() -> State:
        asked.release()
        return opens()

    (here,), (there,) = place.make("DE1"), place.make("EU1", verified=NOW)
    place.opened = {"DE1": hanging}
    place.open_state = open_state  # type: ignore[method-assign]
    begin(here, there)
    hanging.next(1)
    monkeypatch.setattr(rounds, "SHARE", 10**9)  # it asks once more, and then never again
    for _ in range(3):
        assert asked.acquire(timeout=WAIT)
    place.opened = {}
    hanging.over.set()
    assert [look.site for look in place.next(1)] == ["DE1"]
    place.now += 7 * DAY
    assert [look.site for look in place.next(1)] == ["EU1"]
    assert place.looks.empty()


def test_L21_sites_that_answer_keep_half_of_the_places(place: Place, begin: Begin, hanging: Hanging) -> None:
    names = [f"S{number}" for number in range(4)]
    place.opened = dict.fromkeys(names, unreachable)
    sites = place.make(*names)
    begin(*sites, at_once=4)
    assert [look.answer for look in place.next(4)] == [Answer.SILENT] * 4
    place.opened = dict.fromkeys(names, hanging)
    place.now += 2 * 60
    hanging.next(2)
    place.fleet = fleet_of(*sites, *place.make("T1", "T2"))
    assert [look.site for look in place.next(2)] == ["T1", "T2"]
    assert hanging.asked.empty()


def test_closing_breaks_off_what_runs_and_records_nothing_of_it(place: Place, begin: Begin, hanging: Hanging) -> None:
    place.opened = {"DE1": hanging}
    (here,) = place.make("DE1")
    place.damage("DE1")
    running = begin(here)
    hanging.next(1)
    running.close(WAIT)
    hanging.over.set()
    assert place.looks.empty()
    assert isinstance(place.holding("DE1"), Staged)


def test_a_fault_of_the_state_is_said_once_and_the_rounds_go_on(place: Place, begin: Begin) -> None:
    sites = place.make("DE1")
    asked = threading.Semaphore(0)
    opens = place.open_state

    def open_state() -> State:
        asked.release()
        return opens()

    place.open_state = open_state  # type: ignore[method-assign]
    place.fault = StateError("the disk is gone")
    begin(*sites)
    for _ in range(3):
        assert asked.acquire(timeout=WAIT)
    place.fault = None
    assert [look.site for look in place.next(1)] == ["DE1"]
    assert place.said == ["the disk is gone"]


def test_a_fault_of_our_own_does_not_end_the_rounds(place: Place) -> None:
    place.fleet = fleet_of(*place.make("DE1"))
    faults = [RuntimeError("never thought of")]

    def fleet() -> Fleet | None:
        if faults:
            raise faults.pop()
        return place.fleet

    running = Rounds(replace(place.touring(), fleet=fleet))
    try:
        assert [look.site for look in place.next(1)] == ["DE1"]
    finally:
        running.close(WAIT)
    assert place.said == ["a fault of reconcile: RuntimeError('never thought of')"]


def test_a_site_that_holds_nothing_is_not_asked(place: Place, begin: Begin) -> None:
    place.opened = {"EU1": unreachable}
    begin(*place.make("DE1"), site(place.folder / "EU1", "EU1"))
    assert [look.site for look in place.next(1)] == ["DE1"]
    assert place.looks.empty()
