"""When bytes may travel: days, midnight, the nights on which clocks change (sending.md 8; Q186132, Q202003)."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.instants import Instant, format_instant, parse_instant
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Weekday, Window
from reconciler.planning.timeline import Timeline
from reconciler.planning.windows import HORIZON, Span, admits, spans, window_at
from tests.properties import tried

EVERY_DAY = frozenset(Weekday)


def window(
    starts: str,
    ends: str,
    days: frozenset[Weekday] = EVERY_DAY,
    *,
    allow: Priority = Priority.LOW,
    rate: int | None = None,
    name: str = "window",
) -> Window:
    rate = None if rate is None else BitsPerSecond(rate)
    return Window(name=name, days=days, starts=minutes(starts), ends=minutes(ends), allow=allow, rate=rate)


def minutes(text: str) -> int:
    hours, _, rest = text.partition(":")
    return 60 * int(hours) + int(rest)


def open_spans(*windows: Window, zone: str, start: str, count: int, priority: Priority = Priority.LOW) -> list[str]:
    found = spans(windows, zone=zone, priority=priority, limit=None, start=parse_instant(start))
    return [f"{format_instant(span.starts)[:16]} {format_instant(span.ends)[11:16]}" for span in islice(found, count)]


# Two zones, both nights: what is open in UTC, the day before, the night itself and the day after.
NIGHTS = [
    # Berlin's spring night 2027-03-28: 02:00 → 03:00, so 02:00-03:00 does not exist.
    ("Europe/Berlin", "02:00", "03:00", "2027-03-26T12:00:00Z", ["2027-03-27T01:00 02:00", "2027-03-29T00:00 01:00"]),
    ("Europe/Berlin", "01:30", "02:30", "2027-03-27T12:00:00Z", ["2027-03-28T00:30 01:00", "2027-03-28T23:30 00:30"]),
    ("Europe/Berlin", "02:30", "03:30", "2027-03-27T12:00:00Z", ["2027-03-28T01:00 01:30", "2027-03-29T00:30 01:30"]),
    ("Europe/Berlin", "22:00", "05:00", "2027-03-27T12:00:00Z", ["2027-03-27T21:00 03:00", "2027-03-28T20:00 03:00"]),
    # Berlin's autumn night 2026-10-25: 03:00 → 02:00, so 02:00-03:00 exists twice.
    ("Europe/Berlin", "02:00", "03:00", "2026-10-24T12:00:00Z", ["2026-10-25T00:00 02:00", "2026-10-26T01:00 02:00"]),
    ("Europe/Berlin", "02:30", "03:30", "2026-10-24T12:00:00Z", ["2026-10-25T00:30 01:00", "2026-10-25T01:30 02:30"]),
    ("Europe/Berlin", "01:30", "02:30", "2026-10-24T12:00:00Z", ["2026-10-24T23:30 00:30", "2026-10-25T01:00 01:30"]),
    ("Europe/Berlin", "22:00", "05:00", "2026-10-24T12:00:00Z", ["2026-10-24T20:00 04:00", "2026-10-25T21:00 04:00"]),
    # New York's spring night 2027-03-14: 02:00 → 03:00 at 07:00 UTC.
    (
        "America/New_York",
        "02:00",
        "03:00",
        "2027-03-12T12:00:00Z",
        ["2027-03-13T07:00 08:00", "2027-03-15T06:00 07:00"],
    ),
    (
        "America/New_York",
        "01:30",
        "02:30",
        "2027-03-13T12:00:00Z",
        ["2027-03-14T06:30 07:00", "2027-03-15T05:30 06:30"],
    ),
    (
        "America/New_York",
        "22:00",
        "05:00",
        "2027-03-13T12:00:00Z",
        ["2027-03-14T03:00 09:00", "2027-03-15T02:00 09:00"],
    ),
    # New York's autumn night 2026-11-01: 02:00 → 01:00 at 06:00 UTC.
    (
        "America/New_York",
        "01:00",
        "02:00",
        "2026-10-31T12:00:00Z",
        ["2026-11-01T05:00 07:00", "2026-11-02T06:00 07:00"],
    ),
    (
        "America/New_York",
        "00:30",
        "01:30",
        "2026-10-31T12:00:00Z",
        ["2026-11-01T04:30 05:30", "2026-11-01T06:00 06:30"],
    ),
    (
        "America/New_York",
        "22:00",
        "05:00",
        "2026-10-31T12:00:00Z",
        ["2026-11-01T02:00 10:00", "2026-11-02T03:00 10:00"],
    ),
    # Lord Howe Island moves its clocks by half an hour.
    (
        "Australia/Lord_Howe",
        "01:30",
        "02:30",
        "2027-04-03T06:00:00Z",
        ["2027-04-03T14:30 16:00", "2027-04-04T15:00 16:00"],
    ),
]


@pytest.mark.parametrize(("zone", "starts", "ends", "start", "expected"), NIGHTS)
def test_L22_nights_on_which_clocks_change(zone: str, starts: str, ends: str, start: str, expected: list[str]) -> None:
    assert open_spans(window(starts, ends), zone=zone, start=start, count=2) == expected


def test_a_window_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    friday = window("22:00", "05:00", frozenset((Weekday.FRI,)))
    expected = ["2026-11-27T22:00 05:00", "2026-12-04T22:00 05:00"]
    assert open_spans(friday, zone="UTC", start="2026-11-24T00:00:00Z", count=2) == expected
    assert window_at([friday], zone="UTC", instant=parse_instant("2026-11-28T04:59:59Z")) == friday
    assert window_at([friday], zone="UTC", instant=parse_instant("2026-11-27T04:59:59Z")) is None


def test_a_window_across_the_end_of_the_week_is_one_span() -> None:
    sunday = window("22:00", "05:00", frozenset((Weekday.SUN,)))
    assert open_spans(sunday, zone="UTC", start="2026-11-29T12:00:00Z", count=1) == ["2026-11-29T22:00 05:00"]


def test_24_00_is_the_end_of_the_day() -> None:
    evening = window("20:00", "24:00")
    assert open_spans(evening, zone="UTC", start="2026-11-24T21:00:00Z", count=1) == ["2026-11-24T21:00 00:00"]
    assert window_at([evening], zone="UTC", instant=parse_instant("2026-11-24T23:59:59Z")) == evening
    assert window_at([evening], zone="UTC", instant=parse_instant("2026-11-25T00:00:00Z")) is None


def test_neighbours_of_one_rate_are_one_span_and_of_two_rates_are_two() -> None:
    night, day = window("22:00", "05:00"), window("05:00", "22:00")
    start = parse_instant("2026-11-24T12:00:00Z")
    always = spans([night, day], zone="Europe/Berlin", priority=Priority.LOW, limit=None, start=start)
    assert list(always) == [Span(starts=start, ends=Instant(start + HORIZON), rate=None)]
    slow = window("05:00", "22:00", rate=1000)
    expected = ["2026-11-24T12:00 22:00", "2026-11-24T22:00 05:00", "2026-11-25T05:00 22:00"]
    assert open_spans(night, slow, zone="UTC", start="2026-11-24T12:00:00Z", count=3) == expected


def test_a_whole_day_is_open_all_day() -> None:
    saturday = window("00:00", "24:00", frozenset((Weekday.SAT,)))
    assert open_spans(saturday, zone="UTC", start="2026-11-24T12:00:00Z", count=1) == ["2026-11-28T00:00 00:00"]


def test_outside_all_windows_is_closed_and_no_windows_are_always_open() -> None:
    noon = parse_instant("2026-11-24T12:00:00Z")
    assert window_at([window("22:00", "05:00")], zone="UTC", instant=noon) is None
    assert window_at([], zone="UTC", instant=noon) is None
    timeline = Timeline([], zone="UTC", priority=Priority.LOW, limit=None, start=noon)
    assert timeline.opening(noon) == noon


def test_a_window_admits_its_priority_and_higher_ones() -> None:
    medium = [window("00:00", "24:00", allow=Priority.MEDIUM)]
    assert [admits(medium, priority) for priority in Priority] == [False, True, True]
    assert admits([], Priority.LOW)
    assert open_spans(*medium, zone="UTC", start="2026-11-24T12:00:00Z", count=1) == []


@pytest.mark.parametrize(
    ("own", "of_window", "expected"), [(None, None, None), (8, None, 8), (None, 4, 4), (8, 4, 4), (4, 8, 4)]
)
def test_the_smaller_of_the_rates_counts(own: int | None, of_window: int | None, expected: int | None) -> None:
    found = spans(
        [window("00:00", "24:00", rate=of_window)],
        zone="UTC",
        priority=Priority.LOW,
        limit=None if own is None else BitsPerSecond(own),
        start=parse_instant("2026-11-24T12:00:00Z"),
    )
    assert [span.rate for span in found] == [expected]


def test_what_takes_longer_than_a_year_is_not_estimated() -> None:
    start = parse_instant("2026-11-24T12:00:00Z")
    slow = Timeline([], zone="UTC", priority=Priority.LOW, limit=BitsPerSecond(8), start=start)
    assert slow.finish(start, HORIZON) == start + HORIZON
    assert slow.finish(start, HORIZON + 1) is None


def test_a_span_closes_only_for_those_inside() -> None:
    start = parse_instant("2026-11-24T20:00:00Z")
    timeline = Timeline([window("22:00", "05:00")], zone="UTC", priority=Priority.LOW, limit=None, start=start)
    assert timeline.closing(Instant(start + 2 * 3600)) == start + 9 * 3600
    assert timeline.closing(start) is None
    always = Timeline([], zone="UTC", priority=Priority.LOW, limit=None, start=start)
    assert always.closing(start) is None


def test_a_stretch_without_a_rate_ends_the_estimate() -> None:
    start = parse_instant("2026-11-24T20:00:00Z")
    day, night = window("05:00", "22:00", rate=8), window("22:00", "05:00")
    timeline = Timeline([day, night], zone="UTC", priority=Priority.LOW, limit=None, start=start)
    assert timeline.finish(start, 7200) == start + 7200
    assert timeline.finish(start, 7201) is None


zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
quarters = st.integers(0, 95)


@st.composite
def disjoint(draw: st.DrawFn) -> list[Window]:
    """Two windows that do not overlap, perhaps across midnight."""
    first, second, third, fourth = sorted(draw(st.lists(quarters, min_size=4, max_size=4, unique=True)))
    days = st.frozensets(st.sampled_from(list(Weekday)), min_size=1)
    one = Window(name="one", days=draw(days), starts=15 * second, ends=15 * third)
    two = Window(
        name="two", days=draw(days), starts=15 * fourth, ends=15 * first, allow=draw(st.sampled_from(Priority))
    )
    return draw(st.permutations([one, two]))


starts = st.one_of(
    st.integers(1_795_000_000, 1_830_000_000),
    st.sampled_from(["2026-10-24", "2026-10-30", "2027-03-12", "2027-03-26", "2027-04-02"]).map(
        lambda day: parse_instant(f"{day}T00:00:00Z")
    ),
)


@tried(20)
@given(disjoint(), zones, starts, st.sampled_from(Priority))
def test_the_walk_and_the_wall_clock_agree(windows: list[Window], zone: str, start: int, priority: Priority) -> None:
    """Every quarter of an hour of ten days around both nights, by the clock on the wall and by the walk along UTC."""
    start -= start % 900
    inside = set()
    for span in spans(windows, zone=zone, priority=priority, limit=None, start=Instant(start)):
        if span.starts >= start + 10 * 86400:
            break
        inside.update(range(span.starts, span.ends, 900))
    for instant in range(start, start + 10 * 86400, 900):
        found = window_at(windows, zone=zone, instant=Instant(instant))
        assert (instant in inside) == (found is not None and priority >= found.allow)
