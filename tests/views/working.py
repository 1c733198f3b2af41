"""Events of a worker, in a few words each."""

from dataclasses import replace

from reconciler.model.claims import WorkerId
from reconciler.model.instants import Instant, Seconds
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond, Bytes
from reconciler.model.schedule import Schedule, Turn, Wait, WaitReason
from reconciler.model.snapshot import Cause, Mode, Send, SendState
from reconciler.model.working import (
    SendArrived,
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
from tests.builders import MIB, NOW, pair_of, revision

WORKER = WorkerId("3f" * 16)
BERLIN = "Europe/Berlin"


def send(pair: str, **fields: object) -> Send:
    package, site = pair_of(pair)
    made = Send(
        job=f"send-{package}-01234567",
        package=package,
        site=site,
        number=3,
        revision=revision("D1 S1"),
        mode=Mode.CONTENT,
        priority=Priority.MEDIUM,
        state=SendState.QUEUED,
        version=1,
        for_jobs=("rollout",),
        endpoint=f"directory:/srv/{site}",
        recorded_at=Instant(NOW - 600),
        changed_at=Instant(NOW - 300),
        attempts=1,
        bytes=40 * MIB,
    )
    return replace(made, **fields)


def progress(pair: str, done: int, size: int, **fields: object) -> SendProgress:
    return SendProgress(at=NOW, send=send(pair), bytes_done=Bytes(done), bytes=Bytes(size), **fields)


def wait(pair: str, reason: WaitReason, *, minutes: int | None = None, detail: str = "", **fields: object) -> Wait:
    until = None if minutes is None else Instant(NOW + 60 * minutes)
    return Wait(send=send(pair, **fields), reason=reason, until=until, detail=detail, timezone=BERLIN)


ARRIVED = SendArrived(
    at=NOW, send=send("till-4@DE1"), bytes=Bytes(38 * MIB), seconds=Seconds(312), proof="read-back", timezone=BERLIN
)
FAILED = SendFailed(at=NOW, send=send("till-4@FR1"), cause=Cause.PERMISSION, detail="packs/ is read-only")
WAITS = (
    wait("till-4@IT1", WaitReason.BACK_OFF, minutes=18, detail="network: no route to host"),
    wait("office@IT1", WaitReason.BACK_OFF, minutes=18, detail="IT1 stops till-4: network: no route to host"),
    wait("till-4@NO1", WaitReason.NO_ADDRESS, detail="site NO1 has no spec.address"),
    *(
        wait(
            f"till-4@S{n:02}", WaitReason.WINDOW, minutes=360 - n, detail="outside the windows that admit priority low"
        )
        for n in range(12)
    ),
    wait("office@DE1", WaitReason.CLAIMED, detail=f"worker {WORKER} has it", state=SendState.SENDING),
)

EVENTS: tuple[Working, ...] = (
    WorkerStarted(at=NOW, worker=WORKER, slots=2),
    WorkerNotice(at=NOW, text="the state cannot be written: the disk is full"),
    SendStarted(at=NOW, send=send("till-4@DE1", bytes_done=2 * MIB, attempts=2, priority=Priority.HIGH)),
    SendStarted(at=NOW, send=send("till-4@FR1", mode=Mode.SETUP_ONLY, bytes=1100)),
    progress(
        "till-4@DE1", 15 * MIB, 38 * MIB, rate=BitsPerSecond(20_000_000), seconds_left=Seconds(10), timezone=BERLIN
    ),
    progress("till-4@DE1", 38 * MIB, 38 * MIB, state=SendState.VERIFYING),
    ARRIVED,
    SendWaits(
        at=NOW,
        send=send("till-4@IT1"),
        cause=Cause.NETWORK,
        detail="no route to host",
        until=Instant(NOW + 18 * 60),
        timezone=BERLIN,
    ),
    FAILED,
    SendGaveWay(at=NOW, send=send("till-4@ES1"), cause=Cause.SOURCE_CHANGED, detail="the source has other content now"),
    SendGaveWay(at=NOW, send=send("till-4@PT1"), detail="number 4 is at the site already"),
    SendPutBack(
        at=NOW,
        send=send("till-4@PL1"),
        bytes_done=Bytes(12 * MIB),
        cause=Cause.WINDOW,
        until=Instant(NOW + 6 * 3600),
        timezone=BERLIN,
    ),
    SendPutBack(at=NOW, send=send("till-4@SE1"), bytes_done=Bytes(0), detail="send-office-01234567 is more urgent"),
    WorkerStopped(
        at=NOW,
        worker=WORKER,
        reason=StopReason.IDLE,
        seconds=Seconds(900),
        sums=Sums(arrived=3, bytes=Bytes(1200 * MIB), gave_way=2, failed=(FAILED,)),
        waiting=WAITS,
    ),
    WorkerStopped(
        at=NOW, worker=WORKER, reason=StopReason.SIGNAL, detail="SIGTERM", seconds=Seconds(5), waiting=WAITS[2:3]
    ),
    WorkerStopped(at=NOW, worker=WORKER, reason=StopReason.IDLE, seconds=Seconds(61), sums=Sums(arrived=1)),
    WorkerStopped(at=NOW, worker=WORKER, reason=StopReason.FAULT, detail="the state is full", seconds=Seconds(1)),
)
RUNNING = (
    next(event for event in EVENTS if isinstance(event, SendProgress)),
    progress("office@AT1", 0, 90 * MIB),
    progress("office@FR1", 90 * MIB, 90 * MIB, state=SendState.VERIFYING, seconds_left=Seconds(120)),
)
SCHEDULE = Schedule(ready=(Turn(send=send("office@ES1")), Turn(send=send("office@FR1"))), waiting=WAITS)
