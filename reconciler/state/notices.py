"""What becomes news of what is seen, the same for every state (docs/decisions/0021)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from reconciler.model.instants import Instant, Seconds
from reconciler.model.notifications import LONGEST, NAMED, Notification, Sighting
from reconciler.model.settings import EventKind

MARK = ""
"""The subject that says that a kind was looked at before."""

KEPT_FOR = 30 * 86_400
"""Seconds after which a notification that waits for nobody is forgotten."""

LONGEST_WAIT = Seconds(3600)
"""A delivery that is due later than that was put off by a clock that was set back since."""

Notifiers = Mapping[str, frozenset[EventKind]]
"""Name → what it is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Subjects that stand from now on, those of them that are news, and those that are over."""

    begun: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def change(sighting: Sighting, known: Mapping[str, Instant]) -> Change:
    """What the sighting changes of what is known of its kind: subject → since when."""
    begun = sorted(sighting.standing.keys() - known.keys())
    if sighting.baseline and MARK not in known:
        return Change(begun=(MARK, *begun))
    over = known.keys() if sighting.over is None else known.keys() & sighting.over
    ended = [
        subject
        for subject in sorted(over)
        if subject != MARK and subject not in sighting.standing and known[subject] < sighting.at
    ]
    return Change(begun=tuple(begun), news=tuple(begun), over=tuple(ended))


def notifications(sighting: Sighting, changed: Change) -> Sequence[Notification]:
    """At most two: of what is news, and of what is over."""
    told = []
    if changed.news:
        told.append(_notification(sighting, sighting.kind, changed.news, None))
    if changed.over and sighting.ends_in_news:
        told.append(_notification(sighting, EventKind.MENDED, changed.over, sighting.kind))
    return told


def recipients(notification: Notification, notifiers: Notifiers) -> Sequence[str]:
    """Who is told."""
    return sorted(name for name, events in notifiers.items() if notification.event in events)


def _notification(
    sighting: Sighting, event: EventKind, subjects: Sequence[str], mended: EventKind | None
) -> Notification:
    return Notification(
        id=uuid4().hex,
        event=event,
        at=sighting.at,
        subjects=tuple((subject, sighting.standing.get(subject, "")[:LONGEST]) for subject in subjects[:NAMED]),
        count=len(subjects),
        mended=mended,
        plan=sighting.plan,
        commit=sighting.commit,
    )
