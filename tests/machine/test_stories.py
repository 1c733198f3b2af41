"""Single stories of what may go wrong, told step by step with the pieces of the machine."""

import copy
from pathlib import Path

import pytest

from reconciler.model.holdings import Damaged, Staged
from reconciler.model.names import SiteName
from reconciler.model.snapshot import Cause, SendState
from reconciler.parcels.store_names import CONDEMNED
from tests.end_to_end.onlooker import chunks, files_of_blocks

from .lockstep import Trip
from .machine import Machine
from .sites import damage, others
from .workers import Attempt

A = SiteName("A")


def begin(machine: Machine, crewman: int = 0, *, package: str = "p") -> Attempt:
    """An attempt at sending p to A."""
    mine = machine.crew[crewman]
    mine.claim(1, only=(package, A))
    return mine.attempts[-1]


def go(machine: Machine, attempt: Attempt, until: str = "") -> None:
    """To its end, which the state is told; or it stands before the operation."""
    crewman = next(one for one in machine.crew if attempt in one.attempts)
    crewman.step(attempt, until=until)
    assert attempt.actor.ended == (not until), attempt.actor.begun
    while crewman.mail:
        machine.tell(crewman, crewman.mail.pop(0))


def send(machine: Machine) -> None:
    go(machine, begin(machine))


def change(machine: Machine, *, content: int, setup: int = 0) -> None:
    machine.a_package_is_changed("p", content, setup)
    machine.reconcile(acknowledged=True)


def row(machine: Machine) -> SendState:
    """Of the last send of p to A."""
    found = [one for one in machine.state.sends(open_only=False) if (one.package, one.site) == ("p", A)]
    return max(found, key=lambda one: one.number).state


def holding(machine: Machine) -> object:
    return next(iter(machine.state.pairs(package="p", site=A))).holding  # type: ignore[arg-type]


def records(machine: Machine) -> list[str]:
    return [path.name for path in sorted((machine.places[A].store / "records" / "p").glob("*"))]


def parts(machine: Machine) -> list[Path]:
    return sorted(machine.places[A].store.glob("parts/*/*"))


def test_R3_L18_after_every_step_a_reader_sees_the_old_or_the_new(machine: Machine) -> None:
    for content in (0, 1):
        if content:
            change(machine, content=content)
        attempt = begin(machine)
        while not attempt.actor.ended:
            machine.crew[0].step(attempt, 1)
            machine.laws()
        machine.an_ending_is_told(0)
        machine.laws()
        assert row(machine) is SendState.COMPLETE


def test_L19_killed_ever_later_a_send_arrives_and_no_chunk_travels_twice(machine: Machine) -> None:
    for operations in range(1, 60, 4):
        attempt = begin(machine)
        machine.crew[0].step(attempt, operations)
        machine.kill(0)
        machine.laws()
    send(machine)
    assert row(machine) is SendState.COMPLETE
    found = chunks(list(files_of_blocks(machine.places[A].store).values()))
    assert len(found) == len(set(found)) > 3


def test_R5_a_record_that_is_written_too_late_harms_nobody(machine: Machine) -> None:
    frozen = begin(machine)
    go(machine, frozen, until="create records")
    machine.clock.seconds += 60
    change(machine, content=1)
    go(machine, begin(machine, 1))
    assert records(machine) == ["000000000002.json"]
    go(machine, frozen)
    assert records(machine) == ["000000000001.json", "000000000002.json"]
    machine.laws()
    change(machine, content=1)
    assert row(machine) is SendState.COMPLETE


def test_a_worker_whose_lease_is_over_writes_no_record(machine: Machine) -> None:
    frozen = begin(machine)
    go(machine, frozen, until="create indexes")
    machine.clock.seconds += 21
    go(machine, frozen)
    assert records(machine) == []


@pytest.mark.parametrize("seconds", [4, 9])
def test_a_worker_that_was_renewed_in_time_goes_on(machine: Machine, seconds: int) -> None:
    attempt = begin(machine)
    for _ in range(5):
        machine.crew[0].step(attempt, 1)
        machine.clock.seconds += seconds
        machine.crew[0].beat()
    go(machine, attempt)
    assert row(machine) is SendState.COMPLETE


def test_R5_a_state_that_was_restored_from_a_copy_gives_way_to_the_store(machine: Machine) -> None:
    send(machine)
    kept = copy.deepcopy(vars(machine.state))
    change(machine, content=1)
    send(machine)
    vars(machine.state).update(kept)
    machine.rows.clear()
    machine.marks.clear()
    change(machine, content=2)
    send(machine)
    assert row(machine) is SendState.SUPERSEDED
    machine.laws()
    machine.reconcile(acknowledged=True)
    send(machine)
    assert records(machine) == [f"{number:012}.json" for number in (1, 2, 3)]


