"""A suspension by hand that began or ended, in a sentence or two."""

from collections.abc import Iterable

from reconciler.model.instants import format_instant
from reconciler.model.snapshot import Hold
from reconciler.planning.rules.suspended import subject
from reconciler.views.counts import count
from reconciler.views.untrusted import render_untrusted


def suspended_text(hold: Hold, *, replaced: Hold | None, stopped: int, running: int, dry_run: bool) -> str:
    """What is suspended until when, and what that stops now."""
    until = "" if hold.until is None else f" until {format_instant(hold.until)}"
    waits = f"{count(stopped, 'open send')} {'waits' if stopped == 1 else 'wait'}"
    stops = f", {running} of them running: it stops between two chunks" if running else ""
    lines = [f"{'Would suspend' if dry_run else 'Suspended'} {subject(hold)}{until}: {waits}{stops}."]
    if replaced is not None:
        lines.append(f"This replaces {_words(replaced)}.")
    lines.append(f"End it with: reconcile resume {subject(hold)}")
    return "\n".join(map(render_untrusted, lines))


def resumed_text(named: str, *, ended: Hold | None, others: Iterable[Hold], freed: int, dry_run: bool) -> str:
    """What is suspended no more, and what still holds it."""
    if ended is None:
        lines = [f"{named} is not suspended: nothing to resume."]
    else:
        verb = "Would resume" if dry_run else "Resumed"
        lines = [f"{verb} {named}, {_words(ended)}: {count(freed, 'open send')} may go on."]
    lines += [f"Still in force: {subject(hold)}, {_words(hold)}." for hold in others]
    return "\n".join(map(render_untrusted, lines))


def _words(hold: Hold) -> str:
    until = "" if hold.until is None else f" until {format_instant(hold.until)}"
    return f"suspended since {format_instant(hold.since)}{until} by {hold.actor}: {hold.reason}"
