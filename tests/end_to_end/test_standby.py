"""One watch at a time has a state: real processes that are killed, stopped, woken, hang and end."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import pytest

from reconciler.model.claims import WATCH, Worker, WorkerId
from reconciler.model.instants import Seconds
from reconciler.state.liveness import this_process
from reconciler.state.protocol import Author
from reconciler.state.sqlite import open_sqlite
from tests.builders import NOW
from tests.end_to_end.workshop import LONG_ENOUGH

QUICKER = 5.0
"""The lease is three seconds then, and a loop hangs after two: longer than a busy machine lets a process wait."""

TAKEN_OVER = 30.0
"""Seconds from the end of one watch to the first pass of the next, at most (docs/how-to/run-watch-as-a-service.md)."""

SEEN = 10.0
"""The same on one host, where a dead process is seen."""


@dataclass
class Watcher:
    """A process; `said` are its words so far."""

    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)
    _words: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def until(self, word: str) -> None:
        """Wait for a word that begins so, and was not waited for."""
        heard = ""
        while not heard.startswith(word):
            heard = self._words.get(timeout=LONG_ENOUGH)
            self.said.append(heard)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._thread.join()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self._words.put(line.strip())

    def send(self, number: int) -> None:
        self.process.send_signal(number)


@dataclass
class Room:
    """One state, what each pass wrote, and those who watch."""

    folder: Path
    quicker: float
    watchers: list[Watcher] = field(default_factory=list)

    @property
    def path(self) -> str:
        return str(self.folder / "state.db")

    @property
    def log(self) -> Path:
        return self.folder / "passes"

    def start(self) -> Watcher:
        quicker = [str(self.quicker)] if self.quicker > 1 else []
        command = [sys.executable, "-m", "tests.end_to_end.watchers", self.path, str(self.log), *quicker]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.watchers.append(Watcher(process))
        return self.watchers[-1]

    def passes(self) -> list[int]:
        """The process of each pass, in order."""
        return [int(line) for line in self.log.read_text().splitlines()]

    def turns(self) -> list[int]:
        """Who had its turn, one after the other."""
        return [pid for pid, _ in groupby(self.passes())]

    def until(self, seen: Callable[["Room"], bool], within: float = LONG_ENOUGH) -> None:
        give_up = time.monotonic() + within
        while not (self.log.exists() and seen(self)):
            assert time.monotonic() < give_up, self.turns()
            time.sleep(0.01)

    def passing(self, watcher: Watcher, within: float = LONG_ENOUGH) -> None:
        """Wait for a pass of this one that is yet to come."""
        before = len(self.passes()) if self.log.exists() else 0
        self.until(lambda room: watcher.process.pid in room.passes()[before:], within)

    def remembered(self) -> list[int]:
        """The processes that the state knows as watches, dead ones included."""
        with closing(open_sqlite(self.path, write=False)) as state:
            return [seen.worker.pid for seen in state.workers()]


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Callable[[float], Room]]:
    made = []

    def make(quicker: float) -> Room:
        made.append(Room(tmp_path, quicker))
        return made[-1]

    yield make
    for room in made:
        for watcher in room.watchers:
            watcher.end()


@pytest.fixture
def room(rooms: Callable[[float], Room]) -> Room:
    return rooms(QUICKER)


def two(room: Room) -> tuple[Watcher, Watcher]:
    """One that makes passes, and one that stands by."""
    first = room.start()
    room.passing(first)
    second = room.start()
    second.until("standing by")
    return first, second


def test_a_stand_by_says_once_who_watches_and_takes_over_when_that_one_was_killed(room: Room) -> None:
    first, second = two(room)
    looked_again = len(room.passes()) + 20
    room.until(lambda room: len(room.passes()) > looked_again)
    first.process.kill()
    room.passing(second)
    second.until("active")
    host = os.uname().nodename
    begun, told, now, _ = second.said
    assert (begun, now) == ("begun", f"watching now, in place of process {first.process.pid} on {host}")
    assert told.startswith(f"standing by: process {first.process.pid} on {host} watches since ")
    assert room.turns() == [first.process.pid, second.process.pid]
    assert room.remembered() == [second.process.pid]


def test_a_watch_that_ends_gives_its_turn_to_the_next_one_at_once(room: Room) -> None:
    first, second = two(room)
    first.send(signal.SIGTERM)
    assert first.process.wait(timeout=10) == 143
    assert first.process.pid not in room.remembered()
    room.passing(second)


def test_a_stand_by_ends_when_it_is_asked_to(room: Room) -> None:
    first, second = two(room)
    second.send(signal.SIGINT)
    assert second.process.wait(timeout=10) == 130
    assert room.remembered() == [first.process.pid]


def test_R5_a_watch_that_slept_records_nothing_once_another_took_over(room: Room) -> None:
    first, second = two(room)
    first.send(signal.SIGSTOP)
    room.passing(second)
    first.send(signal.SIGCONT)
    first.until("lost")
    first.until("standing by")
    assert room.turns() == [first.process.pid, second.process.pid]
    second.process.kill()
    room.passing(first)
    assert room.turns() == [first.process.pid, second.process.pid, first.process.pid]


def test_a_watch_that_hangs_is_replaced_and_learns_of_it_when_it_goes_on(room: Room) -> None:
    first, second = two(room)
    first.send(signal.SIGUSR1)
    room.passing(second)
    first.send(signal.SIGUSR1)
    first.until("standing by")
    assert room.turns() == [first.process.pid, second.process.pid]


def in_turn(room: Room, number: int) -> None:
    """So many watches; whoever has its turn is killed, until one is left."""
    for _ in range(number):
        room.start()
    left = {watcher.process.pid: watcher for watcher in room.watchers}
    for watcher in room.watchers:
        watcher.until("begun")
    had: list[int] = []
    while left:
        room.until(lambda room: not {*room.passes()[-1:]} <= {*had})
        had.append(room.passes()[-1])
        left.pop(had[-1]).process.kill()
    assert room.turns() == had
    assert sorted(had) == sorted(watcher.process.pid for watcher in room.watchers)


def test_of_several_stand_bys_one_takes_over_at_a_time(room: Room) -> None:
    in_turn(room, 3)


# At its own pace


@pytest.mark.long
def test_of_eight_watches_one_makes_passes_at_a_time(rooms: Callable[[float], Room]) -> None:
    in_turn(rooms(1.0), 8)


@pytest.mark.long
def test_R6_a_watch_that_was_killed_is_replaced_in_time(rooms: Callable[[float], Room]) -> None:
    room = rooms(1.0)
    first, second = two(room)
    first.process.kill()
    room.passing(second, within=SEEN)


@pytest.mark.long
def test_R6_a_watch_that_sleeps_is_replaced_in_time(rooms: Callable[[float], Room]) -> None:
    room = rooms(1.0)
    first, second = two(room)
    first.send(signal.SIGSTOP)
    room.passing(second, within=TAKEN_OVER)
    first.send(signal.SIGCONT)
    first.until("standing by")
    assert room.turns() == [first.process.pid, second.process.pid]


@pytest.mark.long
def test_R6_a_watch_whose_host_is_gone_is_replaced_in_time(rooms: Callable[[float], Room]) -> None:
    room = rooms(1.0)
    here = this_process()
    gone = Worker(id=WorkerId("7" * 32), host="elsewhere/1", boot=here.boot, pid=4711, started=1)
    with closing(open_sqlite(room.path, write=True)) as state:
        assert state.take(gone, WATCH, Author(actor="anna", at=NOW), lease=Seconds(15))
    watcher = room.start()
    watcher.until("standing by: process 4711 on elsewhere watches since ")
    room.passing(watcher, within=TAKEN_OVER)
