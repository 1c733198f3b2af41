"""Workers of the machine: the real schedule, claims and attempts, advanced a step at a time."""

import itertools
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from reconciler.engine.depots import Depots
from reconciler.engine.packing import pack
from reconciler.engine.sending.course import Course
from reconciler.engine.stores.pins import Pins
from reconciler.engine.working.attempts import Attempts
from reconciler.engine.working.buckets import Buckets
from reconciler.engine.working.means import Means
from reconciler.engine.working.running import Ended, Running
from reconciler.model.claims import Beat, Candidate, Claim, Ending, PutBack, Worker, WorkerId
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.schedule import Schedule, Turn
from reconciler.model.settings import Workers
from reconciler.model.snapshot import Mode, Wanted
from reconciler.planning.scheduling import left_behind, make_schedule
from reconciler.state.liveness import BootTime, Liveness
from reconciler.state.protocol import Author, State

from .lockstep import Actor
from .sites import Places

SETTINGS = Workers()
SLOW = BitsPerSecond(8 * 6_554)
"""So that a pack is as small as they get, and a send several of them."""

ALL = 10**6
"""Operations: to the end."""

_numbers = itertools.count(1)


class Clock:
    """Seconds for everything that asks for them; workers live until they are killed."""

    def __init__(self, at: int) -> None:
        self.seconds = float(at)
        self.dead: set[WorkerId] = set()

    @property
    def liveness(self) -> Liveness:
        return Liveness(
            clock=lambda: BootTime(int(self.seconds * 1000)), is_alive=lambda worker: worker.id not in self.dead
        )

    def now(self) -> Instant:
        return Instant(int(self.seconds))

    def author(self) -> Author:
        return Author(actor="machine", at=self.now())


class Stage(Executor):
    """Where attempts are begun: each is an actor that has done nothing yet."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.actors.append(Actor(lambda: fn(*args, **kwargs)))
        return Future()


@dataclass
class Attempt:
    running: Running
    actor: Actor


@dataclass
class Crewman:
    """One worker process: what `reconciler.engine.working.loop` does between two waits, on demand."""

    clock: Clock
    open_state: Callable[[], State]
    places: Places
    fleet: Callable[[], Fleet]
    depots_folder: str
    attempts: list[Attempt] = field(default_factory=list)
    mail: list[Ended] = field(default_factory=list)
    """What the state was not told yet."""

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.worker = Worker(id=WorkerId(f"{number:032x}"), host="hq", boot="b-1", pid=number, started=7)
        self.state = self.open_state()
        self.pins = Pins(self.state, open_state=self.open_state, author=self.clock.author)
        self.depots = Depots(folder=self.depots_folder, pins=self.pins, open_sender=self.places.open)
        self.stage = Stage()
        self.begin = Attempts(
            means=self._means(),
            pins=self.pins,
            depots=self.depots,
            buckets=Buckets(clock=lambda: self.clock.seconds),
            pool=self.stage,
            ended=self.mail.append,
        ).begin

    def _means(self) -> Means:
        return Means(
            worker=self.worker,
            open_state=self.open_state,
            fleet=self.fleet,
            open_sender=self.places.open,
            depot_folder=self.depots_folder,
            forget_source=lambda _package: None,
            verifier="machine",
            settings=SETTINGS,
            author=self.clock.author,
            tell=lambda _event: None,
            show=lambda _sends, _schedule, _packing: None,
            clock=lambda: self.clock.seconds,
            wall=lambda: self.clock.seconds,
            draw=lambda: 0.5,
        )

    def schedule(self) -> Schedule:
        self.pins.refresh(self.state)
        holds = self.state.snapshot(Wanted(sites=(), packages=())).holds
        return make_schedule(
            self.fleet(),
            self.state.sends(),
            holds=holds,
            claims=self.state.claims(),
            packed=frozenset(),
            at=self.clock.now(),
        )

    def _put_back_what_is_left(self) -> None:
        """As the loop does with what a dead worker began and no other may go on with."""
        left = [
            Candidate(package=send.package, site=send.site, number=send.number, bytes_left=Bytes(0))
            for send in left_behind(self.schedule())
        ]
        claims = self.state.claim(self.worker, left, self.clock.author(), lease=SETTINGS.lease) if left else ()
        endings = [Ending(claim=claim, outcome=PutBack(bytes_done=Bytes(0))) for claim in claims]
        if endings:
            self.state.end(endings, self.clock.author())

    def claim(self, count: int, *, only: tuple[str, str] | None = None) -> None:
        """Claim the first turns, or that of one pair, and stand before the first operation of each."""
        self._put_back_what_is_left()
        ready = {(turn.send.package, turn.send.site): turn for turn in self.schedule().ready}
        turns = {pair: ready[pair] for pair in [pair for pair in ready if only in (None, pair)][:count]}
        candidates = [
            Candidate(
                package=turn.send.package,
                site=turn.send.site,
                number=turn.send.number,
                bytes_left=Bytes(turn.send.bytes),
                at_once=turn.at_once,
            )
            for turn in turns.values()
        ]
        author, lease = self.clock.author(), SETTINGS.lease
        for claim in self.state.claim(self.worker, candidates, author, lease=lease) if candidates else ():
            self._pack(claim)
            running = self._running(claim, turns[claim.pair])
            self.begin(running, self.fleet())
            self.attempts.append(Attempt(running, self.stage.actors[-1]))

    def _pack(self, claim: Claim) -> None:
        package = self.fleet().packages_by_name[claim.send.package]
        if claim.send.mode is Mode.CONTENT and claim.send.revision == package.revision:
            depot = self.depots.open(self.fleet(), package.origin)
            try:
                pack(package, depot, at=self.clock.now())
            finally:
                depot.sender.close()

    def _running(self, claim: Claim, turn: Turn) -> Running:
        fleet, send = self.fleet(), claim.send
        course = Course(
            claim=claim, lease=SETTINGS.lease, clock=lambda: self.clock.seconds, wall=lambda: self.clock.seconds
        )
        course.closes_at = turn.closes_at
        return Running(
            course=course,
            package=fleet.packages_by_name[send.package],
            site=fleet.site(send.site),
            began=self.clock.seconds,
            rate=SLOW,
            held=next(iter(self.state.pairs(package=send.package, site=send.site)), None),
            reserved=self.state.reserved(send.site, besides=claim),
        )

    def beat(self) -> None:
        """Renew every lease, as the keeper does."""
        courses = [attempt.running.course for attempt in self.attempts]
        beats = [
            Beat(
                claim=course.claim,
                state=course.state,
                bytes_done=Bytes(course.bytes_done),
                bytes_left=Bytes(course.bytes_left),
            )
            for course in courses
        ]
        lost = self.state.renew(self.worker, beats, self.clock.author(), lease=SETTINGS.lease)
        for course in courses:
            if course.claim in lost:
                course.lose()
            else:
                course.renewed = self.clock.seconds

    def step(self, attempt: Attempt, operations: int = ALL, *, until: str = "") -> None:
        attempt.actor.go(operations, until=until)
        if attempt.actor.ended:
            self.attempts.remove(attempt)

    def kill(self) -> None:
        """The process dies: what it did not tell the state, nobody will."""
        self.clock.dead.add(self.worker.id)
        for attempt in self.attempts:
            attempt.actor.kill()
        self.attempts.clear()
        self.mail.clear()
