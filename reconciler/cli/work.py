"""`reconcile work`: carry out the recorded send-only jobs."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exits import Exit
from reconciler.cli.options import Options, Output

if TYPE_CHECKING:
    from reconciler.cli.workplace import Workplace


def work(
    options: Options,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no send is claimed by anyone and none can be claimed now.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=64, help="Sends at a time. Default: workers.count, 2.")
    ] = None,
) -> int:
    """Carry out send-only jobs: claim, look at the store, send what is missing, verify, report the receipt.

    Stays until it is stopped; SIGTERM puts back what runs within 10 seconds, a second signal ends it at once.

    Examples: reconcile work --until-idle; reconcile work --workers 8; reconcile work -o ndjson
    """
    options.only(Output.TEXT, Output.NDJSON, reports=False)
    from reconciler.cli.live import display
    from reconciler.cli.report import say
    from reconciler.cli.stopping import Stopping, leave
    from reconciler.cli.trust import check_files
    from reconciler.cli.workplace import work_in
    from reconciler.cli.workshop import FleetNow, means_of
    from reconciler.engine.working.loop import work as loop
    from reconciler.model.working import StopReason

    place = work_in(options)
    if options.dry_run:
        return _would(place)
    check_files(place, write=True)
    with Stopping() as stopping, display(options) as shown:
        now = FleetNow(place)
        means = means_of(place, shown, count=workers, fleet=now.read, author=now.author)
        if not means.fleet().sites:
            say(options, "No site is declared: nothing can be sent; say where the manifests are with --manifests PATH")
        stopped = loop(means, until_idle=until_idle, stop=stopping.is_asked)
    if stopped.reason is StopReason.SIGNAL:
        return leave(stopping.exit_code)
    return Exit.DONE if stopped.is_calm else Exit.FAILED


def _would(place: "Workplace") -> int:
    """What would be claimed now, and what everything else waits for; nothing is written."""
    from reconciler.cli.report import report_all
    from reconciler.engine.working.forecast import schedule_now
    from reconciler.views.work_table import work_table

    read = place.read_fleet()
    report_all(read, place.options)
    state = place.open_state(write=False)
    try:
        schedule = schedule_now(read.with_packed(state).fleet, state, at=place.now())
    finally:
        state.close()
    for line in work_table((), schedule, at=place.now(), width=sys.maxsize, height=sys.maxsize):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write("Nothing was written.\n")
    return Exit.DONE
