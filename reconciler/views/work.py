"""What `reconcile work` tells, as lines: one for each change of a send's state (L27)."""

from collections.abc import Mapping
from typing import assert_never

from reconciler.model.instants import format_instant
from reconciler.model.quantities import format_duration, format_rate, format_size
from reconciler.model.snapshot import Mode, Send
from reconciler.model.working import (
    SendArrived,
    SendEvent,
    SendFailed,
    SendGaveWay,
    SendProgress,
    SendPutBack,
    SendStarted,
    SendWaits,
    StopReason,
    WorkerNotice,
    WorkerStarted,
    WorkerStopped,
    Working,
)
from reconciler.views.counts import count
from reconciler.views.moments import moment
from reconciler.views.paint import Ink, paint
from reconciler.views.reasons import CAUSES
from reconciler.views.untrusted import render_untrusted
from reconciler.views.waits import cause_text

STOPS = {
    StopReason.IDLE: "nothing can be claimed now",
    StopReason.SIGNAL: "asked to stop",
    StopReason.FAULT: "could not go on",
}

_WORDS: Mapping[type[SendEvent], str] = {
    SendStarted: "started",
    SendArrived: "arrived",
    SendWaits: "waits",
    SendFailed: "failed",
    SendGaveWay: "gave way",
    SendPutBack: "put back",
}
"""Progress is told by the send's state."""

_INKS = {
    "arrived": Ink.GREEN,
    "waits": Ink.YELLOW,
    "failed": Ink.RED,
    "gave way": Ink.YELLOW,
    "put back": Ink.YELLOW,
}


def work_text(event: Working, *, zone: str = "UTC", color: bool = False) -> str:
    """One line: when, what happened, to which pair, and what there is to say of it."""
    if isinstance(event, WorkerStarted | WorkerNotice | WorkerStopped):
        word, told = _of_worker(event)
    else:
        word = event.state.value if isinstance(event, SendProgress) else _WORDS[type(event)]
        told = f"{pair_of(event.send)}  {render_untrusted(_of_send(event))}"
    painted = paint(f"{word:<9}", _INKS.get(word, Ink.BOLD), color=color)
    return f"{format_instant(event.at, zone)}  {painted}  {told}".rstrip() + "\n"


def work_words(event: Working) -> str:
    """What happened, without when: for a log that tells that elsewhere."""
    if isinstance(event, WorkerStarted | WorkerNotice | WorkerStopped):
        return ": ".join(part for part in _of_worker(event) if part)
    word = event.state.value if isinstance(event, SendProgress) else _WORDS[type(event)]
    return f"{pair_of(event.send)} {word}: {_of_send(event)}"


def pair_of(send: Send) -> str:
    """`PACKAGE@SITE`, harmless."""
    return render_untrusted(f"{send.package}@{send.site}")


def _of_worker(event: WorkerStarted | WorkerNotice | WorkerStopped) -> tuple[str, str]:
    """The word for what happened to the worker, and the rest."""
    match event:
        case WorkerStarted():
            word, told = "working", f"{count(event.slots, 'send')} at a time, worker {event.worker}"
        case WorkerNotice():
            word, told = "notice", event.text
        case WorkerStopped():
            word, told = "stopped", f"{stop_words(event)}: {_ends(event)}"
        case _:
            assert_never(event)
    return word, render_untrusted(told)


def _of_send(event: SendEvent) -> str:
    match event:
        case SendStarted():
            told = _started(event.send)
        case SendProgress():
            told = _progress(event)
        case SendArrived():
            told = f"{format_size(event.bytes)}, {format_duration(event.seconds)}, proof {event.proof}"
        case SendWaits():
            again = moment(event.until, now=event.at, zone=event.timezone)
            told = f"{cause_text(event.cause, event.detail)}, next attempt {again}"
        case SendFailed():
            told = f"{cause_text(event.cause, event.detail)}; again: reconcile retry {event.send.job}"
        case SendGaveWay():
            told = event.detail if event.cause is None else cause_text(event.cause, event.detail)
        case SendPutBack():
            told = _put_back(event)
        case _:
            assert_never(event)
    return told


def _started(send: Send) -> str:
    size = format_size(send.bytes)
    what = f"setup alone {size}" if send.mode is Mode.SETUP_ONLY else f"content ≤ {size}"
    done = f", {format_size(send.bytes_done)} done" if send.bytes_done else ""
    return f"{what}{done}, {send.priority.word} priority, attempt {send.attempts}, {send.job}"


def _progress(event: SendProgress) -> str:
    """`15.4 MiB of 38.4 MiB, 20 Mbit/s, 5 min left`."""
    parts = [
        f"{format_size(event.bytes_done)} of {format_size(event.bytes)}",
        "" if event.rate is None else format_rate(event.rate),
        "" if event.seconds_left is None else f"{format_duration(event.seconds_left)} left",
    ]
    return ", ".join(part for part in parts if part)


def _put_back(event: SendPutBack) -> str:
    cause = "" if event.cause is None else CAUSES[event.cause]
    until = "" if event.until is None else f"until {moment(event.until, now=event.at, zone=event.timezone)}"
    parts = [f"{format_size(event.bytes_done)} done", event.detail, f"{cause} {until}".strip()]
    return ", ".join(part for part in parts if part)


def stop_words(event: WorkerStopped) -> str:
    """Why it stopped; nothing is left at all if that is so."""
    if event.reason is StopReason.IDLE and not event.waiting and not event.detail:
        return "nothing is left to send"
    return f"{STOPS[event.reason]} ({event.detail})" if event.detail else STOPS[event.reason]


def _ends(event: WorkerStopped) -> str:
    """`3 arrived (1.2 GiB), 1 failed, 1,842 wait`."""
    sums, waiting = event.sums, len(event.waiting)
    parts = [
        f"{sums.arrived:,} arrived ({format_size(sums.bytes)})",
        f"{sums.gave_way:,} gave way" if sums.gave_way else "",
        f"{len(sums.failed):,} failed" if sums.failed else "",
        f"{waiting:,} {'waits' if waiting == 1 else 'wait'}" if waiting else "",
    ]
    return ", ".join(part for part in parts if part)
