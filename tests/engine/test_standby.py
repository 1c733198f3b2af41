"""The turn of a watch at a state, and whether its loop still turns."""

import threading
from collections.abc import Callable

import pytest

from reconciler.engine import standby
from reconciler.engine.heartbeat import LONGEST, STILL, Heartbeat, work_of_this_thread
from reconciler.engine.standby import Turn, TurnLost, Watching, stand_by
from reconciler.model.claims import WATCH
from reconciler.model.faults import StateError
from reconciler.model.instants import Instant, Seconds
from reconciler.state.memory import MemoryState
from reconciler.state.protocol import Author, State
from tests.builders import NOW
from tests.conformance.steps import ANNA, ONE, TWO, Machine, worker

LEASE = Seconds(15)


class Hours:
    """Two clocks that a test sets."""

    def __init__(self) -> None:
        self.now = self.work = 1000.0

    def heart(self) -> Heartbeat:
        return Heartbeat(clock=lambda: self.now, worked=lambda: self.work)


# The heart of a loop


def test_a_loop_that_turns_beats() -> None:
    hours = Hours()
    heart = hours.heart()
    for _ in range(10):
        hours.now += STILL - 1
        assert heart.is_beating()
        heart.beat()
    hours.now += STILL + 1
    assert not heart.is_beating()
    heart.beat()
    assert heart.is_beating()


def test_a_long_turn_beats_while_it_works_but_not_for_ever() -> None:
    hours = Hours()
    heart = hours.heart()
    while hours.now < 1000 + LONGEST - STILL:
        hours.now += STILL - 1
        hours.work += 0.001
        assert heart.is_beating()
    hours.now += STILL
    hours.work += 1
    assert not heart.is_beating()


def test_a_long_turn_that_waits_for_what_never_comes_hangs() -> None:
    hours = Hours()
    heart = hours.heart()
    hours.now += STILL + 1
    hours.work += 1
    assert heart.is_beating()
    hours.now += STILL
    assert not heart.is_beating()


def test_only_the_work_of_the_loops_own_thread_counts() -> None:
    own = work_of_this_thread()
    others: list[Callable[[], float]] = []
    waiting, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        others.append(work_of_this_thread())
        waiting.set()
        go_on.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    before, began = others[0](), own()
    while own() - began < 0.05:
        pass
    assert others[0]() - before < 0.02
    go_on.set()
    thread.join()


# Standing by


class Hall:
    """A state, a watch in its stand-by that looks as often as a test says, and what it told."""

    def __init__(self, machine: Machine, state: MemoryState | None = None) -> None:
        self.state = state or MemoryState(machine.liveness)
        self.told: list[str] = []
        self.fault: StateError | None = None

    def open_state(self) -> State:
        if self.fault is not None:
            raise self.fault
        return self.state

    def turn(self, *steps: Callable[[], object]) -> Turn | None:
        """What came of it; each step is done after a look, and then it is to stop."""
        left = list(steps)
        watching = Watching(
            worker=ONE,
            open_state=self.open_state,
            author=lambda: Author(actor="anna", at=Instant(NOW + 60)),
            wait=lambda _seconds: left.pop(0)(),
            tell=self.told.append,
        )
        return stand_by(watching, Hours().heart(), stop=lambda: not left)


def nothing() -> None:
    """Only time passes."""


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def hall(machine: Machine) -> Hall:
    return Hall(machine)


def watches(state: State) -> list[tuple[int, bool]]:
    return [(seen.worker.pid, seen.alive) for seen in state.workers() if seen.watches]


def test_a_state_that_nobody_watches_is_taken_without_a_word(hall: Hall) -> None:
    turn = hall.turn(nothing)
    assert turn is not None
    assert (hall.told, watches(hall.state)) == ([], [(ONE.pid, True)])
    turn.close()
    turn.close()
    assert list(hall.state.workers()) == []


def test_who_watches_is_told_once_and_again_when_it_is_another(hall: Hall, machine: Machine) -> None:
    hall.state.take(TWO, WATCH, ANNA, lease=LEASE)
    other = worker("3")

    def another() -> None:
        machine.dead.add(TWO.id)
        hall.state.take(other, WATCH, ANNA, lease=LEASE)

    assert hall.turn(nothing, nothing, another, nothing) is None
    assert hall.told == [
        f"standing by: process {one.pid} on hq watches since 15:02 UTC; this one takes over when it is gone"
        for one in (TWO, other)
    ]
    assert ONE not in [seen.worker for seen in hall.state.workers()]


def test_whoever_died_is_forgotten_by_the_one_that_takes_over(hall: Hall, machine: Machine) -> None:
    hall.state.take(TWO, WATCH, ANNA, lease=LEASE)
    turn = hall.turn(lambda: machine.dead.add(TWO.id), nothing)
    assert turn is not None
    turn.close()
    assert hall.told[1:] == [f"watching now, in place of process {TWO.pid} on hq"]
    assert list(hall.state.workers()) == []


def test_a_state_that_cannot_be_opened_is_told_once_and_tried_again(hall: Hall) -> None:
    hall.fault = StateError("the disk is gone")

    def mended() -> None:
        hall.fault = None

    turn = hall.turn(nothing, nothing, mended, nothing)
    assert turn is not None
    turn.close()
    assert hall.told == ["the disk is gone"]


class Raced(MemoryState):
    """Another watch takes it between the look and the taking."""

    def take(self, worker: object, thing: str, author: Author, *, lease: Seconds) -> bool:
        super().take(TWO, thing, author, lease=lease)
        return super().take(worker, thing, author, lease=lease)  # type: ignore[arg-type]  # as it came


def test_whoever_loses_the_race_was_never_there(machine: Machine) -> None:
    hall = Hall(machine, Raced(machine.liveness))
    assert hall.turn(nothing) is None
    assert [seen.worker for seen in hall.state.workers()] == [TWO]


# Having one's turn


def test_nothing_is_recorded_after_another_took_over(hall: Hall, machine: Machine) -> None:
    turn = hall.turn(nothing)
    assert turn is not None
    turn.confirm(hall.state)
    machine.wait(15)
    turn.confirm(hall.state)  # nobody came
    machine.wait(15)
    hall.state.take(TWO, WATCH, ANNA, lease=LEASE)
    with pytest.raises(TurnLost):
        turn.confirm(hall.state)
    machine.wait(15)
    assert turn.is_lost()
    with pytest.raises(TurnLost):
        turn.confirm(hall.state)  # not by luck either
    turn.close()


def test_a_turn_is_renewed_while_the_loop_beats(hall: Hall, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby, "RENEWED", 0.01)
    renewed = threading.Semaphore(0)
    take = hall.state.take

    def counted(*given: object, **named: object) -> bool:
        taken = take(*given, **named)  # type: ignore[arg-type]  # as it came
        renewed.release()
        return taken

    monkeypatch.setattr(hall.state, "take", counted)
    turn = hall.turn(nothing)
    assert turn is not None
    for _ in range(3):
        machine.wait(10)
        for _ in range(2):
            assert renewed.acquire(timeout=10)
    assert watches(hall.state) == [(ONE.pid, True)]
    turn.close()
