"""Cancelled by hand for exactly this revision: held until `retry` or a new revision (sending.md 4)."""

from reconciler.model.snapshot import SendState
from reconciler.planning.pair import Pair


def cancelled(pair: Pair) -> str | None:
    """By whom and why, as the closed row says."""
    closed = pair.difference.closed
    if closed is None or closed.state is not SendState.CANCELLED or closed.revision != pair.requirement.revision:
        return None
    return f"cancelled {closed.detail}" if closed.detail else "cancelled by hand for this revision"
