"""Windows: text to minutes, and what cannot be meant: one without length, two at one time (sending.md 8)."""

from dataclasses import dataclass

from reconciler.manifests.resolving.candidates import Candidate, Findings
from reconciler.manifests.resolving.fields import Fields
from reconciler.manifests.resolving.values import value_of
from reconciler.model.priority import Priority
from reconciler.model.quantities import parse_rate
from reconciler.model.sites import Weekday, Window

DAY = 24 * 60
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True, order=True)
class _Span:
    """Minutes of the week, Monday 00:00 being 0, in which the window with this index is open."""

    begins: int
    ends: int
    window: int


def read_windows(site: Candidate, spec: Fields, findings: Findings) -> tuple[Window, ...]:
    """The windows of a site, in the order of the manifest."""
    windows = tuple(_read_window(site, fields, findings) for fields in spec.each("windows"))
    for index, window in enumerate(windows):
        if window.starts == window.ends:
            findings.error(
                site,
                ("windows", index),
                code="empty-window",
                message=f"{_title(windows, index)} begins and ends at {_clock(window.starts)}",
                hint='a whole day is from "00:00" to "24:00"',
            )
    _check_overlaps(site, windows, findings)
    return windows


def minutes(clock: str) -> int:
    """Minutes after midnight of `22:00`; 1440 of `24:00`."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _read_window(site: Candidate, fields: Fields, findings: Findings) -> Window:
    days = fields.texts("days") or tuple(day.name.lower() for day in Weekday)
    return Window(
        name=fields.text("name"),
        days=frozenset(Weekday[day.upper()] for day in days),
        starts=minutes(fields.text("from")),
        ends=minutes(fields.text("to")),
        allow=Priority.of(fields.text("allow", "low")),
        rate=value_of(site, fields, "rate", parse_rate, findings),
    )


def _spans(window: Window, index: int) -> list[_Span]:
    """Cut at the end of the week, so that Sunday night meets Monday morning."""
    spans = []
    length = (window.ends - window.starts) % DAY or DAY
    for day in window.days:
        begins = day * DAY + window.starts
        ends = begins + length
        spans.append(_Span(begins, min(ends, WEEK), index))
        if ends > WEEK:
            spans.append(_Span(0, ends - WEEK, index))
    return spans


def _check_overlaps(site: Candidate, windows: tuple[Window, ...], findings: Findings) -> None:
    """Each pair of windows once, at the first minute of the week that both claim."""
    spans = sorted(
        span for index, window in enumerate(windows) if window.starts != window.ends for span in _spans(window, index)
    )
    reported: set[tuple[int, int]] = set()
    latest: _Span | None = None
    for span in spans:
        if latest is not None and span.begins < latest.ends:
            pair = (min(latest.window, span.window), max(latest.window, span.window))
            if pair not in reported:
                reported.add(pair)
                _report_overlap(
                    site, windows, pair, begins=span.begins, ends=min(latest.ends, span.ends), findings=findings
                )
        if latest is None or span.ends > latest.ends:
            latest = span


def _report_overlap(
    site: Candidate,
    windows: tuple[Window, ...],
    pair: tuple[int, int],
    *,
    begins: int,
    ends: int,
    findings: Findings,
) -> None:
    first, second = pair
    until = f"{_clock(ends % DAY or DAY)}" if (ends - 1) // DAY == begins // DAY else _moment(ends)
    findings.error(
        site,
        ("windows", second),
        code="overlapping-windows",
        message=f"{_title(windows, first)} and {_title(windows, second)} overlap on {_moment(begins)} to {until}",
        hint="at each minute at most one window may be open: cut one of them",
    )


def _title(windows: tuple[Window, ...], index: int) -> str:
    return f'window "{windows[index].name}"' if windows[index].name else f"window {index + 1}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _moment(minute: int) -> str:
    """`tue 05:00`; the end of the week is the beginning of the next."""
    return f"{Weekday(minute % WEEK // DAY).name.lower()} {_clock(minute % DAY)}"
