"""What a worker tells while it works, and what it adds up to at the end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

from reconciler.engine.working.means import Means
from reconciler.engine.working.running import Ended, Running
from reconciler.model.claims import Arrived, BackedOff, Failed, GaveWay, Outcome, PutBack
from reconciler.model.instants import Instant, Seconds
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.schedule import Schedule, Wait
from reconciler.model.working import (
    PackingProgress,
    SendArrived,
    SendEvent,
    SendFailed,
    SendGaveWay,
    SendProgress,
    SendPutBack,
    SendStarted,
    SendWaits,
    StopReason,
    Sums,
    WorkerNotice,
    WorkerStarted,
    WorkerStopped,
    Working,
)


@dataclass(slots=True)
class Tally:
    """Tells events as they happen, and adds them up."""

    means: Means
    began_at: float = 0.0
    sums: Sums = Sums()

    def started(self) -> None:
        self.began_at = self.means.clock()
        self._tell(WorkerStarted(at=self._at(), worker=self.means.worker.id, slots=self.means.settings.count))

    def began(self, one: Running) -> None:
        self._tell(SendStarted(at=self._at(), send=one.claim.send, timezone=one.site.timezone))

    def show(self, running: Iterable[Running], schedule: Schedule, packing: Iterable[PackingProgress]) -> None:
        """How far each attempt is, what is being packed, and what waits."""
        self.means.show(tuple(self._progress(one) for one in running), schedule, tuple(packing))

    def ended(self, ended: Ended, *, counted: bool) -> None:
        """What became of an attempt; without its claim it has no say any more."""
        one = ended.running
        send = one.claim.send
        if ended.fault is not None:
            self.notice(f"{send.package}@{send.site}: a fault of reconcile: {ended.fault!r}")
        if ended.outcome is None or not (counted or isinstance(ended.outcome, Arrived)):
            detail = "somebody else has it now, or nobody needs it any more"
            self._tell(SendGaveWay(at=self._at(), send=send, timezone=one.site.timezone, detail=detail))
        else:
            self._tell(self._event(one, ended.outcome))

    def notice(self, text: str) -> None:
        """Something of the world that stops no send by itself."""
        self._tell(WorkerNotice(at=self._at(), text=text))

    def stopped(self, reason: StopReason, waiting: tuple[Wait, ...]) -> WorkerStopped:
        stopped = WorkerStopped(
            at=self._at(),
            worker=self.means.worker.id,
            reason=reason,
            seconds=Seconds(int(self.means.clock() - self.began_at)),
            sums=self.sums,
            waiting=waiting,
        )
        self._tell(stopped)
        return stopped

    def _event(self, one: Running, outcome: Outcome) -> SendEvent:
        at, send, zone = self._at(), one.claim.send, one.site.timezone
        match outcome:
            case Arrived(receipt=receipt):
                seconds = Seconds(int(self.means.clock() - one.began))
                return SendArrived(
                    at=at,
                    send=send,
                    timezone=zone,
                    bytes=Bytes(one.traffic.up),
                    seconds=seconds,
                    proof=receipt.proof,
                )
            case BackedOff(cause=waits_for, detail=detail, until=until):
                return SendWaits(at=at, send=send, timezone=zone, cause=waits_for, detail=detail, until=until)
            case Failed(cause=failed_by, detail=detail):
                return SendFailed(at=at, send=send, timezone=zone, cause=failed_by, detail=detail)
            case GaveWay(cause=cause, detail=detail):
                return SendGaveWay(at=at, send=send, timezone=zone, cause=cause, detail=detail)
            case PutBack(bytes_done=done, cause=cause, detail=detail, until=later):
                return SendPutBack(
                    at=at, send=send, timezone=zone, bytes_done=done, cause=cause, detail=detail, until=later
                )
            case _:
                assert_never(outcome)

    def _progress(self, one: Running) -> SendProgress:
        course, passed = one.course, self.means.clock() - one.began
        rate = one.traffic.up / passed if passed > 1 and one.traffic.up else None
        return SendProgress(
            at=self._at(),
            send=one.claim.send,
            timezone=one.site.timezone,
            state=course.state,
            bytes_done=Bytes(course.bytes_done),
            bytes=Bytes(course.bytes_done + course.bytes_left),
            rate=None if rate is None else BitsPerSecond(int(rate * 8)),
            seconds_left=None if rate is None else Seconds(int(course.bytes_left / rate)),
        )

    def _tell(self, event: Working) -> None:
        self.sums = self.sums.after(event)
        self.means.tell(event)

    def _at(self) -> Instant:
        return Instant(int(self.means.wall()))
