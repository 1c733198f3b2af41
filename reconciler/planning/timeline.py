"""When bytes of one priority travel to sites with the same windows, zone and rate.

Thousands of sites share these, and many pairs the same bytes, so everything worked out is kept.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from reconciler.model.instants import Instant
from reconciler.model.priority import Priority
from reconciler.model.quantities import BitsPerSecond
from reconciler.model.sites import Window
from reconciler.planning.windows import HORIZON, Span, spans


class Timeline:
    """Open spans from `start` for a year, worked out as far as somebody asks."""

    __slots__ = ("_ahead", "_ends", "_finishes", "_spans", "end")

    def __init__(
        self,
        windows: Sequence[Window],
        *,
        zone: str,
        priority: Priority,
        limit: BitsPerSecond | None,
        start: Instant,
    ) -> None:
        self.end = Instant(start + HORIZON)
        self._ahead: Iterator[Span] = spans(windows, zone=zone, priority=priority, limit=limit, start=start)
        self._spans: list[Span] = []
        self._ends: list[int] = []
        self._finishes: dict[tuple[Instant, int], Instant | None] = {}

    def opening(self, instant: Instant) -> Instant:
        """The first instant from this one on at which bytes may travel; the end of the look-ahead if there is none."""
        span = self._span(self._index(instant))
        return self.end if span is None else max(instant, span.starts)

    def closing(self, instant: Instant) -> Instant | None:
        """When the span this instant lies in ends; None if it lies in none, or in one longer than the look-ahead."""
        span = self._span(self._index(instant))
        return None if span is None or span.starts > instant or span.ends == self.end else span.ends

    def finish(self, instant: Instant, size: int) -> Instant | None:
        """When `size` bytes that wait from this instant on have arrived; None where no rate says so, or not in time."""
        key = instant, size
        if key not in self._finishes:
            self._finishes[key] = self._finish(instant, 8 * size)
        return self._finishes[key]

    def _finish(self, instant: Instant, bits: int) -> Instant | None:
        index = self._index(instant)
        while (span := self._span(index)) is not None and span.rate is not None:
            starts = max(instant, span.starts)
            if bits <= span.rate * (span.ends - starts):
                return Instant(starts + -(-bits // span.rate))
            bits -= span.rate * (span.ends - starts)
            index += 1
        return None

    def _index(self, instant: Instant) -> int:
        """The index of the first span that ends after this instant, worked out or not."""
        while not self._ends or self._ends[-1] <= instant:
            if self._span(len(self._spans)) is None:
                break
        return bisect_right(self._ends, instant)

    def _span(self, index: int) -> Span | None:
        if index == len(self._spans):
            span = next(self._ahead, None)
            if span is None:
                return None
            self._spans.append(span)
            self._ends.append(span.ends)
        return self._spans[index]
