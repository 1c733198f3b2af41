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

    While it waits it says on standard error what for, whenever that changes.

    Examples: reconcile ready till-rollout && run-it; reconcile ready --package till-4 --site DE1 --wait 2h
    """
    from reconciler.cli.report import as_json, deliver, say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.gate import Gate
    from reconciler.engine.subjects import LeftOut, NoSuchSubject
    from reconciler.model.quantities import parse_duration
    from reconciler.views.readiness import readiness_json, readiness_text, waiting_text

    options.only(Output.TEXT, Output.JSON)
    if (job is None) == (package is None or site is None):
        raise CommandError("ready takes a JOB, or --package and --site", code=Exit.USAGE)
    try:
        limit = parse_duration(wait)
    except ValueError as error:
        raise CommandError(f"--wait: {error}", code=Exit.USAGE) from None
    place = work_in(options)
    asked = _Asked(place, job=job, package=package, site=site)
    gate = Gate(manifests=place.manifests, read=asked.read, version=asked.version, ask=asked.readiness)
    try:
        answer = gate.wait(
            limit, clock=time.monotonic, sleep=time.sleep, tell=lambda answer: say(options, waiting_text(answer))
        )
    except NoSuchSubject as error:
        raise CommandError(str(error), code=Exit.USAGE, hint=error.hint) from None
    except LeftOut as error:
        raise CommandError(str(error), code=Exit.INVALID) from None
    deliver(
        options,
        lambda output, _color: as_json(readiness_json(answer)) if output is Output.JSON else readiness_text(answer),
    )
    return Exit.DONE if answer.is_ready else Exit.NO


class _Asked:
    """The question, asked of the manifests and the state of a place. The state is opened for each look anew: it may
    be made, or put back from a copy, while somebody waits."""

    def __init__(self, place: "Workplace", *, job: str | None, package: str | None, site: str | None) -> None:
        self._place = place
        self._job = job
        self._package = package or ""
        self._site = site or ""

    def read(self) -> "FleetRead":
        """The fleet as it is now, and what is wrong with the subject said."""
        read = self._place.read_fleet()
        subjects = [("job", self._job)] if self._job is not None else [("package", self._package), ("site", self._site)]
        _report(read, self._place.options, subjects)
        return read

    def version(self) -> int:
        """Of the state: another one may mean another answer."""
        from reconciler.model.snapshot import Wanted

        state = self._place.open_state(write=False)
        try:
            return state.snapshot(Wanted(sites=(), packages=())).version
        finally:
            state.close()

    def readiness(self, read: "FleetRead") -> "Readiness":
        """The answer of this moment; raises NoSuchSubject and LeftOut."""
        from reconciler.engine.readiness import job_readiness, pair_readiness
        from reconciler.engine.reconcile import plan_fleet
        from reconciler.model.names import JobName, PackageName, SiteName

        place = self._place
        state = place.open_state(write=False)
        try:
            planned = plan_fleet(read, state, guards=place.settings.guards, at=place.now())
            if self._job is not None:
                return job_readiness(planned, JobName(self._job))
            return pair_readiness(planned, state, PackageName(self._package), SiteName(self._site))
        finally:
            state.close()


def _report(read: "FleetRead", options: Options, subjects: "Sequence[tuple[str, str]]") -> None:
    """What is wrong with the subject; of everything else, that there is something."""
    from reconciler.cli.report import report_diagnostics, say
    from reconciler.engine.subjects import diagnostics_of
    from reconciler.views.counts import count

    own = diagnostics_of(read, *subjects)
    report_diagnostics(own, options, files=read.files, texts=read.texts)
    errors = sum(diagnostic.is_error and diagnostic not in own for diagnostic in read.diagnostics)
    if errors:
        say(options, f"{count(errors, 'other error' if own else 'error')} in the manifests, see: reconcile validate")
