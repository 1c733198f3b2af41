"""The end of `reconcile work`: what arrived, what failed, and what every send that is left waits for."""

from collections.abc import Sequence

from reconciler.model.instants import Instant
from reconciler.model.quantities import format_duration, format_size
from reconciler.model.schedule import Wait, WaitReason
from reconciler.model.working import SendFailed, WorkerStopped
from reconciler.views.cells import cells, left
from reconciler.views.counts import count
from reconciler.views.moments import moment
from reconciler.views.paint import Ink, paint
from reconciler.views.untrusted import render_untrusted
from reconciler.views.waits import WAITS, cause_text, until_text
from reconciler.views.work import pair_of, stop_words


def summary_text(stopped: WorkerStopped, *, color: bool = False) -> str:
    """A screen: the reason, the counts, each failed send, each that backs off with its next attempt, the rest folded.

    The number before a title is the sum of the rows beneath it.
    """
    sums = stopped.sums
    took = format_duration(stopped.seconds)
    why = render_untrusted(stop_words(stopped))
    lines = [
        paint(f"{why[:1].upper()}{why[1:]}.", Ink.BOLD, color=color),
        f"{count(sums.arrived, 'send')} arrived, {format_size(sums.bytes)} in {took}",
    ]
    if sums.gave_way:
        lines.append(f"{count(sums.gave_way, 'send')} gave way: the next pass plans anew")
    if sums.failed:
        lines.append(f"{count(len(sums.failed), 'send')} failed:")
        lines += _aligned([_failed(one) for one in sums.failed], symbol="!", ink=Ink.RED, color=color)
    if stopped.waiting:
        verb = "waits" if len(stopped.waiting) == 1 else "wait"
        lines.append(f"{count(len(stopped.waiting), 'send')} {verb}:")
        lines += _aligned(_waiting(stopped.waiting, stopped.at), symbol=">", ink=Ink.BLUE, color=color)
    return "".join(f"{line}\n" for line in lines)


Cells = tuple[str, str, str]
"""Whom a row is about, what of it, and what comes next."""


def _failed(failed: SendFailed) -> Cells:
    again = f"again: reconcile retry {failed.send.job}"
    return pair_of(failed.send), render_untrusted(cause_text(failed.cause, failed.detail)), render_untrusted(again)


def _waiting(waiting: Sequence[Wait], now: Instant) -> list[Cells]:
    """Those that back off one by one, the soonest first; then one row for each other reason."""
    tried = [wait for wait in waiting if wait.reason is WaitReason.BACK_OFF]
    rows = [_row(wait, now) for wait in sorted(tried, key=lambda wait: (wait.until or now, wait.send.site))]
    for reason in WaitReason:
        same = [wait for wait in waiting if wait.reason is reason and reason is not WaitReason.BACK_OFF]
        if len(same) == 1:
            rows.append(_row(same[0], now))
        elif same:
            rows.append((count(len(same), "send"), WAITS[reason], _soonest(same, now)))
    return rows


def _row(wait: Wait, now: Instant) -> Cells:
    return pair_of(wait.send), render_untrusted(wait.detail or WAITS[wait.reason]), until_text(wait, now=now)


def _soonest(waiting: Sequence[Wait], now: Instant) -> str:
    """`the first until tonight 22:00 CET at riga-03`; `for ever` never stands beside a time."""
    timed = [wait for wait in waiting if wait.until is not None]
    if not timed:
        return ""
    first = min(timed, key=lambda wait: (wait.until or now, wait.send.site))
    when = moment(first.until or now, now=now, zone=first.timezone)
    return f"the first until {when} at {render_untrusted(first.send.site)}"


def _aligned(rows: Sequence[Cells], *, symbol: str, ink: Ink, color: bool) -> list[str]:
    first, second = (max(cells(row[column]) for row in rows) for column in (0, 1))
    mark = paint(symbol, ink, color=color)
    return [f"  {mark} {left(whom, first)}   {left(what, second)}   {then}".rstrip() for whom, what, then in rows]
