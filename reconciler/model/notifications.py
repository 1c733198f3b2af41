"""What somebody is told: an event, once, and how far the telling of it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from reconciler.model.instants import Instant
from reconciler.model.settings import EventKind

NAMED = 20
"""Subjects that one notification names; it counts the others."""

LONGEST = 500
"""Characters of a detail that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What of one kind was seen at `at` to stand: subject → detail, and which subjects are `over` (None: all others).

    A subject that stands already is not news, one that is over may become news again. What began at `at` or later is
    not over: whoever looked then cannot have seen it. A `baseline` kind tells nothing of what it finds the first time.
    """

    kind: EventKind
    at: Instant
    standing: Mapping[str, str] = field(default_factory=dict)
    over: frozenset[str] | None = frozenset()
    baseline: bool = False
    plan: str | None = None
    commit: str | None = None

    @property
    def ends_in_news(self) -> bool:
        """Whether somebody is told when it is over; a job that is not ready any more has become something else."""
        return self.kind is not EventKind.JOB_READY


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One event. `subjects` are the first of `count`, with details; `mended` is the kind that `MENDED` says is over.

    `id` is drawn when it is recorded and is the same in every attempt to deliver it.
    """

    id: str
    event: EventKind
    at: Instant
    subjects: tuple[tuple[str, str], ...]
    count: int
    mended: EventKind | None = None
    plan: str | None = None
    commit: str | None = None


class DeliveryState(Enum):
    """How far the delivery of a notification to one notifier is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One attempt: the `tries`-th, counted from 1."""

    notification: Notification
    notifier: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A notification as it is delivered: a title and a text for people, `body` is its JSON as UTF-8."""

    id: str
    event: EventKind
    title: str
    text: str
    body: bytes
