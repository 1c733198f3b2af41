"""When bytes may travel to a site (sending.md 8).

An instant is in a window if the site's wall time lies in [from, to) of a window that began on a listed day. The walk
goes along UTC, from one change of the zone's offset to the next: an hour that does not exist on the wall contains no
instants, one that exists twice counts twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from reconciler.model.instants import Instant, Seconds
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Window

HORIZON = Seconds(366 * 86400)
"""How far ahead is looked: what does not happen within a year is not estimated."""

_DAY = 86400
_WEEK = 7 * _DAY
_MONDAY = 3 * _DAY
"""1970-01-01 was a Thursday: local seconds since then plus this, modulo a week, count from Monday 00:00."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `starts` to before `ends` bytes may travel, at `rate` at most; None where no rate is known."""

    starts: Instant
    ends: Instant
    rate: BitsPerSecond | None


def window_at(windows: Sequence[Window], *, zone: str, instant: Instant) -> Window | None:
    """The window this instant lies in; None outside all of them."""
    local = datetime.fromtimestamp(instant, ZoneInfo(zone))
    minute = 60 * local.hour + local.minute
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    for window in windows:
        crosses = window.ends < window.starts
        if today in window.days and window.starts <= minute and (crosses or minute < window.ends):
            return window
        if crosses and yesterday in window.days and minute < window.ends:
            return window
    return None


def admits(windows: Sequence[Window], priority: Priority) -> bool:
    """Whether a job of this priority may travel at all, some time in the week."""
    return not windows or any(window.days and priority >= window.allow for window in windows)


def always(windows: Sequence[Window], priority: Priority) -> bool:
    """Whether a job of this priority may travel at every instant: what admits it leaves no gap in the week."""
    reached = 0
    for begins, ends, _ in _week(windows, priority, None):
        if begins > reached:
            return False
        reached = max(reached, ends)
    return not windows or reached == _WEEK


def spans(
    windows: Sequence[Window], *, zone: str, priority: Priority, limit: BitsPerSecond | None, start: Instant
) -> Iterator[Span]:
    """The open spans from `start` on, for a year; neighbours of one rate are one span.

    `limit` is the site's own rate: the smaller of it and the window's counts. Without windows it is always open.
    """
    end = Instant(start + HORIZON)
    if not windows:
        yield Span(starts=start, ends=end, rate=limit)
        return
    week = _week(windows, priority, limit)
    if not week:
        return
    last: Span | None = None
    for span in _walk(week, ZoneInfo(zone), start, end):
        if last is not None and last.ends == span.starts and last.rate == span.rate:
            last = Span(starts=last.starts, ends=span.ends, rate=span.rate)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


Week = list[tuple[int, int, BitsPerSecond | None]]
"""Open stretches of a local week, sorted: from, to before, rate; seconds since Monday 00:00."""


def _week(windows: Sequence[Window], priority: Priority, limit: BitsPerSecond | None) -> Week:
    week: Week = []
    for window in windows:
        if priority < window.allow:
            continue
        rate = window.rate if limit is None or (window.rate is not None and window.rate < limit) else limit
        length = 60 * ((window.ends - window.starts) % 1440 or 1440)
        for day in window.days:
            begins = day * _DAY + 60 * window.starts
            week.append((begins, min(begins + length, _WEEK), rate))
            if begins + length > _WEEK:
                week.append((0, begins + length - _WEEK, rate))
    return sorted(week, key=lambda stretch: stretch[:2])


def _walk(week: Week, zone: ZoneInfo, start: Instant, end: Instant) -> Iterator[Span]:
    """The week laid over the instants, piece by piece of one offset from UTC."""
    for piece_start, piece_end, offset in _pieces(zone, start, end):
        local = (piece_start + offset + _MONDAY) % _WEEK
        length = piece_end - piece_start
        for shift in (0, _WEEK):
            for begins, ends, rate in week:
                lowest, highest = max(begins + shift - local, 0), min(ends + shift - local, length)
                if lowest < highest:
                    yield Span(starts=Instant(piece_start + lowest), ends=Instant(piece_start + highest), rate=rate)


def _pieces(zone: ZoneInfo, start: Instant, end: Instant) -> Iterator[tuple[Instant, Instant, int]]:
    """At most a day each, with the offset in force; no zone changes its offset twice within one day."""
    while start < end:
        offset = _offset(zone, start)
        until = min(start + _DAY, end)
        if _offset(zone, until - 1) != offset:
            until = _change(zone, start, until - 1, offset)
        yield start, Instant(until), offset
        start = Instant(until)


def _change(zone: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The first instant after `before` at which the offset is another one, as it is at `after`."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
    return (offset or timedelta()) // timedelta(seconds=1)
