"""What `reconcile work` tells while it carries out sends, and when it stops: facts with the instant they happened at.

The words are those of the outcomes in `reconciler.model.claims`. `send` is the row as it was claimed, `timezone` that
of its site.
"""

from dataclasses import dataclass, replace
from enum import Enum

from reconciler.model.claims import WorkerId
from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import PackageName
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.schedule import Wait, WaitReason
from reconciler.model.snapshot import Cause, Send, SendState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStarted:
    """`slots` is how many sends it carries out at a time."""

    at: Instant
    worker: WorkerId
    slots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNotice:
    """Something of the world that stops no send by itself: the state did not answer, a source could not be read."""

    at: Instant
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackingProgress:
    """A package that is being packed for its sends: its content's bytes, and those packed so far, compressed."""

    package: PackageName
    bytes: Bytes
    packed: Bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStarted:
    """It was claimed; what is at the site is looked at next (L36)."""

    at: Instant
    send: Send
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendProgress:
    """How far a running send is: `sending` or `verifying`.

    `bytes` is all that travels, an upper bound until the store was looked at; `rate` and `seconds_left` are None while
    nothing is known of them. The latest one of each running send is a row of the live table.
    """

    at: Instant
    send: Send
    timezone: str = "UTC"
    state: SendState = SendState.SENDING
    bytes_done: Bytes
    bytes: Bytes
    rate: BitsPerSecond | None = None
    seconds_left: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendArrived:
    """`bytes` really travelled, in `seconds`; `proof` names how they were checked (sending.md 6)."""

    at: Instant
    send: Send
    timezone: str = "UTC"
    bytes: Bytes
    seconds: Seconds
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWaits:
    """It backs off: tried again at `until`, never without a time (L21)."""

    at: Instant
    send: Send
    timezone: str = "UTC"
    cause: Cause
    detail: str
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed:
    """For good: until `retry`, or until what caused it changes."""

    at: Instant
    send: Send
    timezone: str = "UTC"
    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendGaveWay:
    """It ended `superseded`, or its claim was lost: the next pass, or another worker, goes on."""

    at: Instant
    send: Send
    timezone: str = "UTC"
    cause: Cause | None = None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPutBack:
    """Nothing went wrong: queued again with what was done so far; `until` where it is known when it goes on."""

    at: Instant
    send: Send
    timezone: str = "UTC"
    bytes_done: Bytes
    cause: Cause | None = None
    detail: str = ""
    until: Instant | None = None


class StopReason(Enum):
    """Why a worker stopped."""

    IDLE = "idle"
    """`--until-idle`: nobody has claimed a send, and none can be claimed now."""
    SIGNAL = "signal"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What became of the sends so far: how many arrived, with how many bytes, how many gave way, and which failed."""

    arrived: int = 0
    bytes: Bytes = Bytes(0)
    gave_way: int = 0
    failed: tuple[SendFailed, ...] = ()

    def after(self, event: "Working") -> "Sums":
        """With one event more; a failed send that is begun again has not failed any more."""
        match event:
            case SendArrived():
                return replace(self, arrived=self.arrived + 1, bytes=Bytes(self.bytes + event.bytes))
            case SendGaveWay():
                return replace(self, gave_way=self.gave_way + 1)
            case SendFailed():
                return replace(self, failed=(*self.failed, event))
            case SendStarted(send=send):
                pair = send.package, send.site
                return replace(
                    self, failed=tuple(one for one in self.failed if (one.send.package, one.send.site) != pair)
                )
            case _:
                return self


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStopped:
    """The end, with what became of the sends. `waiting` are the open ones that are left, by package, then site."""

    at: Instant
    worker: WorkerId
    reason: StopReason
    detail: str = ""
    seconds: Seconds
    sums: Sums = Sums()
    waiting: tuple[Wait, ...] = ()

    @property
    def is_calm(self) -> bool:
        """Whether nothing failed, and all that is left waits for a window, a hold, or another worker."""
        return not self.sums.failed and all(wait.reason in _CALM for wait in self.waiting)


_CALM = frozenset((WaitReason.CLAIMED, WaitReason.SUSPENDED, WaitReason.WINDOW, WaitReason.SITE_BUSY))

SendEvent = SendStarted | SendProgress | SendArrived | SendWaits | SendFailed | SendGaveWay | SendPutBack
Working = WorkerStarted | WorkerNotice | SendEvent | WorkerStopped
