"""Neither record nor content is known (Q134718); the send looks before it sends (L36)."""

from reconciler.model.holdings import Absent
from reconciler.planning.pair import Pair


def content_missing(pair: Pair) -> str | None:
    """What was there once and was found gone is said (L34; event 11)."""
    match pair.difference.holding:
        case Absent(lost=None):
            return ""
        case Absent(lost=lost):
            version = f" of {lost.version}" if lost is not None and lost.version else ""
            return f"the copy{version} that was verified there was found gone"
        case _:
            return None
