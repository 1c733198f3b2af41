"""A notification as it is delivered: JSON for programs, a title and a text for people. All of it harmless."""

import json

from reconciler.model.instants import format_instant
from reconciler.model.notifications import Letter, Notification
from reconciler.model.settings import EventKind
from reconciler.views.untrusted import render_untrusted

FORMAT_VERSION = "1.0"

_TITLES = {
    EventKind.MANIFESTS_INVALID: "{count} with errors in the manifests",
    EventKind.GUARD_REFUSED: "{count} refused: nothing is recorded until it is acknowledged or narrowed",
    EventKind.COMMIT_REFUSED: "a commit is not trusted",
    EventKind.HISTORY_REWRITTEN: "the history of the branch was rewritten",
    EventKind.BRANCH_MISSING: "the branch is gone",
    EventKind.JOB_READY: "{count} ready",
    EventKind.SEND_FAILED: "{count} failed",
    EventKind.STORE_MISMATCH: "{count} without its own store at its address",
    EventKind.DRIFT_FOUND: "{count} not as it was proved",
    EventKind.SITE_OVERDUE: "{count} not verified in time",
    EventKind.MENDED: "something is over",
}
_NOUNS = {
    EventKind.MANIFESTS_INVALID: ("file", "files"),
    EventKind.GUARD_REFUSED: ("plan", "plans"),
    EventKind.JOB_READY: ("job", "jobs"),
    EventKind.SEND_FAILED: ("send", "sends"),
    EventKind.STORE_MISMATCH: ("site", "sites"),
    EventKind.DRIFT_FOUND: ("staged package", "staged packages"),
    EventKind.SITE_OVERDUE: ("site", "sites"),
}


def letter_of(notification: Notification) -> Letter:
    """What is handed over, whatever the way."""
    return Letter(
        id=notification.id,
        event=notification.event,
        title=f"reconciler: {title(notification)}",
        text=text(notification),
        body=json.dumps(notification_json(notification), separators=(",", ":")).encode(),
    )


def title(notification: Notification) -> str:
    """What happened, in a few words: `2 sends failed`, `mended: 2 sends failed`."""
    if notification.mended is not None:
        return f"mended: {_title(notification.mended, notification.count)}"
    return _title(notification.event, notification.count)


def text(notification: Notification) -> str:
    """A line for each subject that is named, and where it comes from."""
    lines = [_line(subject, detail) for subject, detail in notification.subjects]
    more = notification.count - len(notification.subjects)
    came = [
        f"plan {notification.plan}" if notification.plan else "",
        f"commit {notification.commit}" if notification.commit else "",
        format_instant(notification.at),
    ]
    lines += [f"and {more:,} more"] if more else []
    return "\n".join([*lines, render_untrusted(", ".join(part for part in came if part))])


def notification_json(notification: Notification) -> dict[str, object]:
    """`mended` names the kind that is over; None means absent."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "Notification",
        "id": notification.id,
        "event": notification.event.value,
        "at": format_instant(notification.at),
        "title": title(notification),
        "count": notification.count,
        "subjects": [
            {"subject": render_untrusted(subject), "detail": render_untrusted(detail)}
            for subject, detail in notification.subjects
        ],
        "mended": None if notification.mended is None else notification.mended.value,
        "plan": notification.plan,
        "commit": notification.commit,
    }


def _title(event: EventKind, count: int) -> str:
    one, many = _NOUNS.get(event, ("", ""))
    return _TITLES[event].format(count=f"{count:,} {one if count == 1 else many}")


def _line(subject: str, detail: str) -> str:
    return render_untrusted(f"{subject}: {detail}" if detail else subject)
