"""The log of the commands that stay: lines on standard error, JSON where no terminal is.

In text, standard output and standard error together tell everything once. In JSON the log tells everything, whatever
the result on standard output.
"""

import sys
import time
from dataclasses import replace

from reconciler.cli.options import LogFormat, Options
from reconciler.engine.news import Passed, StillChanging, Told
from reconciler.model.instants import Instant
from reconciler.model.working import SendProgress, Working
from reconciler.views.log import Entry, Level, diagnostic_entries, entry_json, entry_text, pass_entry, work_entry


def staying(options: Options) -> Options:
    """The options of a command that stays: the format of its log is decided."""
    chosen = options.log_format or (LogFormat.TEXT if sys.stderr.isatty() else LogFormat.JSON)
    return replace(options, log_format=chosen, stays=True)


def log(options: Options, entry: Entry) -> None:
    """Write one line, in one piece: several threads do."""
    if options.quiet or (entry.level is Level.DEBUG and not options.verbose):
        return
    at = Instant(int(time.time()))
    sys.stderr.write(entry_json(entry, at=at) if options.log_format is LogFormat.JSON else entry_text(entry, at=at))
    sys.stderr.flush()


def log_told(options: Options, told: Told) -> bool:
    """What the loop of `watch` tells, if the log is JSON; False if it is not, and nothing was written."""
    if options.log_format is not LogFormat.JSON:
        return False
    match told:
        case Passed(report=report):
            entry = pass_entry(
                outcome=report.outcome.value,
                plan=report.plan,
                commit=report.commit or (None if report.plan is None else report.plan.source.commit),
                seconds=report.seconds,
                recorded=0 if report.submission is None else len(report.submission.recorded),
                moved=report.moved,
                diagnostics=report.diagnostics,
                error=report.error,
                news=told.news,
            )
            for each in (entry, *diagnostic_entries(told.fresh, told.mended)):
                log(options, each)
        case StillChanging():
            message = f"files keep changing for {told.seconds} s now; waiting"
            facts = {"seconds": told.seconds, "paths": list(told.paths[:3])}
            log(options, Entry(level=Level.WARNING, event="still-changing", message=message, fields=facts))
        case _:
            log(options, Entry(message=told.text))
    return True


def log_work(options: Options, event: Working) -> bool:
    """What a worker tells, if the log is JSON; how far a send is, is no event."""
    if options.log_format is not LogFormat.JSON:
        return False
    if not isinstance(event, SendProgress):
        log(options, work_entry(event))
    return True
