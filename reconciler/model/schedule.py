"""Whose turn it is: which open sends may be claimed now, in which order, and why the others wait (L21, L22)."""

from dataclasses import dataclass
from enum import Enum

from reconciler.model.instants import Instant
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.snapshot import Send


class WaitReason(Enum):
    """Why an open send cannot be claimed now; of several the first that applies, in this order."""

    CLAIMED = "claimed"
    """A worker carries it out."""
    SITE_REMOVED = "site-removed"
    PACKAGE_REMOVED = "package-removed"
    SUSPENDED = "suspended"
    OTHER_REVISION = "other-revision"
    """The manifests describe another revision than the row: the next pass supersedes it (L15)."""
    NO_ADDRESS = "no-address"
    NOT_PACKED = "not-packed"
    BACK_OFF = "back-off"
    WINDOW = "window"
    SITE_BUSY = "site-busy"
    """As many sends as `limits.maxConcurrent` lets run at the site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A send that may travel now: until `closes_at`, or without an end, and at `rate` at most, or at any.

    `at_once` is how many sends may run at the site at a time; None for any number.
    """

    send: Send
    closes_at: Instant | None = None
    rate: BitsPerSecond | None = None
    at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A send that may not travel now. `until` is when this reason ends, None where no clock ends it.

    `timezone` is that of the site, for telling `until`.
    """

    send: Send
    reason: WaitReason
    until: Instant | None = None
    detail: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every open send, either `ready`, in the order in which they are claimed, or `waiting`, by package, then site."""

    ready: tuple[Turn, ...]
    waiting: tuple[Wait, ...]
