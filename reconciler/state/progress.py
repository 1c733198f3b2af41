"""What an open send becomes when its worker reports; pure, the same for every state."""

from dataclasses import replace

from reconciler.model.instants import Instant
from reconciler.model.snapshot import Cause, Send, SendState
from reconciler.state.protocol import Progress

_BLOCKING = frozenset((Cause.SPACE, Cause.STORE_MISMATCH))
"""A send that backs off for one of these makes its pair `blocked` instead of `in-flight` (domain.md 3)."""


def reported(send: Send, progress: Progress, at: Instant) -> Send:
    """The row after the report. Attempts never fall, so that a late report cannot undo a count (L28)."""
    return replace(
        send,
        state=progress.state,
        cause=progress.cause,
        detail=progress.detail,
        next_attempt=progress.next_attempt,
        attempts=max(send.attempts, progress.attempts),
        bytes_done=progress.bytes_done,
        changed_at=send.changed_at if progress.state is send.state else at,
    )


def is_turn(before: Send, after: Send) -> bool:
    """Whether the history tells of it: a heart-beat and bytes alone are no event."""
    return (before.state, before.cause, before.attempts) != (after.state, after.cause, after.attempts)


def read_by_planner(send: Send) -> tuple[bool, bool, Cause | None]:
    """What of a row raises the pair's version when it changes: open, claimed (L14), and what makes it blocked."""
    blocked = send.cause if send.state is SendState.BACKING_OFF and send.cause in _BLOCKING else None
    return send.state.is_open, send.state.is_claimed, blocked
