"""When the windows of a site let sends of each priority travel, whatever the rate, seen from one instant.

A worker asks this for thousands of sites every other second. Sites with the same windows and zone share one answer,
and windows that leave no gap are not walked along for a year to find that out.
"""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.instants import Instant
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Window
from reconciler.planning.timeline import Timeline
from reconciler.planning.windows import always, window_at


class Openings:
    """Of sites with these windows and this zone; `rate` is that of the window now, None outside and without one."""

    __slots__ = ("_at", "_closings", "_openings", "_timelines", "_windows", "_zone", "rate")

    def __init__(self, windows: Sequence[Window], *, zone: str, at: Instant) -> None:
        window = window_at(windows, zone=zone, instant=at) if windows else None
        self.rate: BitsPerSecond | None = None if window is None else window.rate
        self._windows = [replace(window, rate=None) for window in windows]
        self._zone = zone
        self._at = at
        self._timelines: dict[Priority, Timeline] = {}
        self._openings: dict[tuple[Priority, Instant], Instant | None] = {}
        self._closings: dict[Priority, Instant | None] = {}

    def opening(self, priority: Priority, instant: Instant) -> Instant | None:
        """The first instant from this one on at which a send of this priority may travel; None within a year."""
        key = priority, instant
        if key not in self._openings:
            timeline = self._timeline(priority)
            opening = timeline.opening(instant)
            self._openings[key] = None if opening >= timeline.end else opening
        return self._openings[key]

    def closing(self, priority: Priority) -> Instant | None:
        """Until when it may travel, if it may now; None without an end. Neighbouring windows are one opening."""
        if priority not in self._closings:
            self._closings[priority] = self._timeline(priority).closing(self._at)
        return self._closings[priority]

    def _timeline(self, priority: Priority) -> Timeline:
        if priority not in self._timelines:
            windows = () if always(self._windows, priority) else self._windows
            self._timelines[priority] = Timeline(
                windows, zone=self._zone, priority=priority, limit=None, start=self._at
            )
        return self._timelines[priority]
