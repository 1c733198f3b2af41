"""The history as text, as JSON, and as a stream of JSON lines."""

import json
from collections.abc import Sequence

from reconciler.model.history import Event
from reconciler.model.instants import format_instant
from reconciler.model.plan import FORMAT_VERSION
from reconciler.views.cells import cells, left
from reconciler.views.untrusted import render_untrusted


def history_text(events: Sequence[Event]) -> str:
    """A line for each event: when, what happened to what, who did it, because of which plan and commit, and more."""
    columns = [tuple(map(render_untrusted, _columns(event))) for event in events]
    widths = [max(map(cells, column)) for column in zip(*columns, strict=True)]
    return "".join(
        "  ".join([*(left(cell, width) for cell, width in zip(row, widths, strict=True)), _more(event)]).rstrip() + "\n"
        for row, event in zip(columns, events, strict=True)
    )


def _columns(event: Event) -> tuple[str, ...]:
    return format_instant(event.at), event.action, event.subject, f"by {event.actor}"


def _more(event: Event) -> str:
    commit = f"commit {event.commit[:7]}" if event.commit else ""
    return render_untrusted("  ".join(part for part in (event.plan, commit, event.detail) if part))


def history_json(events: Sequence[Event], *, subject: str | None) -> dict[str, object]:
    """Newest first; `subject` is the one that was asked for, "" for all."""
    return {
        "formatVersion": FORMAT_VERSION,
        "kind": "History",
        "subject": subject or "",
        "events": [_event_json(event) for event in events],
    }


def history_ndjson(events: Sequence[Event]) -> str:
    """An object `Event` on each line."""
    lines = ({"formatVersion": FORMAT_VERSION, "kind": "Event", **_event_json(event)} for event in events)
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _event_json(event: Event) -> dict[str, object]:
    return {
        "number": event.number,
        "at": format_instant(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": event.subject,
        "plan": event.plan,
        "commit": event.commit,
        "detail": event.detail,
    }