def test_R4_an_earlier_attempt_that_got_as_far_as_its_record_is_verified(machine: Machine) -> None:
    go(machine, begin(machine), until="read records")
    machine.kill(0)
    place = machine.places[A]
    place.touch()
    damage(place.packs()[0], "flip")
    send(machine)
    assert row(machine) is SendState.SUPERSEDED
    assert isinstance(holding(machine), Damaged)


def test_an_earlier_attempt_that_got_as_far_as_its_record_moves_nothing_again(machine: Machine) -> None:
    go(machine, begin(machine), until="read records")
    machine.kill(0)
    send(machine)
    assert row(machine) is SendState.COMPLETE
    assert records(machine) == ["000000000001.json"]


def test_R4_bytes_that_arrive_as_others_are_no_success(machine: Machine) -> None:
    attempt = begin(machine)
    go(machine, attempt, until="append")
    attempt.actor.trip = Trip(garbled=True)
    go(machine, attempt)
    assert row(machine) is SendState.BACKING_OFF
    assert machine.state.sends()[0].cause is Cause.CORRUPT
    assert records(machine) == []


def test_R3_a_part_that_was_damaged_after_its_writer_died_is_not_referred_to(machine: Machine) -> None:
    go(machine, begin(machine), until="publish")
    machine.kill(0)
    for part in parts(machine):
        data = part.read_bytes()
        part.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    send(machine)
    assert row(machine) is SendState.COMPLETE


def test_L36_what_lies_condemned_counts_as_absent(machine: Machine) -> None:
    send(machine)
    change(machine, content=1)
    send(machine)
    store = machine.places[A].store
    before = set(machine.places[A].packs())
    (store / CONDEMNED).mkdir()
    for pack in before:
        (store / CONDEMNED / pack.name).write_bytes(b"")
    machine.clock.seconds += 60
    change(machine, content=0)
    send(machine)
    assert row(machine) is SendState.COMPLETE
    record = machine.places[A].records()["p"].record
    named = (store / record["index"]["file"]).read_text()
    assert not any(pack.stem in named for pack in before)


def test_L37_what_is_not_the_sites_store_is_never_written_to(machine: Machine) -> None:
    send(machine)
    place = machine.places[A]
    for content, other in enumerate(others(A, machine.state.identity), start=1):
        place.displace(other)
        change(machine, content=content % 3)
        machine.clock.seconds += 7200
        send(machine)
        machine.laws()
        assert row(machine) is SendState.BACKING_OFF
        place.restore()
        machine.clock.seconds += 7200
        send(machine)


def test_L20_a_disk_without_room_gets_nothing(machine: Machine) -> None:
    machine.places[A].full = True
    send(machine)
    assert row(machine) is SendState.BACKING_OFF
    assert machine.state.sends()[0].cause is Cause.SPACE
    assert parts(machine) == []
    assert machine.places[A].packs() == []


def test_L3_a_setup_alone_moves_no_pack(machine: Machine) -> None:
    send(machine)
    before = machine.places[A].packs()
    change(machine, content=0, setup=1)
    send(machine)
    assert row(machine) is SendState.COMPLETE
    assert machine.places[A].packs() == before
    assert isinstance(holding(machine), Staged)


def test_a_look_that_is_recorded_after_a_newer_one_changes_nothing(machine: Machine) -> None:
    send(machine)
    machine.a_site_is_looked_at(A)
    place = machine.places[A]
    place.touch()
    damage(place.packs()[0], "flip")
    machine.clock.seconds += 60
    machine.verify(A)
    assert isinstance(holding(machine), Damaged)
    machine.a_look_is_recorded_late(0)
    assert isinstance(holding(machine), Damaged)


def test_L14_what_a_dead_worker_began_and_no_job_needs_any_more_becomes_obsolete(machine: Machine) -> None:
    """Where the package has another revision by now; of the same revision another worker finishes it."""
    begin(machine, package="q")
    machine.kill(0)
    machine.a_job_is_changed("remove")
    machine.a_package_is_changed("q", 1, 0)
    for _ in range(3):
        machine.clock.seconds += 7200
        machine.reconcile(acknowledged=True)
        machine.carry_out()
    assert [one.state for one in machine.state.sends() if (one.package, one.site) == ("q", A)] == []
