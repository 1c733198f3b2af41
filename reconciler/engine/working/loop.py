"""The loop of a worker: claim what may travel, watch over what runs, record what ended (sending.md 5).

One thread claims and records, with one connection to the state; each attempt has a thread of its own, and so have the
leases. So claims come in batches, and receipts of one process are grouped: two durable commits a send at most (S6).
"""

import queue
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from reconciler.engine.depots import Depots
from reconciler.engine.sending.attempt import attempt_id
from reconciler.engine.sending.course import Course
from reconciler.engine.stores.pins import Pins
from reconciler.engine.working.attempts import Attempts
from reconciler.engine.working.buckets import Buckets, workers_at
from reconciler.engine.working.keeper import Keeper
from reconciler.engine.working.means import Means
from reconciler.engine.working.packing import Packing
from reconciler.engine.working.running import DepotAnswered, Ended, PackingEnded, Pair, Running
from reconciler.engine.working.tally import Tally
from reconciler.model.claims import BackedOff, Candidate, Claim, Ending, PutBack
from reconciler.model.faults import StateError
from reconciler.model.fleet import Fleet
from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.schedule import Schedule, Turn, Wait, WaitReason
from reconciler.model.snapshot import Cause, Send, Wanted
from reconciler.model.working import StopReason, WorkerStopped
from reconciler.planning.conditions import Conditions
from reconciler.planning.preemption import to_preempt
from reconciler.planning.scheduling import left_behind, make_schedule
from reconciler.state.protocol import State

TICK = 1.0
"""Seconds after which the state and the manifests are looked at again: a free claim is found within 2 s."""

BEYOND = 32
"""Attempts at sites that do not answer may run beside the worker's own number of them."""

PATIENCE = 8.0
"""Seconds that attempts have to stop at a chunk once a stop is asked for; then their claims lapse with the process."""


def work(means: Means, *, until_idle: bool, stop: Callable[[], bool]) -> WorkerStopped:
    """Carry out sends until `stop` says so, or until nobody has claimed one and none can be claimed now."""
    state = means.open_state()
    try:
        return _Loop(means, state).run(until_idle=until_idle, stop=stop)
    finally:
        state.close()


