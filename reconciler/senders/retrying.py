"""When to try again, by cause (sending.md 4): a pure rule; nothing is tried again blindly by a sender itself."""

from reconciler.model.instants import Seconds
from reconciler.model.settings import Retry
from reconciler.model.snapshot import Cause

AUTHENTICATION = Seconds(3600)
"""At the least: wrong credentials lock accounts (L24)."""


def backoff(cause: Cause, attempts: int, retry: Retry, *, draw: float, permanent: bool = False) -> Seconds | None:
    """Seconds until the next attempt, at least one; None if there is to be none before somebody mends it.

    `attempts` is how many there were, from 1 on; `draw` is drawn evenly from [0, 1) so that sites do not come back in
    step (L21). Exponential with full jitter. What only a person mends is looked at rarely: permissions at half to all
    of `retry.max`, credentials once an hour at most, and then apart from one another by up to `retry.max`.
    """
    if permanent or cause is Cause.SITE_REMOVED:
        return None
    if cause is Cause.AUTHENTICATION:
        return Seconds(AUTHENTICATION + int(draw * retry.max))
    if cause is Cause.PERMISSION:
        return Seconds(max(1, int((1 + draw) / 2 * retry.max)))
    return Seconds(max(1, int(draw * _ceiling(attempts, retry))))


def _ceiling(attempts: int, retry: Retry) -> float:
    try:
        return float(min(retry.max, retry.first * retry.factor ** (attempts - 1)))
    except OverflowError:
        return float(retry.max)
