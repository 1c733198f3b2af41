"""`reconcile ready`: a gate for other tools."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output, complete_job, complete_package, complete_site

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace
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
    from reconciler.engine.readiness import NoSuchSubject, job_readiness, pair_readiness
    from reconciler.engine.scope import Narrowing
    from reconciler.model.names import JobName, PackageName, SiteName

    state = place.open_state(write=False)
    try:
        planned = plan_now(place, state, Narrowing())
        if job is not None:
            return job_readiness(planned, JobName(job))
        return pair_readiness(planned, state, PackageName(package or ""), SiteName(site or ""))
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE) from None
    finally:
        state.close()
