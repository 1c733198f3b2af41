"""What `reconcile work -o ndjson` tells: one object for each event, `kind` is `Work` (cli.md)."""

from collections.abc import Mapping
from typing import assert_never

from reconciler.model.instants import Instant, format_instant
from reconciler.model.plan import FORMAT_VERSION
from reconciler.model.schedule import Wait
from reconciler.model.snapshot import Cause, Send
from reconciler.model.working import (
    SendArrived,
    SendEvent,
    SendFailed,
    SendGaveWay,
    SendProgress,
    SendPutBack,
    SendStarted,
    SendWaits,
    WorkerNotice,
    WorkerStarted,
    WorkerStopped,
    Working,
)

Json = dict[str, object]

_NAMES: Mapping[type[SendEvent], str] = {
    SendStarted: "started",
    SendProgress: "progress",
    SendArrived: "arrived",
    SendWaits: "waits",
    SendFailed: "failed",
    SendGaveWay: "gave-way",
    SendPutBack: "put-back",
}


def work_json(event: Working) -> Json:
    """The event as plain values, for `reconciler.views.passes.ndjson`; None means absent."""
    head = {"formatVersion": FORMAT_VERSION, "kind": "Work", "at": format_instant(event.at)}
    if isinstance(event, WorkerStarted | WorkerNotice | WorkerStopped):
        return head | _worker(event)
    return head | {"event": _NAMES[type(event)]} | _send(event.send) | _own(event)


def _worker(event: WorkerStarted | WorkerNotice | WorkerStopped) -> Json:
    if isinstance(event, WorkerStarted):
        return {"event": "worker-started", "worker": event.worker, "slots": event.slots}
    if isinstance(event, WorkerNotice):
        return {"event": "worker-notice", "text": event.text}
    return {
        "event": "worker-stopped",
        "worker": event.worker,
        "reason": event.reason.value,
        "detail": event.detail,
        "seconds": event.seconds,
        "arrived": event.sums.arrived,
        "bytes": event.sums.bytes,
        "gaveWay": event.sums.gave_way,
        "failed": [_pair(one.send) | _cause(one.cause, one.detail) for one in event.sums.failed],
        "waiting": [_waiting(wait) for wait in event.waiting],
    }


def _own(event: SendEvent) -> Json:
    """The keys that only this kind of event has."""
    match event:
        case SendStarted(send=send):
            own: Json = {"bytesDone": send.bytes_done, "bytes": send.bytes}
        case SendProgress():
            own = {
                "state": event.state.value,
                "bytesDone": event.bytes_done,
                "bytes": event.bytes,
                "rate": event.rate,
                "secondsLeft": event.seconds_left,
            }
        case SendArrived():
            own = {"bytes": event.bytes, "seconds": event.seconds, "proof": event.proof}
        case SendWaits():
            own = _cause(event.cause, event.detail) | {"until": format_instant(event.until)}
        case SendFailed() | SendGaveWay():
            own = _cause(event.cause, event.detail)
        case SendPutBack():
            own = {"bytesDone": event.bytes_done} | _cause(event.cause, event.detail) | {"until": _instant(event.until)}
        case _:
            assert_never(event)
    return own


def _send(send: Send) -> Json:
    return _pair(send) | {
        "number": send.number,
        "mode": send.mode.value,
        "priority": send.priority.word,
        "attempt": send.attempts,
    }


def _pair(send: Send) -> Json:
    return {"sendOnlyJob": send.job, "package": send.package, "site": send.site}


def _waiting(wait: Wait) -> Json:
    own = _cause(wait.send.cause, wait.detail) | {"until": _instant(wait.until)}
    return _pair(wait.send) | {"reason": wait.reason.value} | own


def _cause(cause: Cause | None, detail: str) -> Json:
    return {"cause": None if cause is None else cause.value, "detail": detail}


def _instant(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
