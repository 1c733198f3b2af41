"""What the state holds, counted: for who watches over it, at a cost that does not grow with its history."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.instants import Instant
from reconciler.model.names import SiteName
from reconciler.model.snapshot import SendState


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Open sends by state; send-only jobs with an open send, by the state that is furthest on among their open sends.

    `oldest_open` is when the oldest open send was recorded; `notifications` counts what waits, by notifier.
    """

    sends: Mapping[SendState, int] = field(default_factory=dict)
    jobs: Mapping[SendState, int] = field(default_factory=dict)
    oldest_open: Instant | None = None
    notifications: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """When what a site has staged was verified: the longest ago, and last; None if nothing is known to be staged.

    `unknown`: something else there is unknown, and only a look at the store can tell (L34).
    """

    site: SiteName
    oldest: Instant | None
    latest: Instant | None
    unknown: bool = False
