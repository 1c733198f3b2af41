"""What an open send becomes when it is claimed, when an attempt ends, and by hand; pure, the same for every state."""

from dataclasses import replace
from typing import assert_never

from reconciler.model.claims import BackedOff, Failed, GaveWay, PutBack
from reconciler.model.holdings import Staged
from reconciler.model.instants import Instant
from reconciler.model.snapshot import Cause, Send, SendState
from reconciler.state.pairs import PairRow

_BLOCKING = frozenset((Cause.SPACE, Cause.STORE_MISMATCH))
"""A send that backs off for one of these makes its pair `blocked` instead of `in-flight` (domain.md 3)."""

Stopped = BackedOff | Failed | GaveWay | PutBack
"""The endings that count only while the claim is the row's."""


def is_due(send: Send, at: Instant) -> bool:
    """Whether its time has come; only a row that backs off names one (L21)."""
    return send.next_attempt is None or send.next_attempt <= at


def claimed(send: Send, at: Instant) -> Send:
    """The row of a new attempt, also one that was claimed before: attempts count by one (L28)."""
    return replace(
        send,
        state=SendState.SENDING,
        attempts=send.attempts + 1,
        cause=None,
        detail="",
        next_attempt=None,
        changed_at=at,
    )


def stopped(send: Send, outcome: Stopped, at: Instant) -> Send:
    """The row after an attempt that did not arrive."""
    after = replace(send, cause=outcome.cause, detail=outcome.detail, next_attempt=None, changed_at=at)
    match outcome:
        case BackedOff(until=until):
            return replace(after, state=SendState.BACKING_OFF, next_attempt=until)
        case PutBack(until=None, bytes_done=done):
            return replace(after, state=SendState.QUEUED, bytes_done=done)
        case PutBack(until=until, bytes_done=done):
            return replace(after, state=SendState.BACKING_OFF, next_attempt=until, bytes_done=done)
        case Failed():
            return replace(after, state=SendState.FAILED)
        case GaveWay():
            return replace(after, state=SendState.SUPERSEDED)
    assert_never(outcome)


def retried(send: Send, pair: PairRow, at: Instant) -> Send | None:
    """The pair's latest row once somebody wants it tried again; None if there is nothing to try.

    Where a newer number was seen meanwhile, this one can never be published: the row gives way, so that it blocks
    nothing, and the next pass plans anew.
    """
    after = replace(send, cause=None, detail="", next_attempt=None, changed_at=at)
    if send.state is SendState.BACKING_OFF:
        return replace(after, state=SendState.QUEUED)
    closed = send.state in (SendState.FAILED, SendState.CANCELLED)
    arrived = isinstance(pair.holding, Staged) and pair.number >= send.number
    if not closed or arrived or send.number <= pair.forgotten:
        return None
    return replace(after, state=SendState.SUPERSEDED if pair.mark > send.number else SendState.QUEUED)


def cancelled(send: Send, *, actor: str, reason: str, at: Instant) -> Send:
    """The open row once somebody gave it up."""
    detail = f"by {actor}: {reason}"
    return replace(send, state=SendState.CANCELLED, cause=None, detail=detail, next_attempt=None, changed_at=at)


def read_by_planner(send: Send) -> tuple[bool, bool, bool, Cause | None]:
    """What of a row raises the pair's version when it changes: open, claimed (L14), and what makes it blocked.

    A claim that lapsed still counts as one, until somebody claims the row anew or puts it back: whoever had it may be
    about to publish.
    """
    blocked = send.cause if send.state is SendState.BACKING_OFF and send.cause in _BLOCKING else None
    blocking = send.state in (SendState.FAILED, SendState.CANCELLED)
    return send.state.is_open, send.state.is_claimed, blocking, blocked
