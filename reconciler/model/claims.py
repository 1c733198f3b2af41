"""Who carries out which send, and how one attempt at it ends (sending.md 5)."""

from dataclasses import dataclass
from typing import NewType

from reconciler.model.holdings import Absent, Damaged, Receipt, RecordOnly, Unknown
from reconciler.model.instants import Instant
from reconciler.model.names import PackageName, SiteName
from reconciler.model.quantities import Bytes
from reconciler.model.snapshot import Cause, Send, SendState

WorkerId = NewType("WorkerId", str)
"""32 hexadecimal digits, drawn when the process starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that carries out sends.

    On the same `host` and `boot` a `pid` that is gone, or was started at another tick than `started`, is dead and its
    claims are free at once (R6). `host` tells apart what cannot see each other's processes, containers too.
    """

    id: WorkerId
    host: str
    boot: str
    pid: int
    started: int


WATCH = "watch"
"""What a `watch` takes for itself, as a worker of its own that carries out no sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """A worker as the state knows it: since when, when it was last heard of, how many sends it has claimed.

    `takes` are the things that it took and nobody else has since, sorted: its own for as long as it lives.
    """

    worker: Worker
    since: Instant
    seen: Instant
    claims: int
    alive: bool
    takes: tuple[str, ...] = ()

    @property
    def watches(self) -> bool:
        """Whether it is a `watch`'s turn rather than somebody who carries out sends."""
        return WATCH in self.takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An open send that may be claimed now. `bytes_left` is reserved at the site (L20).

    `at_once` is how many sends of the site may be claimed at a time; None for any number.
    """

    package: PackageName
    site: SiteName
    number: int
    bytes_left: Bytes
    at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One attempt at one send: `send` as it was claimed (`sending`, attempts counted up, L28).

    The pair's number and `send.attempts` are the fence: what another attempt says later does not count.
    """

    send: Send
    worker: WorkerId

    @property
    def pair(self) -> tuple[PackageName, SiteName]:
        return self.send.package, self.send.site


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """How far a claimed send is: `sending` or `verifying`, bytes done, bytes still to be reserved."""

    claim: Claim
    state: SendState
    bytes_done: Bytes
    bytes_left: Bytes

    def __post_init__(self) -> None:
        if not self.state.is_claimed:
            raise ValueError(f"a send that is carried out is not {self.state.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The revision is there, verified, its record written: the point of no return. Counts without a claim too (L26)."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedOff:
    """A transient cause: tried again at a stated time (L21)."""

    cause: Cause
    detail: str
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A permanent cause: blocks the revision until `retry`, or until what caused it changes."""

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveWay:
    """The send ends `superseded`: the next pass plans anew (sending.md 2, 4, 6).

    `found`, at `number`, is what the store holds instead of what the state thought: the pair's mark is raised to
    `number`, and the holding becomes `found` unless it is None.
    """

    cause: Cause | None
    detail: str
    number: int = 0
    found: Absent | RecordOnly | Damaged | Unknown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """Nothing went wrong: queued again with what was done so far (stop, pre-emption, a window that closed).

    `until` is when it may travel again if that is known, `cause` then `window` or `rate`; without it, at once.
    """

    bytes_done: Bytes
    cause: Cause | None = None
    detail: str = ""
    until: Instant | None = None


Outcome = Arrived | BackedOff | Failed | GaveWay | PutBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended."""

    claim: Claim
    outcome: Outcome
