"""`reconcile enroll`: what lies at a site's address becomes its store."""

from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit, strongest
from reconciler.cli.options import Options, Output, complete_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.cli.workplace import Workplace
    from reconciler.engine.manifests import FleetRead
    from reconciler.model.enrolment import Enrolment


def enroll(
    options: Options,
    sites: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SITE]...", help="Default: all that need it.", autocompletion=complete_site),
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take stores of another state too: that state must be lost.")
    ] = False,
) -> int:
    """Accept the stores that are at the sites' addresses now, read every byte, and rebuild the state from them.

    Without SITE: those whose store is not the one enrolled. A place without a store is accepted only by name. A store
    that names another site is refused.

    Examples: reconcile enroll DE1; reconcile enroll --take-over; reconcile --dry-run enroll
    """
    from reconciler.cli.at_sites import read_sites
    from reconciler.cli.report import as_json, deliver, report_diagnostics
    from reconciler.cli.workplace import work_in
    from reconciler.views.enrolment import enrolment_json, enrolment_text

    options.only(Output.TEXT, Output.JSON)
    place = work_in(options)
    read = read_sites(place)
    report_diagnostics(read.diagnostics, options, files=read.files, texts=read.texts)
    enrolments = _enrolled(place, read, sites or (), take_over=take_over)
    deliver(
        options,
        lambda output, color: (
            as_json(enrolment_json(enrolments))
            if output is Output.JSON
            else enrolment_text(enrolments, color=color, written=not options.dry_run)
        ),
    )
    return strongest((*_exits(enrolments), *((Exit.INVALID,) if read.has_errors else ())))


def _enrolled(
    place: "Workplace", read: "FleetRead", names: "list[str] | tuple[()]", *, take_over: bool
) -> "tuple[Enrolment, ...]":
    from reconciler import wiring
    from reconciler.cli.at_sites import chosen_sites, means_of
    from reconciler.engine.enrolling import Enrolling, Wish
    from reconciler.state.liveness import this_process

    chosen = chosen_sites(names, read.fleet)
    state = place.open_state(write=True)
    try:
        enrolling = Enrolling(
            fleet=read.fleet,
            state=state,
            means=means_of(place, len(chosen), deep=True, rate=None),
            worker=this_process(),
            lease=place.settings.workers.lease,
            depot_folder=wiring.depot_folder(place.settings.state_url),
            wish=Wish(named=bool(names), take_over=take_over, write=not place.options.dry_run),
        )
        return tuple(enrolling.of(chosen))
    finally:
        state.close()


def _exits(enrolments: "Iterable[Enrolment]") -> "Iterator[Exit]":
    """A copy that is not whole is drift, as for `verify`; one that is whole was only not known."""
    from reconciler.model.enrolment import Enrolled
    from reconciler.model.holdings import Staged
    from reconciler.model.verification import Answer

    codes = {Enrolled.REFUSED: Exit.NO, Enrolled.BUSY: Exit.TRY_AGAIN, Enrolled.SILENT: Exit.FAILED}
    for one in enrolments:
        yield codes.get(one.enrolled, Exit.DONE)
        if one.look is not None and one.look.answer is not Answer.READ:
            yield Exit.FAILED
        if one.look is not None and any(not isinstance(pair.found, Staged) for pair in one.look.drifted):
            yield Exit.NO
