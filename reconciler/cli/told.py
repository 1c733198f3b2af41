"""What the loop of `watch` tells: passes are the result, the rest goes to standard error."""

import sys
from typing import Any

from reconciler.cli.logs import log_told
from reconciler.cli.options import Options, Output
from reconciler.cli.report import colored, report_diagnostics, say
from reconciler.cli.workplace import Workplace
from reconciler.engine.news import Passed, StillChanging, Told
from reconciler.views.passes import ndjson, pass_json, pass_text


def tell(options: Options, told: Told, place: Workplace) -> None:
    """One thing, at once."""
    if log_told(options, told):
        if isinstance(told, Passed) and told.news:
            sys.stdout.write(_line(options, told, place))
            sys.stdout.flush()
        return
    match told:
        case Passed() if told.news:
            sys.stdout.write(_line(options, told, place))
            sys.stdout.flush()
            if options.output is Output.TEXT and told.fresh:
                report_diagnostics(told.fresh, options, texts=told.report.texts)
            for mended in told.mended if options.output is Output.TEXT else ():
                say(options, f"mended: {mended.where.file}: {mended.code}")
        case Passed():
            pass
        case StillChanging():
            say(options, f"files keep changing for {told.seconds} s now ({', '.join(told.paths[:3])}); waiting")
        case _:
            say(options, told.text)


def _line(options: Options, told: Passed, place: Workplace) -> str:
    report = told.report
    submission = report.submission
    facts: dict[str, Any] = {
        "at": place.now(),
        "outcome": report.outcome.value,
        "plan": report.plan,
        "commit": report.commit,
        "recorded": () if submission is None else submission.recorded,
        "left_out": () if submission is None else submission.moved,
        "moved": report.moved,
        "error": report.error,
    }
    if options.output is Output.NDJSON:
        return ndjson(pass_json(**facts, diagnostics=told.fresh))
    revision = None if report.texts is None else report.commit
    return pass_text(**facts, diagnostics=report.diagnostics, revision=revision, color=colored(options, sys.stdout))
