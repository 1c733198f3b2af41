"""`reconcile suspend`: hold back what goes to a site, what carries a package, or one pair."""

from typing import Annotated

import typer

from reconciler.cli.by_hand import Reason, complete_subject
from reconciler.cli.exits import CommandError, Exit
from reconciler.cli.options import Options, Output


def suspend(
    options: Options,
    subject: Annotated[
        str, typer.Argument(metavar="site/NAME | package/NAME | PACKAGE@SITE", autocompletion=complete_subject)
    ],
    reason: Reason = "",
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="TIME", help="RFC 3339, or so long from now, such as 2h or 3d. Default: resume."
        ),
    ] = None,
) -> int:
    """Suspend a site, a package or one pair: its sends wait, nothing of them becomes obsolete.

    A job is suspended in its manifest, by spec.suspend.

    Examples: reconcile suspend site/DE1 --reason "disk replacement" --until 3d;
    reconcile suspend till-4@DE1 --reason "till is open late"
    """
    from reconciler.cli.by_hand import given, subject_named
    from reconciler.cli.report import say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.holding import reach_of, until_of
    from reconciler.model.snapshot import Hold
    from reconciler.views.holds import suspended_text

    options.only(Output.TEXT, reports=False)
    given(reason, to="suspend")
    place = work_in(options)
    author = place.author()
    try:
        ends = None if until is None else until_of(until, at=author.at)
    except ValueError as error:
        raise CommandError(f"--until: {error}", code=Exit.USAGE) from None
    state = place.open_state(write=True)
    try:
        held = subject_named(subject, place, state)
        reach = reach_of(held, state, at=author.at)
        hold = Hold(
            site=held.site, package=held.package, actor=author.actor, reason=reason, since=author.at, until=ends
        )
        if not options.dry_run:
            state.hold(hold, author)
    finally:
        state.close()
    told = suspended_text(
        hold, replaced=reach.present, stopped=len(reach.stopped), running=reach.running, dry_run=options.dry_run
    )
    say(options, told)
    return Exit.DONE
