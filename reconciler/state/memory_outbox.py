"""Notifications of the state in memory: see `reconciler.state.outbox`."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.instants import Instant, Seconds
from reconciler.model.notifications import Delivery, DeliveryState, Notification, Sighting
from reconciler.model.settings import EventKind
from reconciler.state import notices
from reconciler.state.notices import LONGEST_WAIT, MARK, Notifiers, recipients


@dataclass(slots=True)
class _Row:
    notification: Notification
    notifier: str
    due: Instant
    tries: int = 0
    state: DeliveryState = DeliveryState.WAITING


class Outbox:
    """What stands, and the deliveries in the order in which they were recorded."""

    def __init__(self) -> None:
        self._conditions: dict[EventKind, dict[str, Instant]] = defaultdict(dict)
        self._rows: list[_Row] = []

    def note(self, sighting: Sighting, notifiers: Notifiers) -> Sequence[Notification]:
        known = self._conditions[sighting.kind]
        changed = notices.change(sighting, known)
        known.update(dict.fromkeys(changed.begun, sighting.at))
        for subject in changed.over:
            del known[subject]
        told = notices.notifications(sighting, changed)
        for notification in told:
            for name in recipients(notification, notifiers):
                self._rows.append(_Row(notification, name, notification.at))
        return told

    def standing(self) -> Mapping[EventKind, Mapping[str, Instant]]:
        found = {
            kind: {subject: since for subject, since in known.items() if subject != MARK}
            for kind, known in self._conditions.items()
        }
        return {kind: known for kind, known in found.items() if known}

    def take(self, notifier: str, at: Instant, *, lease: Seconds) -> Delivery | None:
        for row in self._rows:
            due = row.due <= at or row.due > at + LONGEST_WAIT
            if row.notifier == notifier and row.state is DeliveryState.WAITING and due:
                row.tries, row.due = row.tries + 1, Instant(at + lease)
                return Delivery(notification=row.notification, notifier=notifier, tries=row.tries)
        return None

    def end(self, delivery: Delivery, state: DeliveryState, at: Instant) -> None:
        for row in self._rows:
            same = row.notification.id == delivery.notification.id and row.notifier == delivery.notifier
            if same and row.state is DeliveryState.WAITING:
                row.state, row.due = state, at

    def retain(self, notifiers: Collection[str]) -> int:
        left = [row for row in self._rows if row.state is DeliveryState.WAITING and row.notifier not in notifiers]
        for row in left:
            row.state = DeliveryState.GIVEN_UP
        return len(left)

    def waiting(self) -> Mapping[str, int]:
        return Counter(row.notifier for row in self._rows if row.state is DeliveryState.WAITING)
