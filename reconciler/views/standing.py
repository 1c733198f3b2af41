"""What a row of a send-only job waits for, how long it has, and until when; or how it ended (L27)."""

from reconciler.model.instants import Instant, format_instant
from reconciler.model.quantities import format_duration, format_size
from reconciler.model.schedule import Wait, WaitReason
from reconciler.model.snapshot import Send, SendState
from reconciler.model.status import RowStatus, Status
from reconciler.views.counts import count
from reconciler.views.moments import since
from reconciler.views.untrusted import render_untrusted
from reconciler.views.waits import WAITS, until_text
from reconciler.views.workers import START, short

NOT_CLAIMED = "not-claimed"
"""The reason, beside those of `WaitReason`, of a row whose turn it is: nothing but a worker is missing."""


def standing_text(row: RowStatus, status: Status) -> str:
    """In words; bytes are told elsewhere."""
    send = row.send
    if not send.state.is_open:
        return _ended(send)
    if row.worker is not None:
        return f"worker {short(row.worker)} has it {since(send.changed_at, now=status.at, zone='UTC')}"
    age = format_duration(status.at - send.recorded_at)
    if row.wait is not None:
        return f"{_waits(row.wait, now=status.at)} (recorded {age} ago)"
    what = "its worker is gone" if send.state.is_claimed else f"no worker has claimed it for {age}"
    if not status.living:
        return f"{what}; {START}"
    claims = count(sum(worker.claims for worker in status.living), "send")
    return f"{what}; {count(len(status.living), 'worker')} alive with {claims}"


def _waits(wait: Wait, *, now: Instant) -> str:
    told = (until_text(wait, now=now), render_untrusted(wait.detail) or WAITS[wait.reason])
    return ", ".join(part for part in told if part)


def _ended(send: Send) -> str:
    cause = "" if send.cause is None else f": {send.cause.value}"
    detail = f" ({render_untrusted(send.detail)})" if send.detail else ""
    number = f", number {send.number}" if send.state is SendState.COMPLETE else ""
    return f"{format_instant(send.changed_at)}{number}{cause}{detail}"


def reason_of(row: RowStatus) -> str:
    """The word for what an open row waits for; "" for one that ended."""
    if not row.send.state.is_open:
        return ""
    if row.worker is not None:
        return WaitReason.CLAIMED.value
    return NOT_CLAIMED if row.wait is None else row.wait.reason.value


def bytes_done(send: Send) -> int:
    """What is there counts as done, whatever of it travelled."""
    return send.bytes if send.state is SendState.COMPLETE else send.bytes_done


def bytes_text(send: Send) -> str:
    """`12 MiB of 1.2 GiB`."""
    return f"{format_size(bytes_done(send))} of {format_size(send.bytes)}"
