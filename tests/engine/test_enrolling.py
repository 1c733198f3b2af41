"""Taking a store over at any moment, beside others that do the same, and beside sends."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine.enrolling import Enrolling, Wish
from reconciler.engine.stores.opening import identity_at
from reconciler.model.claims import Candidate, Worker, WorkerId
from reconciler.model.enrolment import Enrolled, Enrolment
from reconciler.model.holdings import RecordOnly, Staged
from reconciler.model.instants import Seconds
from reconciler.model.names import SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import SendState
from reconciler.model.stores import StateId, StoreId, StoreIdentity
from reconciler.senders.directory import open_directory
from reconciler.state.liveness import this_process
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, Observation
from tests.builders import held, plan, planned, send_only_job
from tests.engine.stores import DE1, TILL_4, YOU, Opened, Tripping, World, fleet_of, means, site
from tests.senders.faulty import Trip

LEASE = Seconds(20)


@pytest.fixture
def lost(quick_folder: str) -> World:
    """A store that another state staged till-4 in, with number 3."""
    world = World(Path(quick_folder) / "DE1")
    world.stage(3)
    world.identify(state="f" * 32)
    return world


def enroll(
    world: World, *, opened: Opened = open_directory, patience: float = 30.0, lease: Seconds = LEASE
) -> Enrolment:
    here = site(world.path)
    enrolling = Enrolling(
        fleet=fleet_of(here),
        state=world.state,
        means=means(deep=True, opened=opened, patience=patience),
        worker=this_process(),
        lease=lease,
        depot_folder="/nowhere",
        wish=Wish(named=True, take_over=True, write=True),
    )
    (ended,) = enrolling.of([here])
    return ended


def identity(world: World) -> StoreIdentity | None:
    sender = open_directory(site(world.path).address)  # type: ignore[arg-type]  # it has one
    try:
        return identity_at(sender)
    finally:
        sender.close()


def record_send(world: World, number: int) -> None:
    """An open send with this number, the state having seen the one before."""
    if number > 1:
        found = RecordOnly(held=held("D0 S0"))
        look = Observation(package=TILL_4, site=DE1, mark=0, number=number - 1, holding=found)
        assert world.state.observe([look], YOU) == [True]
    job = send_only_job("till-4", "D1 S1", [planned("DE1", number, version=number > 1)])
    assert world.state.submit(plan(job), YOU).moved == ()


def test_L33_a_store_that_was_taken_over_is_pinned_and_what_it_holds_is_staged(lost: World) -> None:
    ended = enroll(lost)
    found = identity(lost)
    assert found is not None
    assert (ended.enrolled, found.state) == (Enrolled.TAKEN_OVER, lost.state.identity)
    assert lost.state.stores() == {DE1: found.store}
    assert isinstance(lost.holding(), Staged)


def test_R3_R12_wherever_it_ends_it_is_nobodys_store_or_ours_and_enrolling_again_goes_on(lost: World) -> None:
    before = (lost.path / "reconciler-store.json").read_bytes()
    probe = Tripping()
    enroll(lost, opened=probe)
    calls = probe.made[0].calls["*"]
    seen = set()
    for call in range(1, calls + 1):
        world = World(lost.path)
        (lost.path / "reconciler-store.json").write_bytes(before)
        enroll(world, opened=Tripping({("*", call): Trip()}))
        found = identity(world)
        seen.add(None if found is None else found.state == world.state.identity)
        assert found is None or found.state in (StateId("f" * 32), world.state.identity), call
        assert enroll(world).enrolled.is_enrolled, call
        assert isinstance(world.holding(), Staged), call
        now = identity(world)
        assert now is not None
        assert world.state.stores() == {DE1: now.store}
    assert seen == {None, False, True}, "it was cut before, between and after"


def test_two_that_take_over_at_once_end_with_one_owner(lost: World) -> None:
    other = World(lost.path)

    def meanwhile(operation: str) -> None:
        if operation == "remove":
            assert enroll(other).enrolled.is_enrolled

    ended = enroll(lost, opened=Tripping(after=meanwhile))
    found = identity(lost)
    assert found is not None
    assert (found.state, ended.enrolled) == (other.state.identity, Enrolled.REFUSED)
    assert lost.state.stores() == {}


def test_no_site_is_enrolled_while_a_send_runs_there(lost: World) -> None:
    record_send(lost, 1)
    lost.state.claim(
        this_process(),
        [Candidate(package=TILL_4, site=DE1, number=1, bytes_left=Bytes(0))],
        YOU,
        lease=LEASE,
    )
    before = (lost.path / "reconciler-store.json").read_bytes()
    assert enroll(lost).enrolled is Enrolled.BUSY
    assert (lost.path / "reconciler-store.json").read_bytes() == before


def test_no_send_is_claimed_while_a_site_is_enrolled(lost: World) -> None:
    record_send(lost, 9)
    other = replace(this_process(), id=WorkerId("e" * 32))
    claims = []

    def meanwhile(_operation: str) -> None:
        claims.extend(_claim(lost, other))

    enroll(lost, opened=Tripping(after=meanwhile))
    assert claims == []
    assert len(_claim(lost, other)) == 1, "afterwards it may be"


class Busy(MemoryState):
    """Others write, too, so that each commit takes a while; `seized` says whether somebody got the site by then."""

    def __init__(self) -> None:
        super().__init__()
        self.seized: list[bool] = []

    def pin_store(self, site: SiteName, store: StoreId, author: Author) -> None:
        time.sleep(0.6)
        super().pin_store(site, store, author)

    def observe(self, observations: Sequence[Observation], author: Author) -> Sequence[bool]:
        time.sleep(0.6)
        other = replace(this_process(), id=WorkerId("e" * 32))
        self.seized.append(self.take(other, f"site/{DE1}", author, lease=LEASE))
        return super().observe(observations, author)


def test_a_site_stays_taken_however_long_the_state_takes_to_learn_what_it_holds(lost: World) -> None:
    state = Busy()
    for number in range(3):
        lost.stage(3, package=f"p{number}")
    lost.identify(state="f" * 32)
    enroll(World(lost.path, state), lease=Seconds(1))
    assert state.seized == [False]


def _claim(world: World, worker: Worker) -> list[object]:
    candidate = Candidate(package=TILL_4, site=DE1, number=9, bytes_left=Bytes(0))
    return list(world.state.claim(worker, [candidate], YOU, lease=LEASE))


@pytest.mark.parametrize("number", [1, 3])
def test_an_open_send_whose_number_the_store_has_seen_ends_and_the_look_counts(lost: World, number: int) -> None:
    record_send(lost, number)
    assert enroll(lost).superseded == 1
    (send,) = lost.state.sends(open_only=False)
    assert send.state is SendState.SUPERSEDED
    (pair,) = lost.state.pairs()
    assert (pair.number, pair.mark, type(pair.holding)) == (3, 3, Staged)


def test_an_open_send_of_what_the_store_does_not_hold_stays(lost: World) -> None:
    job = send_only_job("other", "D1 S1", [planned("DE1")])
    lost.state.submit(plan(job), YOU)
    assert enroll(lost).superseded == 0
    assert [send.state for send in lost.state.sends()] == [SendState.QUEUED]
    assert {pair.package for pair in lost.state.pairs() if isinstance(pair.holding, Staged)} == {TILL_4}
