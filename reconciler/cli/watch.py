"""`reconcile watch`: a pass for each change of the manifests, the sources or the settings."""

import os
import signal
import sys
import time
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
    from reconciler.engine.news import Passed, Told
    from reconciler.engine.on_files import OnFiles, Place

PATIENCE = 8
"""Seconds that a look or a pass under way has to end after a signal; then it is broken off, as a kill would do."""


def watch(
    options: Options,
    files: Annotated[bool, typer.Option("--files", help="Act on files, not on commits.")] = False,  # noqa: ARG001
    no_work: Annotated[bool, typer.Option("--no-work", help="Leave the sends to `reconcile work`.")] = False,
) -> int:
    """Stay, make a pass for each change once it has come to rest, and one a minute; carry out the sends meanwhile.

    A broken file is reported once, the others go on. SIGTERM ends it within 10 seconds.

    Examples: reconcile watch; reconcile watch --no-work; reconcile watch --files -o ndjson
    """
    from reconciler.cli.beside import WorkBeside
    from reconciler.cli.stopping import leave
    from reconciler.cli.workplace import work_in
    from reconciler.engine.settling import Settling
    from reconciler.engine.watch import watch as loop
    from reconciler.sources.watching import FileWatching

    options.only(Output.TEXT, Output.NDJSON, reports=False)
    place = work_in(options)
    place.check_watchable()
    settle = float(place.settings.settle)
    reconciling = _on_files(replace(options, chdir=None), place)
    ended_by = _end_on_signals()
    watcher = FileWatching(reconciling.watched())
    beside = None if no_work or options.dry_run else WorkBeside(place, reconciling, stop=lambda: bool(ended_by))
    try:
        loop(
            reconciling,
            watcher,
            settling=Settling(settle=settle),
            clock=time.monotonic,
            stop=lambda: bool(ended_by),
            tell=lambda told: _tell(options, told, place),
        )
    finally:
        watcher.close()
        if beside is not None:
            beside.close(PATIENCE + 1)
    return leave(128 + ended_by[0])


def _end_on_signals() -> list[int]:
    """A list that the first SIGTERM or SIGINT puts its number into."""
    ended_by: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if not ended_by:
            signal.alarm(PATIENCE)
        ended_by.append(number)

    def break_off(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + ended_by[0])

    signal.signal(signal.SIGALRM, break_off)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return ended_by


def _on_files(options: Options, place: "Workplace") -> "OnFiles":
    """What is watched: this place, its settings read again whenever they change."""
    from reconciler import wiring
    from reconciler.cli.one_pass import narrowing
    from reconciler.cli.workplace import SETTINGS_FILE, work_in
    from reconciler.engine.on_files import OnFiles, Place

    def refresh() -> "Place":
        now = work_in(options)
        if now.settings_read.settings is None:
            return Place(settings=None, manifests=None, diagnostics=now.settings_read.diagnostics)
        return Place(settings=now.settings, manifests=now.manifests)

    found = place.settings_file
    return OnFiles(
        settings_file=os.path.abspath(found if found is not None else SETTINGS_FILE),
        refresh=refresh,
        open_state=lambda settings: wiring.open_state(settings.state_url, write=not options.dry_run),
        author=place.author,
        narrowing=narrowing(options),
        write=not options.dry_run,
    )


def _tell(options: Options, told: "Told", place: "Workplace") -> None:
    """Passes are the result, the rest goes to standard error."""
    from reconciler.cli.report import report_diagnostics, say
    from reconciler.engine.news import Passed, StillChanging

    match told:
        case Passed() if told.news:
            sys.stdout.write(_line(options, told, place))
            sys.stdout.flush()
            if options.output is Output.TEXT and told.fresh:
                report_diagnostics(told.fresh, options)
            for mended in told.mended if options.output is Output.TEXT else ():
                say(options, f"mended: {mended.where.file}: {mended.code}")
        case Passed():
            pass
        case StillChanging():
            say(options, f"files keep changing for {told.seconds} s now ({', '.join(told.paths[:3])}); waiting")
        case _:
            say(options, told.text)


def _line(options: Options, told: "Passed", place: "Workplace") -> str:
    from reconciler.cli.report import colored
    from reconciler.views.passes import ndjson, pass_json, pass_text

    report = told.report
    submission = report.submission
    facts: dict[str, Any] = {
        "at": place.now(),
        "outcome": report.outcome.value,
        "plan": report.plan,
        "recorded": () if submission is None else submission.recorded,
        "left_out": () if submission is None else submission.moved,
        "moved": report.moved,
        "error": report.error,
    }
    if options.output is Output.NDJSON:
        return ndjson(pass_json(**facts, diagnostics=told.fresh))
    return pass_text(**facts, diagnostics=report.diagnostics, color=colored(options, sys.stdout))
