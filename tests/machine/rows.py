"""What may become of a row of a send-only job."""

from reconciler.model.snapshot import Send, SendState


def require_successor(before: Send, after: Send) -> None:
    """What may become of a row: closed ones stay, but for a retry, and for an arrival at last."""
    assert (after.revision, after.mode, after.job) == (before.revision, before.mode, before.job)
    assert after.attempts >= before.attempts, "L28"
    assert after.attempts <= before.attempts + 1, "L28"
    match before.state:
        case SendState.COMPLETE | SendState.SUPERSEDED | SendState.OBSOLETE:
            assert after.state is before.state, f"a closed row changed: {before} {after}"
        case SendState.FAILED | SendState.CANCELLED:
            assert after.state in (before.state, SendState.QUEUED, SendState.COMPLETE, SendState.SUPERSEDED)
