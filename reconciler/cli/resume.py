"""`reconcile resume`: end what `suspend` began."""

from typing import Annotated

import typer

from reconciler.cli.by_hand import complete_subject
from reconciler.cli.exits import Exit
from reconciler.cli.options import Options, Output


def resume(
    options: Options,
    subject: Annotated[
        str, typer.Argument(metavar="site/NAME | package/NAME | PACKAGE@SITE", autocompletion=complete_subject)
    ],
) -> int:
    """End the suspension of a site, a package or one pair. One that is not suspended is as it should be: exit 0.

    Examples: reconcile resume site/DE1; reconcile resume till-4@DE1
    """
    from reconciler.cli.by_hand import subject_named
    from reconciler.cli.report import say
    from reconciler.cli.workplace import work_in
    from reconciler.engine.holding import reach_of
    from reconciler.views.holds import resumed_text

    options.only(Output.TEXT, reports=False)
    place = work_in(options)
    state = place.open_state(write=True)
    try:
        held = subject_named(subject, place, state)
        reach = reach_of(held, state, at=place.now())
        if not options.dry_run:
            state.release(held.site, held.package, place.author())
    finally:
        state.close()
    told = resumed_text(
        str(held), ended=reach.present, others=reach.others, freed=len(reach.freed), dry_run=options.dry_run
    )
    say(options, told)
    return Exit.DONE
