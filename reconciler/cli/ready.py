"""`reconcile ready`: a gate for other tools."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output, complete_job, complete_package, complete_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.manifests import FleetRead
    from reconciler.model.readiness import Readiness

LOOK_EVERY = 1.0
"""Seconds between two looks of `--wait`."""


def ready(
    options: Options,
    job: Annotated[str | None, typer.Argument(metavar="[JOB]", autocompletion=complete_job)] = None,
    package: Annotated[
        str | None, typer.Option("--package", metavar="NAME", help="With --site.", autocompletion=complete_package)
    ] = None,
    site: Annotated[
        str | None, typer.Option("--site", metavar="NAME", help="With --package.", autocompletion=complete_site)
    ] = None,
    wait: Annotated[str, typer.Option("--wait", metavar="DURATION", help="Wait so long for it, such as 2h.")] = "0s",
) -> int:
    """Tell whether a job could start, or a site holds a package: exit 0 ready, 3 not ready with the reasons.

    Examples: reconcile ready till-rollout && run-it; reconcile ready --package till-4 --site DE1 --wait 2h
    """
    from reconciler.cli.report import as_json, deliver
    from reconciler.cli.workplace import work_in
    from reconciler.model.quantities import parse_duration
    from reconciler.views.readiness import readiness_json, readiness_text

    options.only(Output.TEXT, Output.JSON)
    if (job is None) == (package is None or site is None):
        raise CommandError("ready takes a JOB, or --package and --site", code=Exit.USAGE)
    try:
        until = time.monotonic() + parse_duration(wait)
    except ValueError as error:
        raise CommandError(f"--wait: {error}", code=Exit.USAGE) from None
    place = work_in(options)
    answer = _readiness(place, job, package, site)
    while not answer.is_ready and (left := until - time.monotonic()) > 0:
        time.sleep(min(LOOK_EVERY, left))
        answer = _readiness(place, job, package, site)
    deliver(
        options,
        lambda output, _color: as_json(readiness_json(answer)) if output is Output.JSON else readiness_text(answer),
    )
    return Exit.DONE if answer.is_ready else Exit.NO


def _readiness(place: "Workplace", job: str | None, package: str | None, site: str | None) -> "Readiness":
    from reconciler.cli.one_pass import plan_now
    from reconciler.engine.readiness import job_readiness, pair_readiness
    from reconciler.engine.scope import Narrowing
    from reconciler.engine.subjects import LeftOut, NoSuchSubject
    from reconciler.model.names import JobName, PackageName, SiteName

    subjects = [("job", job)] if job is not None else [("package", package or ""), ("site", site or "")]

    def report(read: "FleetRead", options: Options) -> None:
        _report(read, options, subjects)

    state = place.open_state(write=False)
    try:
        planned = plan_now(place, state, Narrowing(), report=report)
        if job is not None:
            return job_readiness(planned, JobName(job))
        return pair_readiness(planned, state, PackageName(package or ""), SiteName(site or ""))
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None
    except LeftOut as error:
        raise CommandError(str(error), code=Exit.INVALID) from None
    finally:
        state.close()


def _report(read: "FleetRead", options: Options, subjects: "Sequence[tuple[str, str]]") -> None:
    """What is wrong with the subject; of everything else, that there is something."""
    from reconciler.cli.report import report_diagnostics, say
    from reconciler.engine.subjects import diagnostics_of
    from reconciler.views.counts import count

    own = diagnostics_of(read, *subjects)
    report_diagnostics(own, options, files=read.files)
    errors = sum(diagnostic.is_error and diagnostic not in own for diagnostic in read.diagnostics)
    if errors:
        say(options, f"{count(errors, 'other error' if own else 'error')} in the manifests, see: reconcile validate")
