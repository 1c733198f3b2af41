"""What the suites do to a state and ask of it, in a few words each."""

from collections.abc import Iterable
from dataclasses import fields

from reconciler.model.claims import (
    BackedOff,
    Beat,
    Candidate,
    Claim,
    Ending,
    Failed,
    Outcome,
    PutBack,
    Worker,
    WorkerId,
)
from reconciler.model.holdings import Absent, Damaged, RecordOnly, Staged, Unknown
from reconciler.model.instants import Instant, Seconds
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Difference, Send, SendState, Snapshot
from reconciler.state.liveness import BootTime, Liveness
from reconciler.state.protocol import Author, HeldPair, Observation, State
from tests.builders import MIB, NOW, pair_of, plan, planned, send_only_job, wanted

ANNA = Author(actor="anna", at=NOW, commit="3f9c2ab")
LATER = Author(actor="ben", at=Instant(NOW + 600))
SITES = ("DE1", "EU1", "FR1", "US1")
LEASE = Seconds(20)


class Machine:
    """The clock and the processes that a state under test finds: time passes and workers die when a test says so."""

    def __init__(self) -> None:
        self.now = BootTime(100_000)
        self.dead: set[WorkerId] = set()

    @property
    def liveness(self) -> Liveness:
        return Liveness(clock=lambda: self.now, is_alive=lambda worker: worker.id not in self.dead)

    def wait(self, seconds: float) -> None:
        self.now = BootTime(self.now + int(seconds * 1000))


def worker(name: str) -> Worker:
    """Of one letter, so that its id is known too."""
    return Worker(id=WorkerId(name * 32), host="hq", boot="b-1", pid=ord(name), started=7)


ONE, TWO = worker("1"), worker("2")


def look(state: State, words: str = "D1 S1") -> Snapshot:
    return state.snapshot(wanted({"till": (words, SITES)}, sites=SITES))


def differing(snapshot: Snapshot, site: str) -> Difference:
    return next(one for one in snapshot.differences if one.site == SITES.index(site))


def version(state: State, site: str = "DE1") -> int:
    """Of the pair till@SITE, as a plan for a revision that nobody holds would find it."""
    return differing(look(state, "D0 S0"), site).version


def held_pair(state: State, pair: str) -> HeldPair:
    package, site = pair_of(pair)
    return next(iter(state.pairs(package=package, site=site)))


def open_send(state: State, site: str, author: Author = ANNA, words: str = "D1 S1") -> Send:
    """Record a send of the package till to one site, whatever was there before."""
    now = differing(look(state, "D0 S0"), site)
    job = send_only_job("till", words, [planned(site, now.mark + 1, now.version)])
    assert state.submit(plan(job), author).recorded == (job.name,)
    return state.sends(job=job.name)[0]


def candidate(send: Send, *, bytes_left: int = MIB, at_once: int | None = None) -> Candidate:
    return Candidate(
        package=send.package, site=send.site, number=send.number, bytes_left=Bytes(bytes_left), at_once=at_once
    )


def claim(state: State, send: Send, author: Author = ANNA, *, by: Worker = ONE, **words: int) -> Claim:
    """The send is claimed; fails if it cannot be."""
    (claimed,) = state.claim(by, [candidate(send, **words)], author, lease=LEASE)
    return claimed


def may_claim(state: State, send: Send, author: Author = ANNA, *, by: Worker = TWO, at_once: int | None = None) -> bool:
    return len(state.claim(by, [candidate(send, at_once=at_once)], author, lease=LEASE)) == 1


def beat(claim: Claim, state: SendState = SendState.SENDING, *, done: int = 0, left: int = MIB) -> Beat:
    return Beat(claim=claim, state=state, bytes_done=Bytes(done), bytes_left=Bytes(left))


def end(state: State, claim: Claim, outcome: Outcome, author: Author = ANNA) -> bool:
    (counted,) = state.end([Ending(claim=claim, outcome=outcome)], author)
    return counted


def attempt(state: State, send: Send, outcome: Outcome, author: Author = ANNA) -> None:
    """Claim the send and end the attempt at once."""
    assert end(state, claim(state, send, author), outcome, author)


def back_off(cause: Cause = Cause.NETWORK, *, until: int = NOW + 30) -> BackedOff:
    return BackedOff(cause=cause, detail="timed out", until=Instant(until))


FAILED = Failed(cause=Cause.PERMISSION, detail="read-only")
PUT_BACK = PutBack(bytes_done=Bytes(9))


def found(
    state: State, pair: str, number: int, holding: Absent | RecordOnly | Staged | Damaged | Unknown
) -> Observation:
    """A look that began just now."""
    package, site = pair_of(pair)
    mark = max((known.mark for known in state.pairs(package=package, site=site)), default=0)
    return Observation(package=package, site=site, mark=mark, number=number, holding=holding)


def observe(state: State, look: Observation, author: Author) -> bool:
    (counted,) = state.observe([look], author)
    return counted


def no_nulls(sends: Iterable[Send]) -> None:
    """L27: only what may be absent is None."""
    for send in sends:
        for field in fields(send):
            assert field.name in ("next_attempt", "cause") or getattr(send, field.name) is not None
