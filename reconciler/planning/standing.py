"""Which of several sends of one priority goes first: what was begun, then what is fresh, then what failed (L21)."""

from collections.abc import Iterable, Mapping
from enum import IntEnum

from reconciler.model.instants import Instant, Seconds
from reconciler.model.names import SiteName
from reconciler.model.snapshot import Cause, Send, SendState

PATIENCE = Seconds(3600)
"""What failed waits for what is fresh, but no longer than this after its time: a site that did not answer once would
else wait for a whole roll-out. A dead site costs a try an hour at most where others have work."""

LEFT_OFTEN = 3
"""From so many attempts on, what dead workers left is no more than fresh: it may be what kills them."""

_OF_THE_SITE = frozenset((Cause.NETWORK, Cause.AUTHENTICATION, Cause.PERMISSION, Cause.STORE_MISMATCH))
"""Causes that stop all sends to a site; the others are a package's own."""

_NO_FAULT = frozenset((None, Cause.WINDOW, Cause.RATE))


class Standing(IntEnum):
    """Lower goes first."""

    LEFT = 0
    """A dead worker's: its place is not a new one, and it goes on within seconds (R6)."""
    FRESH = 1
    FAILED = 2
    """It failed, or another send to its site did, and nothing arrived there since."""


def failing_sites(unclaimed: Iterable[Send]) -> Mapping[SiteName, Send]:
    """Sites that stopped a send for a reason of their own, each with the one that tries again last.

    Until then its other sends do not find out the same one by one: each would cost a time-out that healthy sites wait
    for (L21), and wrong credentials are tried rarely (L24).
    """
    found: dict[SiteName, Send] = {}
    for send in unclaimed:
        if send.state is SendState.BACKING_OFF and send.cause in _OF_THE_SITE and send.next_attempt is not None:
            other = found.get(send.site)
            if other is None or (send.next_attempt, send.package) > (other.next_attempt or 0, other.package):
                found[send.site] = send
    return found


def has_failed(send: Send) -> bool:
    """It waits because something went wrong, and nobody asked to try it at once."""
    backs_off = send.state is SendState.BACKING_OFF and send.next_attempt is not None
    return backs_off and send.cause not in _NO_FAULT


def standing_of(send: Send, *, failing: bool, at: Instant) -> Standing:
    """Of an unclaimed send; `failing` says whether its site stops it."""
    if send.state.is_claimed and send.attempts < LEFT_OFTEN:
        return Standing.LEFT
    if has_failed(send):
        waits = send.next_attempt is None or at < send.next_attempt + PATIENCE
        return Standing.FAILED if waits else Standing.FRESH
    return Standing.FAILED if failing else Standing.FRESH
