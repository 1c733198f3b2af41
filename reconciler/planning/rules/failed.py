"""A send of exactly this revision ended for a permanent cause (sending.md 4)."""

from reconciler.model.snapshot import SendState
from reconciler.planning.pair import Pair


def failed(pair: Pair) -> str | None:
    """The cause by name. Another address than the one that failed opens the pair again, without anybody's `retry`."""
    closed = pair.difference.closed
    if closed is None or closed.state is not SendState.FAILED or closed.revision != pair.requirement.revision:
        return None
    address = pair.site.address
    if closed.endpoint != ("" if address is None else address.endpoint):
        return None
    cause = "unknown cause" if closed.cause is None else closed.cause.value
    return f"failed ({cause}): {closed.detail}" if closed.detail else f"failed ({cause})"