@dataclass(slots=True)
class _Loop:
    """`turns` are those of the schedule that were not claimed yet; `unrecorded` what the state did not take yet.

    It `sees` while the state answers: who cannot look is not idle.
    """

    means: Means
    state: State
    fleet: Fleet = field(init=False)
    pins: Pins = field(init=False)
    attempts: Attempts = field(init=False)
    packing: Packing = field(init=False)
    tally: Tally = field(init=False)
    buckets: Buckets = field(init=False)
    running: dict[Pair, Running] = field(default_factory=dict)
    ended: "queue.SimpleQueue[Ended | PackingEnded | DepotAnswered]" = field(default_factory=queue.SimpleQueue)
    unrecorded: list[Ended] = field(default_factory=list)
    schedule: Schedule = field(default_factory=lambda: Schedule(ready=(), waiting=()))
    turns: list[Turn] = field(default_factory=list)
    workers_at: Mapping[SiteName, int] = field(default_factory=dict)
    looked_at: float | None = None
    sees: bool = False

    def __post_init__(self) -> None:
        means = self.means
        self.fleet = means.fleet()
        self.pins = Pins(self.state, open_state=means.open_state, author=means.author)
        self.buckets = Buckets(clock=means.clock)
        depots = Depots(folder=means.depot_folder, pins=self.pins, open_sender=means.open_sender)
        pool = ThreadPoolExecutor(max_workers=2 * means.settings.count + BEYOND, thread_name_prefix="send")
        self.attempts = Attempts(
            means=means, pins=self.pins, depots=depots, buckets=self.buckets, pool=pool, ended=self.ended.put
        )
        self.packing = Packing(means=means, depots=depots, pool=pool, ended=self.ended.put)
        self.tally = Tally(means=means)

    def run(self, *, until_idle: bool, stop: Callable[[], bool]) -> WorkerStopped:
        # In one step: a dict that changes under a comprehension raises, and the keeper is another thread.
        keeper = Keeper(self.means, lambda: [one.course for one in tuple(self.running.values())])
        keeper.start()
        self.tally.started()
        reason = StopReason.SIGNAL
        try:
            while not stop():
                try:
                    self._look()
                    self._start()
                except StateError as fault:
                    self.tally.notice(str(fault))
                    self.looked_at, self.sees = self.means.clock(), False
                if until_idle and self._is_idle():
                    reason = StopReason.IDLE
                    break
                self._gather(0.0 if self.looked_at is None else TICK)
            else:
                self._wind_up()
        finally:
            keeper.close()
            self.attempts.pool.shutdown(wait=False, cancel_futures=True)
            self._leave()
        return self.tally.stopped(reason, self.schedule.waiting)

    # What may travel

    def _look(self) -> None:
        """Look at the state and the manifests, once a tick or when there is nothing left to claim."""
        now = self.means.clock()
        if self.looked_at is not None and now - self.looked_at < TICK:
            return
        self.looked_at, self.turns = now, []  # those of a fleet that is no more, should the state not answer
        self.fleet = self.means.fleet(behind=self._is_behind())
        at = Instant(int(self.means.wall()))
        sends = self.state.sends()
        claims = self.state.claims()
        holds = self.state.snapshot(Wanted(sites=(), packages=())).holds
        self.pins.refresh(self.state)
        self.sees = True
        self.schedule = make_schedule(self.fleet, sends, holds=holds, claims=claims, packed=self.packing.packed, at=at)
        self.turns = list(self.schedule.ready)
        conditions = Conditions(self.fleet, holds=holds, packed=self.packing.packed, at=at)
        living = set(map(attempt_id, claims))
        self.workers_at = workers_at(claims, self.means.worker.id)
        for one in self.running.values():
            if attempt_id(one.claim) not in living:
                one.course.lose()  # sooner than the next heart-beat
            self._watch_over(one, conditions)
        self._preempt(claims)
        self._put_back_what_is_left()
        self.tally.show(self.running.values(), self.schedule, self.packing.underway.values())

    def _set_rate(self, site: SiteName, rate: BitsPerSecond | None) -> None:
        self.buckets.set_rate(site, rate, shared_by=self.workers_at.get(site, 1))

    def _is_behind(self) -> bool:
        return any(wait.reason is WaitReason.OTHER_REVISION for wait in self.schedule.waiting)

    def _watch_over(self, one: Running, conditions: Conditions) -> None:
        """What changed in the manifests or the holds counts for what runs, too (L22)."""
        one.reserved = self.state.reserved(one.site.name, besides=one.claim)
        found = conditions.of(one.claim.send)
        match found:
            case Turn():
                one.course.closes_at = found.closes_at
                self._set_rate(one.site.name, found.rate)
            case Wait(reason=WaitReason.WINDOW):
                one.course.interrupt(PutBack(bytes_done=Bytes(0), cause=Cause.WINDOW, detail=found.detail))
            case Wait(reason=WaitReason.SUSPENDED):
                one.course.interrupt(PutBack(bytes_done=Bytes(0), detail=found.detail))
            case Wait():
                pass  # The next pass closes the row, or the attempt itself finds out.

    def _put_back_what_is_left(self) -> None:
        """What a dead worker began and nobody may go on with: the next pass ends no row that looks claimed (L14)."""
        left = left_behind(self.schedule)
        put_back = [
            Ending(
                claim=claim, outcome=PutBack(bytes_done=Bytes(claim.send.bytes_done), detail="a dead worker left it")
            )
            for claim in (self._claimed(map(_candidate, left)) if left else ())
        ]
        if put_back:
            self.state.end(put_back, self.means.author())

    def _preempt(self, claims: Sequence[Claim]) -> None:
        mine = [claim for claim in claims if claim.pair in self.running]
        for claim in to_preempt(self.schedule, mine, self._free()):
            detail = "gives way to a send of higher priority"
            self.running[claim.pair].course.interrupt(PutBack(bytes_done=Bytes(0), detail=detail))

    # Claiming

    def _free(self) -> int:
        """Places for attempts; one at a site that does not answer leaves its place to others (L21)."""
        now = self.means.clock()
        stalled = sum(one.is_stalled(now) for one in self.running.values())
        return min(
            self.means.settings.count - (len(self.running) - stalled) - self.packing.running,
            self.means.settings.count + BEYOND - len(self.running),
        )

    def _start(self) -> None:
        """Claim the next turns in one commit, and begin with them."""
        chosen = self._choose(self._free())
        if not chosen:
            return
        turns = {(turn.send.package, turn.send.site): turn for turn in chosen}
        began = self.means.clock()
        for claim in self._claimed(_candidate(turn.send, at_once=turn.at_once) for turn in chosen):
            running = self._running(claim, turns[claim.pair], began)
            verdict = self.packing.verdict(claim.send)
            if verdict is not None:
                self.unrecorded.append(Ended(running=running, outcome=verdict))
                self.looked_at = None
                continue
            self.running[claim.pair] = running
            self.tally.began(running)
            self.attempts.begin(running, self.fleet)
        self._record()

    def _choose(self, free: int) -> list[Turn]:
        """The first turns that can begin: what is packed, or needs no parcel; packing is begun for the others.

        One attempt a pair at a time: that of a row that was superseded, or whose claim was lost, ends before the next.
        """
        chosen: list[Turn] = []
        now = self.means.clock()
        stalled = {one.site.name for one in self.running.values() if one.is_stalled(now)}
        kept: list[Turn] = []
        for turn in self.turns:
            send = turn.send
            if len(chosen) >= free or send.site in stalled or (send.package, send.site) in self.running:
                kept.append(turn)
            elif self.packing.is_ready(self.fleet, send):
                chosen.append(turn)
            else:
                free -= self.packing.begin(self.fleet, send, self.state)
                kept.append(turn)
        self.turns = kept
        self.packing.ask(self.fleet)
        return chosen

    def _claimed(self, candidates: Iterable[Candidate]) -> Sequence[Claim]:
        means = self.means
        return self.state.claim(means.worker, tuple(candidates), means.author(), lease=means.settings.lease)

    def _running(self, claim: Claim, turn: Turn, began: float) -> Running:
        """`began` is from before the claim was recorded: its lease is no shorter than that tells."""
        means, send = self.means, claim.send
        site = self.fleet.site(send.site)
        course = Course(claim=claim, lease=means.settings.lease, clock=means.clock, wall=means.wall, renewed=began)
        course.closes_at = turn.closes_at
        self._set_rate(site.name, turn.rate)
        return Running(
            course=course,
            package=self.fleet.packages_by_name[send.package],
            site=site,
            began=began,
            rate=turn.rate,
            held=next(iter(self.state.pairs(package=send.package, site=send.site)), None),
            reserved=self.state.reserved(send.site, besides=claim),
        )

    # Recording

    def _gather(self, patience: float) -> None:
        """Wait for something to end, and record all that has ended by then in one commit."""
        try:
            self._take_in(self.ended.get(timeout=patience))
            while True:
                self._take_in(self.ended.get_nowait())
        except queue.Empty:
            pass
        self._record()

    def _take_in(self, ended: Ended | PackingEnded | DepotAnswered) -> None:
        if not self.turns or isinstance(ended, PackingEnded):
            self.looked_at = None  # A place is free, and perhaps somebody waited for just that.
        match ended:
            case Ended():
                del self.running[ended.running.claim.pair]
                self.unrecorded.append(ended)
                if isinstance(ended.outcome, BackedOff) and ended.outcome.cause is Cause.SOURCE_MISSING:
                    send = ended.running.claim.send
                    self.packing.lost((send.package, send.revision.content))
            case PackingEnded():
                self.packing.end(ended, self.state)
            case DepotAnswered():
                self.packing.answered(ended)

    def _record(self) -> None:
        """One commit for everything that ended; what the state does not take now is kept until it does."""
        endings = [
            Ending(claim=ended.running.claim, outcome=ended.outcome)
            for ended in self.unrecorded
            if ended.outcome is not None
        ]
        try:
            counted = iter(self.state.end(endings, self.means.author()) if endings else ())
        except StateError as fault:
            self.tally.notice(f"{len(endings)} results are not recorded yet: {fault}")
            return
        for ended in self.unrecorded:
            self.tally.ended(ended, counted=ended.outcome is not None and next(counted))
        self.unrecorded.clear()

    # Stopping

    def _is_idle(self) -> bool:
        """Nothing runs anywhere, nothing is left to be claimed; the schedule is of after the last ending."""
        if (
            not self.sees
            or self.looked_at is None
            or self.running
            or self.unrecorded
            or self.packing.running
            or self.turns
        ):
            return False
        return not any(wait.reason is WaitReason.CLAIMED for wait in self.schedule.waiting)

    def _wind_up(self) -> None:
        """No more claims; what runs stops at the next chunk and is put back."""
        self.packing.stop()
        for one in self.running.values():
            one.course.interrupt(PutBack(bytes_done=Bytes(0), detail="the worker stopped"))
        until = self.means.clock() + PATIENCE
        while (self.running or self.packing.running) and self.means.clock() < until:
            self._gather(0.1)
        self._record()

    def _leave(self) -> None:
        """What still runs cannot be stopped: its claim ends with the process."""
        if not self.running:
            try:
                self.state.leave(self.means.worker)
            except StateError as fault:
                self.tally.notice(str(fault))


def _candidate(send: Send, *, at_once: int | None = None) -> Candidate:
    return Candidate(
        package=send.package,
        site=send.site,
        number=send.number,
        bytes_left=Bytes(max(send.bytes - send.bytes_done, 0)),
        at_once=at_once,
    )
