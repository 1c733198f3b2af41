"""Notifications in the SQLite state: recorded once, delivered until somebody took them."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence

from reconciler.model.instants import Instant, Seconds
from reconciler.model.notifications import Delivery, DeliveryState, Notification, Sighting
from reconciler.model.settings import EventKind
from reconciler.state import notices
from reconciler.state.notices import KEPT_FOR, LONGEST_WAIT, Notifiers, recipients
from reconciler.state.statements import statements

_SQL = statements("notices")


def note(sqlite: sqlite3.Connection, sighting: Sighting, notifiers: Notifiers) -> Sequence[Notification]:
    """Remember what stands, and put what is news into the outbox."""
    kind = sighting.kind.value
    changed = notices.change(sighting, dict(sqlite.execute(_SQL["of_kind"], (kind,))))
    for subject in changed.begun:
        sqlite.execute(_SQL["begin"], {"kind": kind, "subject": subject, "at": sighting.at})
    for subject in changed.over:
        sqlite.execute(_SQL["over"], {"kind": kind, "subject": subject})
    told = notices.notifications(sighting, changed)
    for notification in told:
        _put(sqlite, notification, recipients(notification, notifiers))
    return told


def standing(sqlite: sqlite3.Connection) -> Mapping[EventKind, Mapping[str, Instant]]:
    """Kind → subject → since when."""
    found: dict[EventKind, dict[str, Instant]] = {}
    for kind, subject, since in sqlite.execute(_SQL["standing"]):
        found.setdefault(EventKind(kind), {})[subject] = since
    return found


def due(sqlite: sqlite3.Connection, notifier: str, at: Instant) -> tuple[int, Delivery] | None:
    """The oldest delivery that is due, with its number."""
    asked = {"notifier": notifier, "at": at, "latest": at + LONGEST_WAIT}
    row = sqlite.execute(_SQL["due"], asked).fetchone()
    if row is None:
        return None
    number, id_, event, told_at, subjects, count, mended, plan, commit, tries = row
    notification = Notification(
        id=id_,
        event=EventKind(event),
        at=told_at,
        subjects=tuple((subject, detail) for subject, detail in json.loads(subjects)),
        count=count,
        mended=None if mended is None else EventKind(mended),
        plan=plan,
        commit=commit,
    )
    return number, Delivery(notification=notification, notifier=notifier, tries=tries + 1)


def take(sqlite: sqlite3.Connection, notifier: str, at: Instant, *, lease: Seconds) -> Delivery | None:
    """Put it off, so that nobody else tries it meanwhile."""
    found = due(sqlite, notifier, at)
    if found is None:
        return None
    number, delivery = found
    sqlite.execute(_SQL["take"], {"number": number, "notifier": notifier, "due": at + lease})
    return delivery


def end(sqlite: sqlite3.Connection, delivery: Delivery, state: DeliveryState, at: Instant) -> None:
    """What came of it; `at` is when it is tried again if it waits."""
    asked = {"id": delivery.notification.id, "notifier": delivery.notifier, "state": state.value, "at": at}
    sqlite.execute(_SQL["end"], asked)


def retain(sqlite: sqlite3.Connection, notifiers: Collection[str]) -> int:
    """Give up what waits for any other notifier."""
    return sqlite.execute(_SQL["retain"], (json.dumps(sorted(notifiers)),)).rowcount


def _put(sqlite: sqlite3.Connection, notification: Notification, names: Sequence[str]) -> None:
    if not names:
        return
    columns = {
        "id": notification.id,
        "event": notification.event.value,
        "at": notification.at,
        "subjects": json.dumps(notification.subjects),
        "count": notification.count,
        "mended": None if notification.mended is None else notification.mended.value,
        "plan": notification.plan,
        "commit": notification.commit,
    }
    number = sqlite.execute(_SQL["record"], columns).lastrowid
    sqlite.executemany(_SQL["address"], [(number, name, notification.at) for name in names])
    sqlite.execute(_SQL["trim"], (notification.at - KEPT_FOR,))
