"""What a worker tells, as it happens: a live table beneath the lines on a terminal, lines and a heartbeat elsewhere."""

import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from reconciler.cli.logs import log, log_work
from reconciler.cli.options import LogFormat, Options, Output
from reconciler.cli.report import colored
from reconciler.model.instants import Instant
from reconciler.model.schedule import Schedule
from reconciler.model.working import PackingProgress, SendProgress, SendStarted, WorkerNotice, WorkerStopped, Working
from reconciler.views.log import Entry
from reconciler.views.work import work_text
from reconciler.views.work_json import work_json
from reconciler.views.work_summary import summary_text
from reconciler.views.work_table import heartbeat_text, work_table

HEARTBEAT = 60.0
"""Seconds between two lines of totals where nobody watches."""

PROGRESS = 5.0
"""Seconds between two objects that tell how far a send is."""

_UP_AND_ERASE = "\033[{}A\033[J"


class Display:
    """Events are the result and go to standard output, notices and the table to standard error."""

    def __init__(self, options: Options, *, live: bool) -> None:
        self._options = options
        self._ndjson = options.output is Output.NDJSON
        plain = not self._ndjson and not options.quiet and options.log_format is not LogFormat.JSON
        self._live = live and plain and sys.stderr.isatty()
        self._color = colored(options, sys.stdout)
        self._drawn = 0
        self._table: Sequence[str] = ()
        self._spoke_at = time.monotonic()

    def tell(self, event: Working) -> None:
        """One event, at once."""
        logged = log_work(self._options, event)
        if self._ndjson:
            from reconciler.views.passes import ndjson

            sys.stdout.write(ndjson(work_json(event)))
        elif isinstance(event, WorkerStopped):
            self._print(summary_text(event, color=self._color))
        elif isinstance(event, WorkerNotice):
            if not logged:
                self._print(work_text(event), sys.stderr)
        elif not (self._live and isinstance(event, SendStarted)):
            self._print(work_text(event, color=self._color))
        sys.stdout.flush()

    def show(self, running: Sequence[SendProgress], schedule: Schedule, packing: Sequence[PackingProgress]) -> None:
        """How far everything is."""
        at = Instant(int(time.time()))
        if self._live:
            size = shutil.get_terminal_size()
            height = max(3, min(size.lines - 2, 24))
            self._draw(work_table(running, schedule, packing, at=at, width=size.columns, height=height))
        elif self._ndjson:
            if running and self._is_due(PROGRESS):
                for event in running:
                    self.tell(event)
        elif (running or packing) and not self._options.quiet and self._is_due(HEARTBEAT):
            text = heartbeat_text(running, schedule, packing, at=at)
            if self._options.log_format is LogFormat.JSON:
                log(self._options, Entry(event="heartbeat", message=text.strip().partition("  ")[2]))
            else:
                sys.stderr.write(text)

    def close(self) -> None:
        """Take the table away."""
        self._draw(())

    def _print(self, text: str, stream: TextIO | None = None) -> None:
        """Above the table."""
        table = self._table
        self._draw(())
        stream = stream or sys.stdout
        stream.write(text)
        stream.flush()
        self._draw(table)

    def _draw(self, table: Sequence[str]) -> None:
        if self._drawn:
            sys.stderr.write(_UP_AND_ERASE.format(self._drawn))
        self._table, self._drawn = table, len(table)
        sys.stderr.writelines(f"{line}\n" for line in table)
        sys.stderr.flush()

    def _is_due(self, every: float) -> bool:
        now = time.monotonic()
        if now - self._spoke_at < every:
            return False
        self._spoke_at = now
        return True


@contextmanager
def display(options: Options, *, live: bool = True) -> Iterator[Display]:
    """A display that is cleared at the end; a table that is drawn again and again only where nothing else is told."""
    shown = Display(options, live=live)
    try:
        yield shown
    finally:
        shown.close()
